import { type AnySchema, call, channel, defineContract, stream, volatile } from '@parley/shared'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { contract as example } from './example.js'

/** The fingerprint of an event with this schema. */
function printOf(schema: AnySchema, version?: string): string {
  const events = { changed: schema }
  const contract = defineContract({ a: channel({ events }) }, version === undefined ? {} : { version })
  return contract.channels.get('a')!.events.get('changed')!.fingerprint
}

test('a fingerprint is 16 hex digits, and the same wherever it is computed', () => {
  expect(printOf(z.object({ id: z.string(), at: z.date() }))).toBe('f7eefcfec042b402')
  expect(example.fingerprint).toMatch(/^[0-9a-f]{16}$/)
})

test('the order of the keys of an object does not count', () => {
  expect(printOf(z.object({ a: z.string(), b: z.object({ c: z.date(), d: z.int() }) }))).toBe(
    printOf(z.object({ b: z.object({ d: z.int(), c: z.date() }), a: z.string() })),
  )
  expect(printOf(z.enum(['up', 'down']))).toBe(printOf(z.enum(['down', 'up'])))
})

test('a schema that is used twice is the same as one that is written twice', () => {
  const Point = z.object({ x: z.number(), y: z.number() })
  const twice = z.object({ from: Point, to: Point })
  const written = z.object({
    from: z.object({ x: z.number(), y: z.number() }),
    to: z.object({ x: z.number(), y: z.number() }),
  })
  expect(printOf(twice)).toBe(printOf(written))
})

test('functions, defaults and descriptions do not count: they are no shape', () => {
  const plain = z.object({ n: z.number().default(1), s: z.string().refine(() => true) })
  const other = z.object({
    n: z.number().default(() => Math.random()),
    s: z.string().refine((text) => text !== 'x', 'no x'),
  })
  expect(printOf(plain)).toBe(printOf(other))
  expect(printOf(z.string().describe('a name').meta({ id: 'Name' }))).toBe(printOf(z.string()))
})

const shapes: Record<string, AnySchema> = {
  string: z.string(),
  'string, trimmed': z.string().trim(),
  'string, at least 1': z.string().min(1),
  'string, at least 2': z.string().min(2),
  'string, at most 2': z.string().max(2),
  'string by a pattern': z.string().regex(/a/),
  'string by another pattern': z.string().regex(/a/i),
  email: z.email(),
  uuid: z.uuid(),
  'date and time': z.iso.datetime(),
  'date and time, to the second': z.iso.datetime({ precision: 0 }),
  number: z.number(),
  'number, coerced': z.coerce.number(),
  int: z.int(),
  'positive number': z.number().positive(),
  'number, not negative': z.number().nonnegative(),
  bigint: z.bigint(),
  'bigint, at least 1': z.bigint().min(1n),
  boolean: z.boolean(),
  date: z.date(),
  'date, from 1970': z.date().min(new Date(0)),
  'date, from 1971': z.date().min(new Date(31_536_000_000)),
  null: z.null(),
  undefined: z.undefined(),
  any: z.any(),
  unknown: z.unknown(),
  'literal 1': z.literal(1),
  "literal '1'": z.literal('1'),
  'literal 1n': z.literal(1n),
  'literal 1 or 2': z.literal([1, 2]),
  enum: z.enum(['a', 'b']),
  'enum of other values': z.enum({ a: 'b', b: 'a' }),
  'array of strings': z.array(z.string()),
  'array of numbers': z.array(z.number()),
  'array of 2': z.array(z.string()).length(2),
  tuple: z.tuple([z.string(), z.number()]),
  'tuple, the other way round': z.tuple([z.number(), z.string()]),
  'tuple with a rest': z.tuple([z.string(), z.number()], z.string()),
  set: z.set(z.string()),
  map: z.map(z.string(), z.number()),
  record: z.record(z.string(), z.number()),
  object: z.object({ a: z.string() }),
  'object of another name': z.object({ b: z.string() }),
  'object with a field called defaultValue': z.object({ a: z.string(), defaultValue: z.string() }),
  'object with a field called status': z.object({ a: z.string(), status: z.string() }),
  'object of two': z.object({ a: z.string(), b: z.string() }),
  'strict object': z.strictObject({ a: z.string() }),
  'loose object': z.looseObject({ a: z.string() }),
  'optional in an object': z.object({ a: z.string().optional() }),
  'nullable in an object': z.object({ a: z.string().nullable() }),
  'default in an object': z.object({ a: z.string().default('') }),
  'nested object': z.object({ a: z.object({ a: z.string() }) }),
  'nested twice': z.object({ a: z.object({ a: z.object({ a: z.string() }) }) }),
  'nested twice, with a number': z.object({ a: z.object({ a: z.object({ a: z.number() }) }) }),
  union: z.union([z.string(), z.number()]),
  'union, the other way round': z.union([z.number(), z.string()]),
  'discriminated union': z.discriminatedUnion('k', [
    z.object({ k: z.literal('a') }),
    z.object({ k: z.literal('b') }),
  ]),
  intersection: z.intersection(z.object({ a: z.string() }), z.object({ b: z.string() })),
  transform: z.string().transform((text) => text.length),
  pipe: z.string().pipe(z.coerce.number()),
  readonly: z.array(z.string()).readonly(),
  'template literal': z.templateLiteral(['a', z.number()]),
  bytes: z.instanceof(Uint8Array),
}

test('different shapes have different fingerprints', () => {
  const found = new Map<string, string>()
  for (const [name, schema] of Object.entries(shapes)) {
    const print = printOf(schema)
    expect(found.get(print), `'${name}' has the fingerprint of another shape`).toBeUndefined()
    found.set(print, name)
  }
})

test('lazies are followed, and recursion ends', () => {
  const tree = (leaf: AnySchema) => {
    const Node: z.ZodType = z.object({ value: leaf as z.ZodType, children: z.lazy(() => z.array(Node)) })
    return Node
  }
  expect(printOf(z.lazy(() => z.string()))).toBe(printOf(z.string()))
  expect(printOf(tree(z.string()))).toBe(printOf(tree(z.string())))
  expect(printOf(tree(z.string()))).not.toBe(printOf(tree(z.number())))
})

test('a recursive schema is the same by a getter, by a lazy, and with its first turn written out', () => {
  const Getter = z.object({
    value: z.string(),
    get children() {
      return z.array(Getter)
    },
  })
  const Lazy: z.ZodType = z.object({ value: z.string(), children: z.lazy(() => z.array(Lazy)) })
  const Unrolled = z.object({ value: z.string(), children: z.array(Lazy) })
  expect(printOf(Getter)).toBe(printOf(Lazy))
  expect(printOf(Unrolled)).toBe(printOf(Lazy))
})

test('schemas that all refer to each other are done at once', () => {
  const web = (size: number, leaf: AnySchema) => {
    const all: z.ZodType[] = []
    for (let i = 0; i < size; i++) {
      const links = Array.from(
        { length: size },
        (_, j) => [`to${j}`, z.lazy(() => all[j]!).optional()] as const,
      )
      all.push(
        z.object({
          [`own${i}`]: i === size - 1 ? (leaf as z.ZodType) : z.string(),
          ...Object.fromEntries(links),
        }),
      )
    }
    return all[0]!
  }
  expect(printOf(web(20, z.string()))).toBe(printOf(web(20, z.string())))
  expect(printOf(web(20, z.string()))).not.toBe(printOf(web(20, z.number())))
})

test('lazies that never stop making new schemas end, and those that stand for themselves', () => {
  const endless = (leaf: AnySchema): z.ZodType =>
    z.object({ leaf: leaf as z.ZodType, next: z.lazy(() => endless(leaf)) })
  expect(printOf(endless(z.string()))).toBe(printOf(endless(z.string())))
  expect(printOf(endless(z.string()))).not.toBe(printOf(endless(z.number())))
  const self: z.ZodType = z.lazy(() => self)
  expect(printOf(self)).toMatch(/^[0-9a-f]{16}$/)
})

test('a schema of another vendor stands for its vendor and the version', () => {
  const foreign = (vendor: string) =>
    ({ '~standard': { version: 1, vendor, validate: (value: unknown) => ({ value }) } }) as const
  expect(printOf(foreign('a'), '1')).toBe(printOf(foreign('a'), '1'))
  expect(printOf(foreign('a'), '1')).not.toBe(printOf(foreign('a'), '2'))
  expect(printOf(foreign('a'), '1')).not.toBe(printOf(foreign('b'), '1'))
  expect(printOf(z.string(), '1')).toBe(printOf(z.string(), '2'))
})

// --- contracts ----------------------------------------------------------------------------------------------

const text = z.string()
const number = z.number()

test('the order in which a contract is written does not count', () => {
  const one = defineContract({
    a: channel({
      events: { x: text, y: number },
      messages: { m: text, n: call({ errors: { E: text, F: text } }) },
    }),
    b: { c: call({ input: text }), d: stream({ yields: text }) },
  })
  const two = defineContract({
    b: { d: stream({ yields: text }), c: call({ input: text }) },
    a: channel({
      messages: { n: call({ errors: { F: text, E: text } }), m: text },
      events: { y: number, x: text },
    }),
  })
  expect(one.fingerprint).toBe(two.fingerprint)
})

test('how long things are kept, and how long calls may take, does not count', () => {
  const one = defineContract({ a: channel({ events: { x: text } }), b: call({ input: text }) })
  const two = defineContract({
    a: channel({ events: { x: text }, replay: { last: 5 }, upgrade: { x: String } }),
    b: call({ input: text, withinMs: 5, once: '1h' }),
  })
  expect(one.fingerprint).toBe(two.fingerprint)
})

test('every change that the other side has to know of changes the fingerprint', () => {
  const trees = {
    channel: { a: channel({ events: { x: text } }) },
    'another path': { b: channel({ events: { x: text } }) },
    'a deeper path': { a: { a: channel({ events: { x: text } }) } },
    'a path called replay': { replay: channel({ events: { x: text } }) },
    'an event called status': { a: channel({ events: { status: text } }) },
    'another event': { a: channel({ events: { y: text } }) },
    'another schema': { a: channel({ events: { x: number } }) },
    'a volatile event': { a: channel({ events: { x: volatile(text) } }) },
    'no event': { a: channel({}) },
    params: { a: channel({ events: { x: text }, params: z.object({ id: text }) }) },
    presence: { a: channel({ events: { x: text }, presence: text }) },
    times: { a: channel({ events: { x: text }, times: true }) },
    'a bare message': { a: channel({ events: { x: text }, messages: { m: text } }) },
    'a volatile message': { a: channel({ events: { x: text }, messages: { m: volatile(text) } }) },
    'a message that is a call': {
      a: channel({ events: { x: text }, messages: { m: call({ input: text }) } }),
    },
    call: { a: call() },
    'a call with input': { a: call({ input: text }) },
    'a call with output': { a: call({ output: text }) },
    'a call with an error': { a: call({ errors: { E: text } }) },
    'a call with an error without data': { a: call({ errors: { E: {} } }) },
    'an idempotent call': { a: call({ idempotent: true }) },
    stream: { a: stream({ yields: text }) },
    'a stream of something else': { a: stream({ yields: number }) },
    'a stream with output': { a: stream({ yields: text, output: text }) },
  }
  const found = new Map<string, string>()
  for (const [name, tree] of Object.entries(trees)) {
    const { fingerprint } = defineContract(tree)
    expect(found.get(fingerprint), `'${name}' has the fingerprint of another contract`).toBeUndefined()
    found.set(fingerprint, name)
  }
})

test('the version counts', () => {
  const prints = [undefined, '1', '2'].map(
    (version) => defineContract({ a: call() }, version === undefined ? {} : { version }).fingerprint,
  )
  expect(new Set(prints).size).toBe(3)
})

// --- any shape ----------------------------------------------------------------------------------------------

/** A description of a schema, so that it can be built more than once. */
type Shape =
  | 'string'
  | 'number'
  | 'date'
  | { array: Shape }
  | { union: Shape[] }
  | { fields: Record<string, Shape> }

const shape: fc.Arbitrary<Shape> = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Shape>('string', 'number', 'date'),
    tie('shape').map((array) => ({ array })),
    fc.array(tie('shape'), { minLength: 1, maxLength: 3 }).map((union) => ({ union })),
    fc
      .dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('shape'), { noNullPrototype: true })
      .map((fields) => ({ fields })),
  ),
})).shape

function build(of: Shape, order: (keys: string[]) => string[]): z.ZodType {
  if (of === 'string') return z.string()
  if (of === 'number') return z.number()
  if (of === 'date') return z.date()
  if ('array' in of) return z.array(build(of.array, order))
  if ('union' in of) return z.union(of.union.map((one) => build(one, order)))
  const keys = order(Object.keys(of.fields))
  return z.object(Object.fromEntries(keys.map((key) => [key, build(of.fields[key]!, order)])))
}

/** The same text for the same shape, whatever the order of its fields. */
function name(of: Shape): string {
  if (typeof of === 'string') return of
  if ('array' in of) return `[${name(of.array)}]`
  if ('union' in of) return `(${of.union.map(name).join('|')})`
  return `{${Object.entries(of.fields)
    .map(([key, field]) => `${key}:${name(field)}`)
    .sort()
    .join()}}`
}

test('two schemas have one fingerprint exactly when they have one shape', () => {
  fc.assert(
    fc.property(shape, shape, (a, b) => {
      const one = printOf(build(a, (keys) => keys.toSorted()))
      expect(printOf(build(a, (keys) => keys.toSorted().reverse()))).toBe(one)
      expect(printOf(build(b, (keys) => keys)) === one).toBe(name(a) === name(b))
    }),
    { numRuns: 300 },
  )
})
