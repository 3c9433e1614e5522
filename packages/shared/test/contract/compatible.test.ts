import {
  type AnySchema,
  type ContractTree,
  call,
  channel,
  defineContract,
  stream,
  volatile,
} from '@parley/shared'
import { compareContracts, describeContract, parseDescription } from '@parley/shared/internal'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { contract as example } from './example.js'

const describe = (tree: ContractTree, version?: string) =>
  describeContract(defineContract(tree as never, version === undefined ? {} : { version }))

/** What a client of the one contract stumbles over at a server of the other: `path: why`. */
function differences(before: ContractTree, now: ContractTree): string[] {
  return compareContracts(describe(before), describe(now)).map(({ path, why }) => `${path}: ${why}`)
}

/** The same for a schema as the input, and as the output, of a call. */
const asInput = (before: AnySchema, now: AnySchema) =>
  differences({ go: call({ input: before }) }, { go: call({ input: now }) })
const asOutput = (before: AnySchema, now: AnySchema) =>
  differences({ go: call({ output: before }) }, { go: call({ output: now }) })

test('a contract fits itself, and its description does after a way through JSON', () => {
  const description = describeContract(example)
  expect(compareContracts(description, description)).toEqual([])
  const kept = parseDescription(JSON.parse(JSON.stringify(description)))!
  expect(kept).toEqual(description)
  expect(compareContracts(kept, description)).toEqual([])
})

test('JSON that is no description is told from one', () => {
  const good = describeContract(example)
  for (const bad of [
    null,
    [],
    { ...good, v: 2 },
    { ...good, fingerprint: 'x' },
    { ...good, contract: { channels: {} } },
    { ...good, schemas: [{ def: {}, children: [7] }] },
    { ...good, schemas: [null] },
  ]) {
    expect(parseDescription(bad)).toBeUndefined()
  }
})

const Room = z.object({ name: z.string() })

// name, before, now, what is found of it as an input, and as an output
const pairs: [string, AnySchema, AnySchema, string | undefined, string | undefined][] = [
  ['a new optional field', Room, Room.extend({ topic: z.string().optional() }), undefined, undefined],
  ['a new field with a default', Room, Room.extend({ topic: z.string().default('') }), undefined, undefined],
  ['a new field', Room, Room.extend({ topic: z.string() }), 'topic: it is required now', undefined],
  [
    'a field that is gone',
    Room.extend({ topic: z.string() }),
    Room,
    undefined,
    'topic: it may be missing now',
  ],
  [
    'an optional field that is gone',
    Room.extend({ topic: z.string().optional() }),
    Room,
    undefined,
    undefined,
  ],
  [
    'a field that is gone before a strict schema',
    Room.extend({ topic: z.string() }),
    z.strictObject({ name: z.string() }),
    'topic: it is not taken any more',
    'topic: it may be missing now',
  ],
  [
    'a new field behind a strict schema',
    z.strictObject({ name: z.string() }),
    Room.extend({ topic: z.string().optional() }),
    undefined,
    'topic: it is new, and the schema was strict',
  ],
  [
    'a field that became optional',
    Room,
    z.object({ name: z.string().optional() }),
    undefined,
    'name: it may be missing now',
  ],
  ['a field that became required', Room.partial(), Room, 'name: it is required now', undefined],
  [
    'a field that became nullable',
    Room,
    z.object({ name: z.string().nullable() }),
    undefined,
    'name: it may be null now',
  ],
  ['a wider enum', z.enum(['a', 'b']), z.enum(['a', 'b', 'c']), undefined, ': it may be "c" now'],
  ['a narrower enum', z.enum(['a', 'b']), z.enum(['a']), ': "b" is not taken any more', undefined],
  [
    'an enum that became any string',
    z.enum(['a']),
    z.string(),
    undefined,
    ': it was an enum, and is a string now',
  ],
  [
    'a wider union',
    z.string(),
    z.union([z.string(), z.number()]),
    undefined,
    ': it was a string, and is a number now',
  ],
  [
    'another type',
    z.string(),
    z.number(),
    ': it was a string, and must be a number now',
    ': it was a string, and is a number now',
  ],
  ['a looser bound', z.string().min(2), z.string().min(1), undefined, ': a rule is gone: min_length 2'],
  ['a tighter bound', z.number().max(5), z.number().max(4), ': a rule is new: less_than 4', undefined],
  [
    'an equal length',
    z.string().length(3),
    z.string().min(1).max(5),
    undefined,
    ': a rule is gone: length_equals 3',
  ],
  [
    'a date that begins later',
    z.date().min(new Date(1)),
    z.date().min(new Date(2)),
    ': a rule is new: greater_than Date 2',
    undefined,
  ],
  ['a bigint', z.bigint().min(5n), z.bigint().min(4n), undefined, ': a rule is gone: greater_than 5n'],
  [
    'an integer that became a number',
    z.int(),
    z.number(),
    undefined,
    ': a rule is gone: number_format "safeint"',
  ],
  ['an e-mail address, written in two ways', z.email(), z.string().email(), undefined, undefined],
  ['a refinement more', z.string(), z.string().refine(() => true), ': a rule is new: custom', undefined],
  ['a tidied text', z.string(), z.string().trim(), ': what rewrites', ': what rewrites'],
  [
    'a transform more',
    z.string(),
    z.string().transform((s) => s),
    ': it is transformed now',
    ': what a transform',
  ],
  [
    'what a transform is given',
    z.string().transform((s) => s.length),
    z.number().transform((n) => n),
    ': it was a string, and must be a number now',
    ': a transform has changed',
  ],
  [
    'within arrays, records, maps, sets and tuples',
    z.tuple([z.array(z.int()), z.record(z.string(), z.int()), z.map(z.string(), z.int()), z.set(z.int())]),
    z.tuple([
      z.array(z.number()),
      z.record(z.string(), z.number()),
      z.map(z.string(), z.number()),
      z.set(z.number()),
    ]),
    undefined,
    '[0][]: a rule is gone: number_format "safeint"',
  ],
  [
    'an option of a discriminated union',
    z.discriminatedUnion('k', [z.object({ k: z.literal('a') }), z.object({ k: z.literal('b') })]),
    z.discriminatedUnion('k', [
      z.object({ k: z.literal('a') }),
      z.object({ k: z.literal('b'), n: z.number() }),
    ]),
    'n: it is required now',
    undefined,
  ],
  ['a new option', z.literal('a'), z.literal(['a', 1]), undefined, ': it may be 1 now'],
  ['what may be anything', z.unknown(), z.string(), ': it was unknown, and must be a string now', undefined],
  ['a catch', z.string(), z.string().catch(''), undefined, undefined],
  [
    'a record of other keys',
    z.record(z.enum(['a']), z.int()),
    z.record(z.enum(['a', 'b']), z.int()),
    ': its keys',
    ': its keys',
  ],
]

test.each(pairs)(
  '%s is told by what may be written, and by what may be read',
  (_, before, now, input, output) => {
    const [written, read] = [asInput(before, now), asOutput(before, now)]
    expect(written).toEqual(input === undefined ? [] : [expect.stringContaining(`go.input${dotted(input)}`)])
    expect(read).toEqual(output === undefined ? [] : [expect.stringContaining(`go.output${dotted(output)}`)])
  },
)

function dotted(said: string): string {
  return /^[:[]/.test(said) ? said : `.${said}`
}

test('recursive schemas are compared to their end', () => {
  const tree = (leaf: z.ZodType) => {
    const Node: z.ZodType = z.object({
      value: leaf,
      get children() {
        return z.array(Node)
      },
    })
    return Node
  }
  expect(asInput(tree(z.int()), tree(z.number()))).toEqual([])
  expect(asInput(tree(z.number()), tree(z.int()))).toEqual([
    'go.input.value: a rule is new: number_format "safeint"',
  ])
})

test('what is new beside what a client knows is nothing to it; what it knows must stay', () => {
  const before = {
    room: channel({
      params: z.object({ id: z.string() }),
      events: { said: z.string(), left: z.string() },
      messages: { say: call({ input: z.string(), output: z.string() }), wave: volatile(z.string()) },
      presence: z.object({ name: z.string() }),
    }),
    rooms: { list: call({ output: z.array(z.string()), idempotent: true }) },
    rows: stream({ yields: z.number(), output: z.string() }),
  }
  const more = {
    ...before,
    room: channel({
      params: z.object({ id: z.string(), page: z.number().default(1) }),
      events: { said: z.string(), joined: z.string() },
      messages: {
        say: call({ input: z.string().optional(), output: z.string() }),
        wave: volatile(z.string()),
        nod: z.string(),
      },
      presence: z.object({ name: z.string(), away: z.boolean().default(false) }),
      times: true,
      replay: 'latest',
    }),
    other: channel({ events: { x: z.string() } }),
    rooms: { ...before.rooms, open: call() },
  }
  expect(differences(before, more)).toEqual([])
  expect(differences(more, before)).toEqual([
    'other: there is none any more',
    'room.params.page: there is no such param any more',
    'room: its events have no `at` any more',
    'room.nod: there is no such message any more',
    'room.say.input: undefined is not taken any more',
    'room.presence.away: it may be missing now',
    'rooms.open: there is none any more',
  ])
  const changed = {
    room: channel({
      params: z.object({ id: z.string() }),
      events: { said: volatile(z.string()) },
      messages: {
        say: call({ input: z.string(), output: z.string(), errors: { MUTED: {} } }),
        wave: z.string(),
      },
    }),
    rooms: { list: call({ output: z.array(z.string()) }) },
    rows: stream({ input: z.string(), yields: z.number().nullable() }),
  }
  expect(differences(before, changed)).toEqual([
    'room.said: it is volatile now',
    'room.say.errors.MUTED: it is new',
    'room.wave: it is not volatile any more',
    'room.presence: there is none any more',
    'rooms.list: it is not idempotent any more',
    'rows.input: it is required now',
    'rows.output: there is none any more',
    'rows.yields: it may be null now',
  ])
})

test('a difference names the channel, call or stream that has it', () => {
  const before = { a: { b: call({ input: z.string() }) }, room: channel({ messages: { say: z.string() } }) }
  const now = { a: { b: call({ input: z.number() }) }, room: channel({ messages: { say: z.number() } }) }
  const parts = compareContracts(describe(before), describe(now)).map(({ part }) => part)
  expect(parts).toEqual(['room', 'a.b'])
})

test('schemas that cannot be looked into are the same only under the same version', () => {
  const opaque: AnySchema = {
    '~standard': { version: 1, vendor: 'house', validate: (value: unknown) => ({ value }) },
  }
  const tree = { go: call({ input: opaque }) }
  expect(compareContracts(describe(tree, '1'), describe(tree, '1'))).toEqual([])
  expect(compareContracts(describe(tree, '1'), describe(tree, '2'))).toMatchObject([
    { path: 'go.input', why: expect.stringContaining('cannot be compared') },
  ])
})
