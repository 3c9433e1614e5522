import { channel, defineContract, ParleyError, type Schema } from '@parley/shared'
import { type ChannelSpec, limits, paramsFromQuery, paramsToQuery, topicOf } from '@parley/shared/internal'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'

function specOf(params?: Schema): ChannelSpec {
  const room = params === undefined ? channel({}) : channel({ params: params as never })
  return defineContract({ chat: { room } }, { version: '1' }).channels.get('chat.room')!
}

/** The error that this ends with. */
function failure(run: () => unknown): ParleyError {
  try {
    run()
  } catch (error) {
    if (error instanceof ParleyError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const room = specOf(
  z.object({
    id: z.string().min(1),
    page: z.number().default(1),
    open: z.boolean().optional(),
    kind: z.enum(['chat', 'video']).optional(),
  }),
)

test('a topic’s key is the path and the canonical JSON of its params, names in order', () => {
  expect(topicOf(room, { page: 2, open: true, id: 'a' }).key).toBe('chat.room{"id":"a","open":true,"page":2}')
  expect(topicOf(room, { id: 'a' }).key).toBe('chat.room{"id":"a","page":1}')
  expect(topicOf(room, { id: 'a' }).params).toEqual({ id: 'a', page: 1 })
})

test('names that are numbers stand in order of their text', () => {
  const spec = specOf(z.object({ 10: z.string(), 9: z.string(), a: z.string() }))
  expect(topicOf(spec, { a: 'x', 9: 'y', 10: 'z' }).key).toBe('chat.room{"10":"z","9":"y","a":"x"}')
})

test('a channel without params has its path as key, and takes none', () => {
  const spec = specOf()
  expect(topicOf(spec, undefined)).toEqual({ spec, params: undefined, key: 'chat.room' })
  expect(failure(() => topicOf(spec, {})).code).toBe('VALIDATION')
})

test('an optional param that is undefined is as if it were not there', () => {
  const given = topicOf(room, { id: 'a', open: undefined })
  expect(given.key).toBe(topicOf(room, { id: 'a' }).key)
  expect(Object.keys(given.params!)).toEqual(['id', 'page'])
})

test('wrong params are named by their paths', () => {
  const error = failure(() => topicOf(room, { id: '', page: 'x' }))
  expect(error.code).toBe('VALIDATION')
  expect(error.issues!.map(({ path }) => path)).toEqual([['id'], ['page']])
  expect(error.message).toContain("'chat.room'")
  expect(failure(() => topicOf(room, undefined)).code).toBe('VALIDATION')
})

test('params are flat: what else a schema lets through is refused', () => {
  const loose = specOf(z.record(z.string(), z.any()))
  for (const value of [{}, [], null, Number.NaN, Number.POSITIVE_INFINITY, 1n, new Date(), () => {}]) {
    expect(failure(() => topicOf(loose, { a: 'x', b: value })).issues).toMatchObject([{ path: ['b'] }])
  }
  for (const value of ['text', [], null, 5]) {
    expect(failure(() => topicOf(specOf(z.any()), value)).code).toBe('VALIDATION')
  }
})

test('`__proto__` is no param, whatever the schema says of it', () => {
  const loose = specOf(z.looseObject({}))
  expect(failure(() => topicOf(loose, JSON.parse('{"__proto__":"x"}'))).code).toBe('VALIDATION')
  expect(failure(() => paramsFromQuery(loose, new URLSearchParams('__proto__=x'))).code).toBe('VALIDATION')
})

test('a schema that changes its own output is refused, because a topic would have two keys', () => {
  const changing = [
    z.object({ id: z.string().transform((id) => `${id}!`) }),
    z.object({ id: z.string().transform((id) => id.length) }),
    z.object({ at: z.number().transform((n) => n + 1) }),
  ]
  for (const schema of changing) {
    expect(failure(() => topicOf(specOf(schema), { id: 'a', at: 1 })).code).toBe('PARAMS_NOT_STABLE')
  }
  const trimming = specOf(z.object({ id: z.string().trim().toLowerCase() }))
  expect(topicOf(trimming, { id: ' A ' }).key).toBe('chat.room{"id":"a"}')
})

test('an asynchronous schema is refused', () => {
  const slow = specOf(z.object({ id: z.string().refine(async () => true) }))
  const { code, message } = failure(() => topicOf(slow, { id: 'a' }))
  expect({ code, message }).toMatchObject({
    code: 'ASYNC_SCHEMA',
    message: expect.stringContaining(".params'"),
  })
})

test('a key is as long as allowed in bytes of UTF-8, and no longer', () => {
  const around = 'chat.room{"id":"","page":1}'.length
  const longest =
    'é'.repeat((limits.topicKeyBytes - around) / 2) + 'x'.repeat((limits.topicKeyBytes - around) % 2)
  expect(new TextEncoder().encode(topicOf(room, { id: longest }).key)).toHaveLength(limits.topicKeyBytes)
  expect(failure(() => topicOf(room, { id: `${longest}x` })).code).toBe('TOO_LARGE')
  expect(failure(() => topicOf(room, { id: 'abcdef' }, 20)).code).toBe('TOO_LARGE')
})

test('params cannot be changed by one of those who share them', () => {
  expect(Object.isFrozen(topicOf(room, { id: 'a' }).params)).toBe(true)
})

test('a query has strings as they are, and the rest as JSON text', () => {
  expect(String(paramsToQuery(room, { id: 'a b&c', page: 2, open: false }))).toBe(
    'id=a+b%26c&page=2&open=false',
  )
  expect(String(paramsToQuery(specOf(), undefined))).toBe('')
})

test('a query that says what JSON would say in other words is the same topic', () => {
  const read = (query: string) => paramsFromQuery(room, new URLSearchParams(query)).key
  expect(read('page=2&id=a')).toBe(topicOf(room, { id: 'a', page: 2 }).key)
  expect(read('id=2&page=2.0')).toBe(topicOf(room, { id: '2', page: 2 }).key)
  expect(read('id=true')).toBe(topicOf(room, { id: 'true' }).key)
})

test('what the route itself needs in the query is no param', () => {
  const query = new URLSearchParams('lastEventId=e-1&id=a&from=first&until=e-9&until=e-9')
  expect(paramsFromQuery(room, query).key).toBe(topicOf(room, { id: 'a' }).key)
  expect(paramsFromQuery(specOf(), new URLSearchParams('from=now')).key).toBe('chat.room')
})

test('fields that are wrong, unknown or repeated are named', () => {
  const named = (query: string, spec = room) => {
    const { code, issues } = failure(() => paramsFromQuery(spec, new URLSearchParams(query)))
    return [code, ...issues!.map(({ path }) => path[0])]
  }
  expect(named('id=a&page=x')).toEqual(['VALIDATION', 'page'])
  expect(named('page=1')).toEqual(['VALIDATION', 'id'])
  expect(named('id=a&id=b&page=1')).toEqual(['VALIDATION', 'id'])
  expect(named('id=a&pgae=1')).toEqual(['VALIDATION', 'pgae'])
  expect(named('id=a&constructor=1')).toEqual(['VALIDATION', 'constructor'])
  expect(named('id=a', specOf())).toEqual(['VALIDATION', 'id'])
  expect(named('id=a&page={"a":1}')).toEqual(['VALIDATION', 'page'])
})

test('a union of string and number is refused where it would come back as another topic', () => {
  const either = specOf(z.object({ id: z.union([z.string(), z.number()]) }))
  expect(failure(() => paramsToQuery(either, { id: 5 })).code).toBe('PARAMS_NOT_STABLE')
  expect(String(paramsToQuery(either, { id: 'x' }))).toBe('id=x')
})

test('an unpaired surrogate cannot stand in a query', () => {
  expect(failure(() => paramsToQuery(room, { id: '\ud800' })).code).toBe('PARAMS_NOT_STABLE')
  expect(topicOf(room, { id: '\ud800' }).key).toContain('\\ud800')
})

test('a foreign schema’s params work the same', () => {
  const validate = (value: unknown) => {
    const { n } = value as { n: unknown }
    return typeof n === 'number'
      ? { value: { n } }
      : { issues: [{ message: 'no number', path: [{ key: 'n' }] }] }
  }
  const spec = specOf({ '~standard': { version: 1, vendor: 'acme', validate } })
  expect(paramsFromQuery(spec, paramsToQuery(spec, { n: 5 })).key).toBe('chat.room{"n":5}')
})

const reserved = /^(__proto__|constructor|prototype|then|parley\..*|lastEventId|from|until)$/

/** Params of all kinds, with names and texts of all kinds. */
const flat = fc.dictionary(
  fc.string({ minLength: 1, unit: 'grapheme' }).filter((name) => !reserved.test(name)),
  fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.boolean(),
  ),
  { maxKeys: 6, noNullPrototype: true },
)

/** The strict schema of exactly these params. */
function schemaOf(params: Record<string, unknown>): Schema {
  const kinds = { string: z.string(), number: z.number(), boolean: z.boolean() }
  return z.object(
    Object.fromEntries(
      Object.entries(params).map(([name, value]) => [name, kinds[typeof value as keyof typeof kinds]]),
    ),
  )
}

test('whatever the order in which params are given, the topic is one', () => {
  fc.assert(
    fc.property(flat, fc.infiniteStream(fc.nat()), (params, chance) => {
      const spec = specOf(schemaOf(params))
      const shuffled = Object.entries(params)
        .map((entry) => ({ entry, at: chance.next().value }))
        .sort((a, b) => a.at - b.at)
        .map(({ entry }) => entry)
      const key = (given: unknown) => topicOf(spec, given, 1_000_000).key
      expect(key(Object.fromEntries(shuffled))).toBe(key(params))
    }),
  )
})

test('different params are different topics, and the key says what they are', () => {
  fc.assert(
    fc.property(flat, (params) => {
      const { key } = topicOf(specOf(schemaOf(params)), params, 1_000_000)
      const said = JSON.parse(key.slice('chat.room'.length))
      expect(said).toEqual(topicOf(specOf(schemaOf(params)), params, 1_000_000).params)
      expect(said).toEqual(JSON.parse(JSON.stringify(params)))
    }),
  )
})

test('whatever the params, their query is read as the same topic', () => {
  fc.assert(
    fc.property(flat, (params) => {
      const spec = specOf(schemaOf(params))
      fc.pre(topicOf(spec, params, 1_000_000).key.length <= 200)
      const query = new URLSearchParams(String(paramsToQuery(spec, params)))
      expect(paramsFromQuery(spec, query)).toEqual(topicOf(spec, params))
    }),
  )
})
