import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type CloseReason,
  closeCodes,
  encodeCloseReason,
  errorCodes,
  parseCloseReason,
  reconnectPolicy,
} from '../../src/wire/codes.js'

const bytesOf = (text: string) => new TextEncoder().encode(text).length

describe('the reason of a close', () => {
  const code = fc.constantFrom(...Object.keys(closeCodes), ...Object.keys(errorCodes))
  const why = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({ unit: fc.constantFrom('"', '\\', '\0', 'é', '\ud800', '😀'), maxLength: 200 }),
  )
  const reason: fc.Arbitrary<CloseReason> = fc.record(
    { code, delayMs: fc.nat(), taken: fc.maxSafeNat(), why },
    { requiredKeys: ['code'] },
  )

  test('is at most 123 bytes, and is read back with its code and delay', () => {
    fc.assert(
      fc.property(reason, (sent) => {
        const text = encodeCloseReason(sent)
        expect(bytesOf(text)).toBeLessThanOrEqual(123)
        const { why: read, ...rest } = parseCloseReason(text)!
        const { why, ...others } = sent
        expect(rest).toEqual(others)
        if (bytesOf(JSON.stringify(sent)) <= 123) expect(read).toBe(why)
        else expect((why ?? '').replace(/[^ -~]|["\\]/g, '?')).toContain(read)
      }),
      { numRuns: 2_000 },
    )
  })

  test('that is too long keeps as much of its text as fits', () => {
    const text = encodeCloseReason({ code: 'PROTOCOL', why: 'x'.repeat(500) })
    expect(bytesOf(text)).toBe(123)
    expect(parseCloseReason(text)?.why).toMatch(/^x+$/)
  })

  test("of somebody else's making is none of ours, and never an exception", () => {
    for (const text of ['', 'going away', '1', 'null', '[]', '{}', '{"code":1}', '{"code":']) {
      expect(parseCloseReason(text)).toBeUndefined()
    }
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseCloseReason(text)))
  })

  test('with a delay that is none keeps its code', () => {
    for (const delay of ['-1', '"5"', 'null', '1e999']) {
      expect(parseCloseReason(`{"code":"DRAINING","delayMs":${delay}}`)).toEqual({ code: 'DRAINING' })
    }
  })
})

describe('what a client does after a close', () => {
  test('follows from the range of the code, also for a code that it does not know', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4000, max: 4999 }), (code) => {
        const expected =
          code >= 4400 && code < 4500 ? 'never' : code >= 4100 && code < 4200 ? 'later' : 'at-once'
        expect(reconnectPolicy(code)).toBe(expected)
      }),
    )
  })

  test.each([
    ...[1002, 1003, 1007, 1008, 1010].map((code) => [code, 'never'] as const),
    ...[1000, 1001, 1005, 1006, 1009, 1011, 1012, 1013, 1014, 1015].map((code) => [code, 'at-once'] as const),
  ])('the standard code %d: %s', (code, policy) => {
    expect(reconnectPolicy(code)).toBe(policy)
  })

  test('is the same for no two reasons by accident: every close code is used once', () => {
    const codes = Object.values(closeCodes).map(({ code }) => code)
    expect(new Set(codes).size).toBe(codes.length)
  })
})
