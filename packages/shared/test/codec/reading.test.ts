import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCodec } from '../../src/codec/codec.js'
import type { Received } from '../../src/codec/payload.js'
import { ParleyError } from '../../src/errors.js'
import { rich } from './rich.js'

const codec = createCodec()

function refusalOf(payload: Received): string {
  try {
    codec.decode(payload)
  } catch (error) {
    expect(error).toBeInstanceOf(ParleyError)
    expect((error as ParleyError).code).toBe('BAD_REQUEST')
    return (error as ParleyError).message
  }
  throw new Error('it was read')
}

describe('what is refused on reading, saying what and where', () => {
  const date = { values: { at: ['Date'] } }

  test.each<[string, unknown, unknown, string]>([
    [
      'referential equalities',
      { a: 1 },
      { referentialEqualities: { a: ['b'] }, v: 1 },
      '"referentialEqualities"',
    ],
    ['an unknown field of the meta', {}, { values: {}, extra: 1 }, '"extra"'],
    ['a class', {}, { values: [['class', 'Money']] }, 'the type "class"'],
    ['a symbol', 'x', { values: [['symbol', 'x']] }, 'the type "symbol"'],
    ['a typed array', [1], { values: [['typed-array', 'Float64Array']] }, 'the type "typed-array"'],
    ['an unknown type', 'x', { values: ['date'] }, 'the type "date"'],
    [
      'an unknown custom type',
      { a: 1 },
      { values: { a: [['custom', 'Money']] } },
      'a is of the type "Money", which is not registered',
    ],
    [
      'a custom type with the name of a method',
      1,
      { values: [['custom', 'toString']] },
      'the type "toString"',
    ],
    [
      'a custom type with the name of the prototype',
      1,
      { values: [['custom', '__proto__']] },
      'the type "__proto__"',
    ],
    ['a meta that is an array', 1, ['Date'], 'meta is not an object'],
    ['a meta that is text', 1, 'Date', 'meta is not an object'],
    ['a meta without values', 1, {}, 'malformed'],
    ['another version', 'x', { values: ['Date'], v: 0 }, 'version 1'],
    ['an empty node', 1, { values: [] }, 'malformed'],
    ['a node of three', 1, { values: ['Date', {}, {}] }, 'malformed'],
    ['children that are an array', [1], { values: ['set', ['Date']] }, 'malformed'],
    ['a tree that is text', { a: 1 }, { values: { a: 'Date' } }, 'malformed'],
    [
      'two annotations of one place',
      { a: { b: 'x' } },
      { values: { 'a.b': ['URL'], a: { b: ['Date'] } } },
      'two things',
    ],
    ['a path to __proto__', { a: 1 }, { values: { '__proto__.a': ['undefined'] } }, 'leads to prototypes'],
    [
      'a path to constructor',
      { a: {} },
      { values: { a: { 'constructor.prototype': ['set'] } } },
      'leads to prototypes',
    ],
    ['a path to prototype', { a: {} }, { values: { 'a.prototype': ['set'] } }, 'leads to prototypes'],
    ['a path with a stray backslash', { 'a\\b': 1 }, { values: { 'a\\b': ['undefined'] } }, 'malformed path'],
    ['a meta deeper than the value', { a: 'x' }, { values: { 'a.b': ['Date'] } }, 'deeper than a'],
    [
      'a path deeper than a value may be',
      {},
      { values: { ['a.'.repeat(300)]: ['Date'] } },
      'deeper than 256',
    ],
    ['a meta deeper than a null', null, { values: { a: ['Date'] } }, 'deeper than the value'],
    ['a place that is not there', { b: 1 }, date, 'at, which is not there'],
    [
      'a place that only the prototype has',
      {},
      { values: { toString: ['undefined'] } },
      'toString, which is not',
    ],
    ['an index beyond the array', [1], { values: { '1': ['Date'] } }, '[1], which is not there'],
    ['an index written otherwise', ['x'], { values: { '00': ['undefined'] } }, 'which is not there'],
    ['an index that is empty', ['x'], { values: { '': ['undefined'] } }, 'which is not there'],
    ['the length of an array', ['x'], { values: { length: ['undefined'] } }, 'which is not there'],
    ['a Date that is none', { at: 'soon' }, date, 'at is no "Date"'],
    ['a Date that is a number', { at: 1 }, date, 'at is no "Date"'],
    ['an undefined that is something', 1, { values: ['undefined'] }, 'the value is no "undefined"'],
    ['a bigint that is none', '1.5', { values: ['bigint'] }, 'no "bigint"'],
    ['a bigint that would take long', '9'.repeat(4_301), { values: ['bigint'] }, 'no "bigint"'],
    ['a number that is an ordinary one', '12', { values: ['number'] }, 'no "number"'],
    ['a regexp without slashes', 'a', { values: ['regexp'] }, 'no "regexp"'],
    ['a regexp that does not parse', '/(/', { values: ['regexp'] }, 'no "regexp"'],
    ['a URL that is none', 'nowhere', { values: ['URL'] }, 'no "URL"'],
    ['a set of a string', 'abc', { values: ['set'] }, 'no "set"'],
    ['a map of single values', [[1]], { values: ['map'] }, 'no "map"'],
    ['a map of sets', [[1, 2]], { values: ['map', { '0': ['set'] }] }, 'no "map"'],
    ['an error without a message', { name: 'x' }, { values: ['Error'] }, 'no "Error"'],
    ['an error with an object for a name', { name: {}, message: 'x' }, { values: ['Error'] }, 'no "Error"'],
    ['an error that is null', null, { values: ['Error'] }, 'no "Error"'],
    ['bytes without blobs', 0, { values: [['custom', 'bytes']] }, 'no "bytes"'],
    ['bytes in an array', [1], { values: [['custom', 'bytes']] }, 'no "bytes"'],
    ['bytes of bad base64', 'a', { values: [['custom', 'bytes']] }, 'no "bytes"'],
    ['bytes of base64 with spaces', 'YWI= ', { values: [['custom', 'bytes']] }, 'no "bytes"'],
    ['bytes of base64 for URLs', '-_-_', { values: [['custom', 'bytes']] }, 'no "bytes"'],
    ['bytes of base64 without padding', 'YWI', { values: [['custom', 'bytes']] }, 'no "bytes"'],
    ['bytes of base64 with padding amid', 'YQ==YQ==', { values: [['custom', 'bytes']] }, 'no "bytes"'],
  ])('%s', (_, json, meta, what) => {
    expect(refusalOf({ json, meta })).toMatch(/^cannot read the payload: /)
    expect(refusalOf({ json, meta })).toContain(what)
  })

  test.each([[[1]], [[-1]], [[0.5]], [[0, 0]]])(
    'an index %j of bytes that is no blob, or was used',
    (json) => {
      const values = Object.fromEntries(json.map((_, i) => [String(i), [['custom', 'bytes']]]))
      expect(refusalOf({ json, meta: { values }, blobs: [new Uint8Array(1)] })).toContain('no "bytes"')
    },
  )

  test('stored text that is not JSON', () => {
    for (const encoded of [{ json: '{' }, { json: '1', meta: '' }]) {
      expect(() => codec.received(encoded)).toThrow(ParleyError)
    }
  })
})

test('a meta may leave its version out, and a null is none', () => {
  expect(codec.decode({ json: '1', meta: { values: ['bigint'] } })).toBe(1n)
  expect(codec.decode({ json: '1', meta: null })).toBe('1')
})

test('an error takes no stack from the other side', () => {
  const json = { name: 'Error', message: 'x', stack: 'at evil.js:1', code: 'E' }
  const read = codec.decode({ json, meta: { values: ['Error'] } }) as Error
  expect(read.stack).toBeUndefined()
  expect(Object.hasOwn(read, 'code')).toBe(false)
})

describe('whatever comes in', () => {
  const json = fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.constant(JSON.parse('{"__proto__":{"a":1},"a":{"b":[0]}}')),
  )
  const type = fc.oneof(
    fc.constantFrom('undefined', 'bigint', 'Date', 'Error', 'regexp', 'set', 'map', 'number', 'URL', 'class'),
    fc.tuple(
      fc.constantFrom('custom', 'class', 'symbol', 'typed-array'),
      fc.constantFrom('bytes', 'Uint8Array', 'Float64Array', 'toString', '__proto__', 'constructor'),
    ),
  )
  const path = fc.array(
    fc.constantFrom('a', 'b', '0', '1', '__proto__', 'constructor', 'prototype', '\\', ''),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  const tree = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      type.map((one) => [one]),
      fc.tuple(
        type,
        fc.dictionary(
          path.map((keys) => keys.join('.')),
          tie('tree'),
          { maxKeys: 3 },
        ),
      ),
      fc.dictionary(
        path.map((keys) => keys.join('.')),
        tie('tree'),
        { maxKeys: 3 },
      ),
      fc.jsonValue({ maxDepth: 2 }),
    ),
  })).tree
  const likelyJson = fc.letrec<{ json: unknown }>((tie) => ({
    json: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, 0, 1, 'x', '1', '/a/', 'https://a.b', 'NaN', 'QQ==', '2020-01-01'),
      fc.array(tie('json'), { maxLength: 3 }),
      fc.record({ a: tie('json'), b: tie('json') }),
      fc.record({ name: fc.constant('n'), message: fc.constant('m'), cause: tie('json') }),
    ),
  })).json
  const meta = fc.oneof(
    fc.jsonValue(),
    fc.record({ values: tree, v: fc.constantFrom(1, 0, '1') }, { requiredKeys: ['values'] }),
    fc.record({ values: tree, referentialEqualities: fc.jsonValue() }),
  )
  const own = Object.getOwnPropertyNames(Object.prototype).sort()

  function readOrRefuse(payload: Received): 'read' | 'refused' {
    let outcome: 'read' | 'refused' = 'read'
    try {
      codec.decode(payload)
    } catch (error) {
      expect(error).toBeInstanceOf(ParleyError)
      expect((error as ParleyError).code).toBe('BAD_REQUEST')
      outcome = 'refused'
    }
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(own)
    expect(Object.getOwnPropertyNames(Array.prototype)).not.toContain('a')
    return outcome
  }

  test('reading gives a value or a ParleyError, and leaves every prototype alone', () => {
    const seen = { read: 0, refused: 0 }
    fc.assert(
      fc.property(
        fc.oneof(json, likelyJson),
        meta,
        fc.array(fc.uint8Array(), { maxLength: 2 }),
        (json, meta, blobs) => {
          seen[readOrRefuse({ json, meta, blobs })]++
        },
      ),
      { numRuns: 3_000 },
    )
    expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(0)
  })

  test('a meta put to the JSON of another value gives a value or a ParleyError', () => {
    const seen = { read: 0, refused: 0 }
    fc.assert(
      fc.property(rich, rich, (one, other) => {
        const [first, second] = [codec.received(codec.encode(one)), codec.received(codec.encode(other))]
        seen[readOrRefuse({ ...first, meta: second.meta })]++
      }),
      { numRuns: 1_000 },
    )
    expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(0)
  })

  test('JSON and meta that are nested without end are refused, without running out of stack', () => {
    const deep = (wrap: (inner: unknown) => unknown) => {
      let value: unknown = ['Date']
      for (let i = 0; i < 100_000; i++) value = wrap(value)
      return value
    }
    const json = deep((a) => ({ a }))
    expect(readOrRefuse({ json, meta: { values: deep((a) => ({ a })) } })).toBe('refused')
    expect(readOrRefuse({ json, meta: { values: deep((a) => ['set', { a }]) } })).toBe('refused')
    expect(readOrRefuse({ json, meta: { values: deep((a) => [a]) } })).toBe('refused')
    expect(readOrRefuse({ json, meta: deep((a) => ({ values: a })) })).toBe('refused')
    expect(readOrRefuse({ json, meta: { values: { ['a.'.repeat(100_000)]: ['Date'] } } })).toBe('refused')
    expect(readOrRefuse({ json, meta: { values: { ['a.'.repeat(1_000)]: { a: ['Date'] } } } })).toBe(
      'refused',
    )
  })
})
