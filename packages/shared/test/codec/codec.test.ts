import fc from 'fast-check'
import { SuperJSON } from 'superjson'
import { describe, expect, test } from 'vitest'
import { createCodec } from '../../src/codec/codec.js'
import { describeValue } from '../vectors/describe.js'
import { plain, rich, richWithoutBytes } from './rich.js'

const codec = createCodec()

/** superjson as configured here, but with plain indexes for bytes. */
function reference(): SuperJSON {
  const superjson = new SuperJSON({ dedupe: false })
  superjson.registerCustom<Uint8Array, string>(
    {
      isApplicable: (value) => value instanceof Uint8Array,
      serialize: (bytes) => Buffer.from(bytes).toString('base64'),
      deserialize: (text) => new Uint8Array(Buffer.from(text, 'base64')),
    },
    'bytes',
  )
  return superjson
}

describe('what travels', () => {
  test('every value of the kinds that travel arrives as it was sent, with its bytes in blobs', () => {
    fc.assert(
      fc.property(rich, (value) => {
        const encoded = codec.encode(value)
        expect(describeValue(codec.decode(codec.received(encoded)))).toEqual(describeValue(value))
      }),
      { numRuns: 1_000 },
    )
  })

  test('every value of the kinds that travel arrives as it was sent, in text alone', () => {
    fc.assert(
      fc.property(rich, (value) => {
        const encoded = codec.encodeText(value)
        expect(encoded.blobs).toBeUndefined()
        expect(describeValue(codec.decode(codec.received(encoded)))).toEqual(describeValue(value))
      }),
      { numRuns: 1_000 },
    )
  })

  test('a stored payload with blobs becomes the text that encodeText would have written', () => {
    fc.assert(
      fc.property(rich, (value) => {
        expect(codec.toText(codec.encode(value))).toEqual(codec.encodeText(value))
      }),
      { numRuns: 500 },
    )
  })

  test('json and meta are those of superjson itself', () => {
    fc.assert(
      fc.property(rich, (value) => {
        const { json, meta } = reference().serialize(value)
        const encoded = codec.encodeText(value)
        expect(encoded.json).toBe(JSON.stringify(json))
        expect(encoded.meta && JSON.parse(encoded.meta).values).toEqual(
          meta?.values && JSON.parse(JSON.stringify(meta.values)),
        )
      }),
      { numRuns: 1_000 },
    )
  })

  test('reading gives what superjson itself reads', () => {
    fc.assert(
      fc.property(richWithoutBytes, (value) => {
        const received = codec.received(codec.encode(value))
        const own = reference().deserialize(structuredClone(received) as never)
        expect(describeValue(codec.decode(received))).toEqual(describeValue(own))
      }),
      { numRuns: 500 },
    )
  })

  test('reading leaves the payload as it was, so that it can be read again', () => {
    fc.assert(
      fc.property(rich, (value) => {
        const received = codec.received(codec.encode(value))
        freeze(received.json)
        freeze(received.meta)
        expect(describeValue(codec.decode(received))).toEqual(describeValue(codec.decode(received)))
      }),
      { numRuns: 200 },
    )
  })

  test('undefined at the top is a value too', () => {
    expect(codec.encode(undefined)).toEqual({ json: 'null', meta: '{"values":["undefined"],"v":1}' })
    expect(codec.decode({ json: null, meta: { values: ['undefined'], v: 1 } })).toBeUndefined()
  })

  test('a property that is undefined arrives as one that is there', () => {
    const decoded = codec.decode(codec.received(codec.encode({ a: undefined })))
    expect(Object.hasOwn(decoded as object, 'a')).toBe(true)
  })

  test('a cause of an error that is an error keeps its name and message', () => {
    const sent = new TypeError('outer', { cause: new RangeError('inner') })
    const read = codec.decode(codec.received(codec.encode(sent))) as Error
    expect(read).toBeInstanceOf(Error)
    expect([read.name, read.message]).toEqual(['TypeError', 'outer'])
    expect([(read.cause as Error).name, (read.cause as Error).message]).toEqual(['RangeError', 'inner'])
  })

  test('the stack of an error does not travel', () => {
    expect(codec.encode(new Error('x')).json).toBe('{"name":"Error","message":"x"}')
  })
})

describe('the fast path', () => {
  test('a value that JSON can write has no meta and is written as JSON writes it', () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(codec.encode(value)).toEqual({ json: JSON.stringify(value) })
      }),
    )
  })

  test('a payload without meta is handed over as it is', () => {
    const json = { a: [1, { b: 'x' }] }
    expect(codec.decode({ json })).toBe(json)
  })

  test('one value that JSON cannot write is enough for a meta', () => {
    expect(codec.encode([1, { at: new Date(0) }])).toEqual({
      json: '[1,{"at":"1970-01-01T00:00:00.000Z"}]',
      meta: '{"values":{"1.at":["Date"]},"v":1}',
    })
  })
})

describe('a value that occurs twice', () => {
  const shared = { at: new Date(0), list: [1n] }

  test.each([undefined, new SuperJSON({ dedupe: false }), new SuperJSON({ dedupe: true })])(
    'is written twice in full, whatever the instance would do (%#)',
    (instance) => {
      const own = createCodec(instance)
      const encoded = own.encode({ a: shared, b: [shared, shared] })
      expect(encoded.meta).not.toContain('referentialEqualities')
      const one = { at: '1970-01-01T00:00:00.000Z', list: ['1'] }
      expect(JSON.parse(encoded.json)).toEqual({ a: one, b: [one, one] })
      expect(own.decode(own.received(encoded))).toEqual({ a: shared, b: [shared, shared] })
    },
  )

  test('is no reason for a meta when JSON can write it', () => {
    const point = { x: 1 }
    expect(codec.encode([point, point])).toEqual({ json: '[{"x":1},{"x":1}]' })
  })
})

describe('bytes', () => {
  const one = new Uint8Array([1, 2, 3])

  test('stand apart in the order of the text, an index in their place', () => {
    const encoded = codec.encode({ a: one, b: [new Uint8Array([255]), null] })
    expect(encoded).toEqual({
      json: '{"a":0,"b":[1,null]}',
      meta: '{"values":{"a":[["custom","bytes"]],"b.0":[["custom","bytes"]]},"v":1}',
      blobs: [one, new Uint8Array([255])],
    })
  })

  test('that occur twice are two blobs', () => {
    const encoded = codec.encode([one, one])
    expect(encoded.json).toBe('[0,1]')
    expect(encoded.blobs).toEqual([one, one])
  })

  test('are copied, so that the application may use its buffer again', () => {
    const buffer = new Uint8Array([1])
    const encoded = codec.encode(buffer)
    buffer[0] = 9
    expect(encoded.blobs).toEqual([new Uint8Array([1])])
    const read = codec.decode(codec.received(encoded)) as Uint8Array
    read[0] = 9
    expect(encoded.blobs).toEqual([new Uint8Array([1])])
  })

  test('in a Buffer, or a view of a larger buffer, are only its own', () => {
    expect(codec.encode(Buffer.from('ab')).blobs).toEqual([new Uint8Array([97, 98])])
    expect(codec.encode(new Uint8Array([1, 2, 3, 4]).subarray(1, 3)).blobs).toEqual([new Uint8Array([2, 3])])
  })

  test('of a megabyte survive as text', () => {
    const large = new Uint8Array(1_048_577).map((_, i) => (i * 7) % 251)
    const read = codec.decode(codec.received(codec.encodeText({ large }))) as { large: Uint8Array }
    expect(Buffer.from(read.large).equals(Buffer.from(large))).toBe(true)
  })

  test('that a stored payload names and does not have are refused', () => {
    const { blobs: _, ...encoded } = codec.encode([one])
    expect(() => codec.toText({ ...encoded, blobs: [] })).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST' }),
    )
  })

  test('of a payload that has none, toText changes nothing', () => {
    const encoded = codec.encode({ at: new Date(0) })
    expect(codec.toText(encoded)).toBe(encoded)
  })
})

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  Object.freeze(value)
  Object.values(value).forEach(freeze)
}
