import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatPosition, parsePosition } from '../../src/wire/position.js'

const position = fc.record({
  epoch: fc.stringMatching(/^[0-9A-Za-z]{1,32}$/),
  offset: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
})

test('a position is read back as it was written, in at most 64 printable characters without spaces', () => {
  fc.assert(
    fc.property(position, (one) => {
      const text = formatPosition(one)
      expect(text).toMatch(/^[\x21-\x7e]{3,64}$/)
      expect(parsePosition(text)).toEqual(one)
    }),
  )
})

test('any other text is none, and a text that is one has no second form', () => {
  const near = fc
    .tuple(position, fc.nat(), fc.constantFrom('', '-', '0', ' ', '.', '+', 'e', '\n', '９', 'x'))
    .map(([one, at, extra]) => {
      const text = formatPosition(one)
      const cut = at % (text.length + 1)
      return `${text.slice(0, cut)}${extra}${text.slice(cut)}`
    })
  fc.assert(
    fc.property(fc.oneof(fc.string(), near), (text) => {
      const read = parsePosition(text)
      if (read) expect(formatPosition(read)).toBe(text)
    }),
    { numRuns: 2_000 },
  )
})
