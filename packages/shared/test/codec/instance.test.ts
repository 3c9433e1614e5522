import { SuperJSON } from 'superjson'
import { describe, expect, test } from 'vitest'
import { createCodec } from '../../src/codec/codec.js'
import { ParleyError } from '../../src/errors.js'

class Money {
  readonly cents: number
  constructor(cents: number) {
    this.cents = cents
  }
}

function withMoney(superjson = new SuperJSON()): SuperJSON {
  superjson.registerCustom<Money, number>(
    {
      isApplicable: (value) => value instanceof Money,
      serialize: (money) => money.cents,
      deserialize: (cents) => new Money(cents),
    },
    'Money',
  )
  return superjson
}

const refusal = (run: () => unknown): ParleyError => {
  try {
    run()
  } catch (error) {
    if (error instanceof ParleyError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe("an application's superjson", () => {
  test('carries its own types, also beside bytes and inside a Map', () => {
    const codec = createCodec(withMoney())
    const value = { prices: new Map([['a', new Money(5)]]), file: new Uint8Array([1]) }
    const encoded = codec.encode(value)
    expect(encoded).toEqual({
      json: '{"prices":[["a",5]],"file":0}',
      meta: '{"values":{"prices":["map",{"0.1":[["custom","Money"]]}],"file":[["custom","bytes"]]},"v":1}',
      blobs: [new Uint8Array([1])],
    })
    expect(codec.decode(codec.received(encoded))).toEqual(value)
    expect(codec.decode(codec.received(codec.toText(encoded)))).toEqual(value)
  })

  test('may learn a type after the codec was made', () => {
    const superjson = new SuperJSON()
    const codec = createCodec(superjson)
    expect(refusal(() => codec.encode(new Money(1))).code).toBe('NOT_SERIALIZABLE')
    withMoney(superjson)
    expect(codec.decode(codec.received(codec.encode(new Money(1))))).toEqual(new Money(1))
  })

  test('is not changed by the codecs made with it, which do not disturb each other', () => {
    const superjson = withMoney()
    const value = { money: new Money(1), bytes: new Uint8Array([7]) }
    const before = JSON.stringify(superjson.serialize(value))
    const [one, other] = [createCodec(superjson), createCodec(superjson)]
    expect(one.encode(value)).toEqual(other.encode(value))
    expect(one.decode(other.received(other.encode(value)))).toEqual(value)
    expect(JSON.stringify(superjson.serialize(value))).toBe(before)
  })

  test('may let more properties of an error travel', () => {
    const superjson = new SuperJSON()
    superjson.allowErrorProps('code')
    const codec = createCodec(superjson)
    const sent = Object.assign(new Error('x'), { code: 5n, other: 1 })
    const read = codec.decode(codec.received(codec.encode(sent))) as Error & {
      code: unknown
      other?: unknown
    }
    expect(read.code).toBe(5n)
    expect(read.other).toBeUndefined()
  })

  test('may have a rule for objects that superjson looks into', () => {
    class Tags extends Map<string, Date> {}
    const superjson = new SuperJSON()
    superjson.registerCustom<Tags, never>(
      {
        isApplicable: (value) => value instanceof Tags,
        serialize: (tags) => [...tags] as never,
        deserialize: (pairs) => new Tags(pairs),
      },
      'Tags',
    )
    const codec = createCodec(superjson)
    const value = { tags: new Tags([['a', new Date(0)]]) }
    const read = codec.decode(codec.received(codec.encode(value))) as typeof value
    expect(read.tags).toBeInstanceOf(Tags)
    expect(read).toEqual(value)
  })

  test('is not asked about bytes', () => {
    const superjson = new SuperJSON()
    superjson.registerCustom<Uint8Array, string>(
      {
        isApplicable: (value) => value instanceof Uint8Array,
        serialize: () => 'mine',
        deserialize: () => new Uint8Array(),
      },
      'mine',
    )
    expect(createCodec(superjson).encode([new Date(0), new Uint8Array([1])]).blobs).toEqual([
      new Uint8Array([1]),
    ])
  })
})

describe('what an application cannot bring', () => {
  test('a registered class is refused both ways, naming registerCustom', () => {
    const superjson = new SuperJSON()
    superjson.registerClass(Money)
    const codec = createCodec(superjson)
    expect(refusal(() => codec.encode({ price: new Money(1) })).message).toMatch(
      /^cannot send price: an instance of Money; .*registerCustom/,
    )
    const meta = { values: [['class', 'Money']], v: 1 }
    expect(refusal(() => codec.decode({ json: { cents: 1 }, meta })).code).toBe('BAD_REQUEST')
  })

  test('a class with a custom rule may be registered as a class as well', () => {
    const superjson = withMoney()
    superjson.registerClass(Money)
    const codec = createCodec(superjson)
    expect(codec.decode(codec.received(codec.encode(new Money(2))))).toEqual(new Money(2))
  })

  test('a registered symbol is refused', () => {
    const superjson = new SuperJSON()
    const symbol = Symbol('x')
    superjson.registerSymbol(symbol, 'x')
    const codec = createCodec(superjson)
    expect(refusal(() => codec.encode({ symbol })).message).toContain('cannot send symbol: a symbol')
    expect(refusal(() => codec.decode({ json: 'x', meta: { values: [['symbol', 'x']] } })).code).toBe(
      'BAD_REQUEST',
    )
  })

  test('a custom type named bytes is refused, early or late', () => {
    const named = () => {
      const superjson = new SuperJSON()
      return {
        superjson,
        register: () =>
          superjson.registerCustom<Money, number>(
            { isApplicable: (v) => v instanceof Money, serialize: () => 1, deserialize: () => new Money(1) },
            'bytes',
          ),
      }
    }
    const early = named()
    early.register()
    expect(refusal(() => createCodec(early.superjson)).code).toBe('BAD_OPTIONS')
    const late = named()
    const codec = createCodec(late.superjson)
    late.register()
    expect(refusal(() => codec.encode(new Money(1))).code).toBe('NOT_SERIALIZABLE')
  })

  test.each<[string, unknown, unknown]>([
    ['a Date', new Money(1), { at: new Date(0) }],
    ['undefined', new Money(1), undefined],
    ['NaN', new Money(1), [Number.NaN]],
    ['an instance', new Money(1), new Money(2)],
    ['text for an object', { cents: 1 }, 'one'],
    ['a Date for an object', { cents: 1 }, new Date(0)],
  ])('a rule that gives %s is refused, where JSON would lose it', (_, value, output) => {
    const superjson = new SuperJSON()
    superjson.registerCustom<object, never>(
      {
        isApplicable: (one): one is object => one === value,
        serialize: () => output as never,
        deserialize: (json) => json,
      },
      'odd',
    )
    const error = refusal(() => createCodec(superjson).encode({ price: value }))
    expect(error.code).toBe('NOT_SERIALIZABLE')
    expect(error.message).toMatch(/^cannot send price: its custom type 'odd'/)
  })

  test('a rule that throws is refused by path, with the cause', () => {
    const superjson = new SuperJSON()
    const cause = new Error('broken')
    const fail = () => {
      throw cause
    }
    superjson.registerCustom<Money, number>(
      { isApplicable: (v) => v instanceof Money, serialize: fail, deserialize: fail },
      'Money',
    )
    const codec = createCodec(superjson)
    const written = refusal(() => codec.encode([new Money(1)]))
    expect([written.code, written.cause]).toEqual(['NOT_SERIALIZABLE', cause])
    const read = refusal(() => codec.decode({ json: [1], meta: { values: { '0': [['custom', 'Money']] } } }))
    expect([read.code, read.cause]).toEqual(['BAD_REQUEST', cause])
    expect(read.message).toContain('[0] is no "Money"')
  })
})
