import { expect, test } from 'vitest'
import { createCodec } from '../../src/codec/codec.js'
import { ParleyError } from '../../src/errors.js'

const codec = createCodec()

/** The message of the refusal, which both forms must share. */
function refusalOf(value: unknown, own = codec): string {
  const messages = [own.encode, own.encodeText].map((encode) => {
    try {
      encode(value)
    } catch (error) {
      expect(error).toBeInstanceOf(ParleyError)
      expect((error as ParleyError).code).toBe('NOT_SERIALIZABLE')
      return (error as ParleyError).message
    }
    throw new Error('it was written')
  })
  expect(messages[0]).toBe(messages[1])
  return messages[0]!
}

class Money {
  readonly cents = 1
}
class Tagged extends Map {}
const cyclic: { list: unknown[]; self?: unknown } = { list: [] }
cyclic.self = cyclic
const inner: { a: { b: unknown[] } } = { a: { b: [] } }
inner.a.b.push({ back: inner.a })
const loop = new Map<string, unknown>()
loop.set('x', [loop])
const causes = new Error('x')
causes.cause = { again: causes }
const unnamed = Object.assign(new Error('x'), { name: 5 })

test.each<[string, unknown, string]>([
  ['a function', { room: { members: [0, 1, 2, { onClick() {} }] } }, 'room.members[3].onClick: a function'],
  ['a function at the top', () => {}, 'the value: a function'],
  ['a class', { type: Money }, 'type: a function'],
  ['a toJSON method', { at: { toJSON: () => 1 } }, 'at.toJSON: a function'],
  ['a symbol', { 'a b': [Symbol('x')] }, '["a b"][0]: a symbol'],
  ['a well-known symbol', Symbol.iterator, 'the value: a symbol'],
  ['an instance of a class', { price: new Money() }, 'price: an instance of Money'],
  ['an instance of a class without a name', [new (class {})()], '[0]: an instance of '],
  ['a promise', { user: Promise.resolve(1) }, 'user: an instance of Promise'],
  ['a boxed string', { s: Object('x') }, 's: an instance of String'],
  ['a Map of a derived class', { tags: new Tagged() }, 'tags: an instance of Tagged'],
  ['a WeakMap', { cache: new WeakMap() }, 'cache: an instance of WeakMap'],
  ['another typed array', { samples: new Float32Array(2) }, 'samples: an instance of Float32Array'],
  ['an ArrayBuffer', { file: new ArrayBuffer(2) }, 'file: an ArrayBuffer; wrap it'],
  ['a DataView', { view: new DataView(new ArrayBuffer(2)) }, 'view: an instance of DataView'],
  ['an invalid date', { at: new Date(Number.NaN) }, 'at: an invalid Date'],
  ['a cycle to the top', cyclic, 'self: a cycle'],
  ['a cycle further down', inner, 'a.b[0].back: a cycle'],
  ['a cycle through a Map', loop, '[0][1][0]: a cycle'],
  ['a cycle through causes', causes, 'cause.again: a cycle'],
  ['a function as a key of a Map', { m: new Map([[() => {}, 1]]) }, 'm[0][0]: a function'],
  ['a function in a Set', new Set([1, () => {}]), '[1]: a function'],
  ['a function as a cause', { e: new Error('x', { cause: () => {} }) }, 'e.cause: a function'],
  ['an error with a name that is no string', [unnamed], '[0]: an Error whose name'],
  // biome-ignore lint/suspicious/noSparseArray: it is what is refused
  ['a hole in an array', { list: [1, , 3] }, 'list[1]: a hole'],
  ['an array that holds nothing but holes', new Array(2), '[0]: a hole'],
  [
    'a property of an array that would have a meta',
    { at: new Date(0), match: 'abc'.match(/b/) },
    'match.index: a property of an array',
  ],
  ['a key __proto__', JSON.parse('{"a":{"__proto__":1}}'), 'a.__proto__: a key'],
  ['a key constructor', { words: { constructor: 1 } }, 'words.constructor: a key'],
  ['a key prototype', [{ prototype: 1n }], '[0].prototype: a key'],
  ['a BigInt that takes long to read', { n: 10n ** 4_300n }, 'n: a BigInt of over 4300 digits'],
  ['a value nested deeper than the codec goes', nest(257), ': nested deeper than 256'],
])('%s is refused by its path', (_, value, start) => {
  expect(refusalOf(value)).toContain(`cannot send ${start.startsWith(':') ? '' : start}`)
  expect(refusalOf(value)).toContain(start)
})

test('a value as deep as the codec goes is written and read', () => {
  for (const deepest of [null, new Date(0)]) {
    const value = nest(256, deepest)
    expect(codec.decode(codec.received(codec.encode(value)))).toEqual(value)
  }
})

test('a value far too deep is refused too, without running out of stack', () => {
  expect(refusalOf(nest(1_000_000))).toContain('nested deeper than 256')
})

test('the same object twice is no cycle', () => {
  const one = { at: new Date(0) }
  expect(codec.encode({ a: one, b: { one } }).json).toBe(
    '{"a":{"at":"1970-01-01T00:00:00.000Z"},"b":{"one":{"at":"1970-01-01T00:00:00.000Z"}}}',
  )
})

test('what hides an instance among plain data that has a meta is found', () => {
  expect(refusalOf({ at: new Date(0), price: new Money() })).toContain('price: an instance of Money')
})

function nest(depth: number, innermost: unknown = null): unknown {
  let value = innermost
  for (let i = 0; i < depth; i++) value = i % 2 ? { n: value } : [value]
  return value
}
