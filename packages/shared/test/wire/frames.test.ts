import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Encoded } from '../../src/codec/payload.js'
import { limits } from '../../src/defaults.js'
import type { FrameData } from '../../src/link.js'
import { closeCodes } from '../../src/wire/codes.js'
import { encodeClientFrame } from '../../src/wire/encode-client.js'
import { encodeServerFrame, eventTail } from '../../src/wire/encode-server.js'
import { Fault } from '../../src/wire/fault.js'
import type { ClientFrame, ServerFrame } from '../../src/wire/frames.js'
import { parseClientFrame } from '../../src/wire/parse-client.js'
import { parseServerFrame } from '../../src/wire/parse-server.js'
import { asReceived, asSent, clientFrames, serverFrames } from './arbitrary-frames.js'

const depth = limits.jsonDepth
const utf8 = new TextEncoder()

describe('a frame that was written', () => {
  test.each(Object.entries(clientFrames))('%s is read by the server as it was meant', (_, frames) => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(parseClientFrame(encodeClientFrame(frame), depth)).toEqual(asReceived(frame))
      }),
      { numRuns: 200 },
    )
  })

  test.each(Object.entries(serverFrames))('%s is read by the client as it was meant', (_, frames) => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(parseServerFrame(encodeServerFrame(frame), depth)).toEqual(asReceived(frame))
      }),
      { numRuns: 200 },
    )
  })

  test('is binary where its payload holds bytes, and text where it does not', () => {
    const blob = new Uint8Array([1, 2])
    expect(encodeServerFrame({ type: 'ok', id: 1, output: { json: '0', blobs: [blob] } })).toEqual(
      new Uint8Array([0, 0, 0, 10, ...utf8.encode('["ok",1,0]'), 0, 0, 0, 2, 1, 2]),
    )
    expect(encodeServerFrame({ type: 'ok', id: 1, output: { json: '0' } })).toBe('["ok",1,0]')
  })

  test('does not share the bytes of a blob with the buffer that it came in', () => {
    const frame = encodeServerFrame({
      type: 'ok',
      id: 1,
      output: { json: '0', blobs: [new Uint8Array([7])] },
    })
    for (const bytes of [frame as Uint8Array, Buffer.from(frame as Uint8Array)]) {
      const parsed = parseServerFrame(bytes, depth)
      bytes.fill(0)
      expect(parsed).toEqual({ type: 'ok', id: 1, output: { json: 0, blobs: [new Uint8Array([7])] } })
    }
  })

  test('of an event is the same after its topic, whatever the topic', () => {
    fc.assert(
      fc.property(serverFrames.e, fc.integer({ min: 1 }), (frame, topic) => {
        const event = { ...(frame as ServerFrame<Encoded> & { type: 'e' }), topic }
        const { offset, name, at } = event
        const { blobs: _, ...data } = event.data
        expect(encodeServerFrame({ ...event, data })).toBe(
          `["e",${topic}${eventTail(offset, name, data, at)}`,
        )
      }),
    )
  })
})

describe('the size of a small event', () => {
  test('is within 24 bytes plus its name of the bare payload, up to topic 9999 and offset 999999999', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9_999 }),
        fc.nat({ max: 999_999_999 }),
        fc.string({ minLength: 1 }).filter((name) => JSON.stringify(name).length === name.length + 2),
        fc.jsonValue().map((value) => JSON.stringify(value)),
        (topic, offset, name, json) => {
          const frame = encodeServerFrame({ type: 'e', topic, offset, name, data: { json } }) as string
          const bare = utf8.encode(json).length + utf8.encode(name).length
          expect(utf8.encode(frame).length - bare).toBeLessThanOrEqual(24)
        },
      ),
    )
  })
})

describe('whatever comes in', () => {
  const tags = [...Object.keys(clientFrames), ...Object.keys(serverFrames)]
  const element = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(
      1,
      0,
      'a-1',
      'first',
      null,
      { last: 2 },
      { v: 1 },
      { code: 'X', message: 'y' },
      'expired',
      [],
    ),
  )
  const likely = fc
    .tuple(fc.constantFrom(...tags), fc.array(element, { maxLength: 7 }))
    .map(([tag, rest]) => JSON.stringify([tag, ...rest]))
  const anyText = fc.oneof(
    fc.string(),
    fc.json(),
    likely,
    likely.map((text) => text.replace(/\d+/, '1e999')),
  )
  const written = fc.oneof(
    fc.oneof(...Object.values(clientFrames)).map(encodeClientFrame),
    fc.oneof(...Object.values(serverFrames)).map(encodeServerFrame),
  )
  const truncated = fc
    .tuple(written, fc.nat())
    .map(([data, cut]): FrameData => data.slice(0, cut % (data.length + 1)))
  const changed = fc.tuple(written, fc.nat(), fc.nat({ max: 255 })).map(([data, at, byte]): FrameData => {
    const bytes = typeof data === 'string' ? utf8.encode(data) : data.slice()
    bytes[at % bytes.length] = byte
    return typeof data === 'string' ? new TextDecoder().decode(bytes) : bytes
  })
  const anyData = fc.oneof(
    anyText,
    fc.uint8Array(),
    anyText.map((text) => binary(text)),
    truncated,
    changed,
  )

  /** A frame, a fault with a code that ends the connection for good, or nothing: never an exception. */
  function check<F extends ClientFrame<unknown> | ServerFrame<unknown>>(
    parse: (data: FrameData) => F | Fault | undefined,
    encode: (frame: never) => FrameData,
    seen: Set<string>,
  ): (data: FrameData) => void {
    return (data) => {
      const result = parse(data)
      seen.add(result === undefined ? 'skipped' : result instanceof Fault ? 'fault' : 'frame')
      if (result === undefined) return
      if (result instanceof Fault) {
        expect(['PROTOCOL', 'TOO_LARGE']).toContain(result.close)
        expect(closeCodes[result.close].code).toBeGreaterThanOrEqual(4400)
        expect(result.why.length).toBeGreaterThan(0)
      } else {
        // what was understood is whole: written and read again it is the same
        expect(asJson(parse(encode(asSent(result) as never)))).toEqual(asJson(result))
      }
    }
  }

  /** JSON can be read as -0 and (1e999) as an infinity, and writes neither. */
  const asJson = (frame: unknown): unknown => JSON.parse(JSON.stringify(frame))

  test('a server gets a frame or a fault', () => {
    const seen = new Set<string>()
    const parse = (data: FrameData) => parseClientFrame(data, depth)
    fc.assert(fc.property(anyData, check(parse, encodeClientFrame, seen)), { numRuns: 5_000 })
    expect([...seen].sort()).toEqual(['fault', 'frame'])
  })

  test('a client gets a frame, a fault, or skips what it does not know', () => {
    const seen = new Set<string>()
    const parse = (data: FrameData) => parseServerFrame(data, depth)
    fc.assert(fc.property(anyData, check(parse, encodeServerFrame, seen)), { numRuns: 5_000 })
    expect([...seen].sort()).toEqual(['fault', 'frame', 'skipped'])
  })

  test('a binary frame cut anywhere inside a part is a fault', () => {
    const whole = encodeServerFrame({
      type: 'ok',
      id: 1,
      output: { json: '[0,1]', blobs: [new Uint8Array(3), new Uint8Array(2)] },
    }) as Uint8Array
    const partEnds = new Set([18, 25, whole.length])
    for (let end = 0; end <= whole.length; end++) {
      const isWhole = !(parseServerFrame(whole.slice(0, end), depth) instanceof Fault)
      expect([end, isWhole]).toEqual([end, partEnds.has(end)])
    }
  })

  test('a binary frame whose text is not UTF-8 is a fault', () => {
    expect(parseServerFrame(new Uint8Array([0, 0, 0, 1, 0xff]), depth)).toEqual(
      new Fault('PROTOCOL', 'binary frame: its text is not UTF-8'),
    )
  })

  test('a length that claims more than there is, is a fault and reserves nothing', () => {
    expect(parseServerFrame(new Uint8Array([0xff, 0xff, 0xff, 0xff, 1]), depth)).toEqual(
      new Fault('PROTOCOL', 'binary frame: a part is cut short'),
    )
  })

  test('the reason of a fault does not repeat what the peer sent', () => {
    const fault = parseClientFrame('["hello",{"v":"secret"}]', depth)
    expect(fault).toEqual(new Fault('PROTOCOL', 'malformed frame: hello'))
    expect(parseClientFrame('["x\\u0000y"]', depth)).toEqual(new Fault('PROTOCOL', 'unknown frame'))
  })
})

describe('nesting', () => {
  const nested = (levels: number) => `["call",1,"x",0,${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}]`

  test('up to the limit is read', () => {
    expect(parseClientFrame(nested(depth), depth)).toMatchObject({ type: 'call' })
  })

  test('beyond it is too large, in text and in binary, in arrays and in objects', () => {
    const objects = `["call",1,"x",0,${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}]`
    for (const text of [nested(depth + 1), objects, '['.repeat(1_000_000)]) {
      for (const data of [text, binary(text)]) {
        expect(parseClientFrame(data, depth)).toEqual(new Fault('TOO_LARGE', `nested deeper than ${depth}`))
      }
    }
  })

  test('brackets inside strings, also after escaped quotes, are not nesting', () => {
    const text = JSON.stringify(['call', 1, `\\"${'[{'.repeat(depth)}"\\`, 0])
    expect(parseClientFrame(text, depth)).toMatchObject({ type: 'call', id: 1 })
  })
})

function binary(text: string): Uint8Array {
  const bytes = utf8.encode(text)
  const frame = new Uint8Array(bytes.length + 4)
  new DataView(frame.buffer).setUint32(0, bytes.length)
  frame.set(bytes, 4)
  return frame
}
