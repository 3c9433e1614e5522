import { call, channel, defineContract, ParleyError, stream, volatile } from '@parley/shared'
import { errorCodes, misuseCodes, replayDefaults } from '@parley/shared/internal'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { contract } from './example.js'

/** The message of the BAD_CONTRACT that defining this tree ends with. */
function refusal(tree: unknown, options?: { version: string }): string {
  try {
    defineContract(tree as Record<string, never>, options)
  } catch (error) {
    if (error instanceof ParleyError && error.code === 'BAD_CONTRACT') return error.message
    throw error
  }
  throw new Error('the contract was accepted')
}

const text = z.string()

test('a contract lists its channels, calls and streams by their dotted paths', () => {
  expect([...contract.channels.keys()]).toEqual(['notifications', 'stats', 'room', 'rooms.audit.feed'])
  expect([...contract.calls.keys()]).toEqual(['rooms.create', 'rooms.list', 'rooms.audit.pay'])
  expect([...contract.streams.keys()]).toEqual(['importRows'])
  for (const [path, spec] of [...contract.channels, ...contract.calls, ...contract.streams]) {
    expect(spec.path).toBe(path)
  }
})

test('a channel without options keeps 1,000 events for 5 minutes and tells no times', () => {
  const { replay, times } = contract.channels.get('rooms.audit.feed')!
  expect({ replay, times }).toEqual({ replay: replayDefaults, times: false })
  expect(replayDefaults).toEqual({ last: 1_000, forMs: 300_000, bytes: 1_048_576 })
})

test('what a replay leaves out is the default, and the rest is as it says', () => {
  expect(contract.channels.get('notifications')!.replay).toEqual({
    last: 50,
    forMs: 600_000,
    bytes: replayDefaults.bytes,
  })
  expect(contract.channels.get('stats')!.replay).toBe('latest')
})

test('messages know how they are acknowledged', () => {
  const { messages } = contract.channels.get('room')!
  expect([...messages.values()].map(({ name, kind }) => [name, kind])).toEqual([
    ['say', 'call'],
    ['clear', 'call'],
    ['react', 'bare'],
    ['typing', 'volatile'],
  ])
  expect(messages.get('say')!.withinMs).toBe(2_000)
  expect(messages.get('clear')!.input).toBeUndefined()
})

test('events know whether they may be lost', () => {
  const { events } = contract.channels.get('room')!
  expect([...events.values()].map(({ name, volatile: dropped }) => [name, dropped])).toEqual([
    ['message', false],
    ['typing', true],
  ])
})

test('a declared error is 400 unless it says another status', () => {
  const errors = contract.calls.get('rooms.create')!.errors
  expect(errors.get('NAME_TAKEN')).toMatchObject({ code: 'NAME_TAKEN', status: 400 })
  expect(errors.get('FULL')).toEqual({ code: 'FULL', status: 503, schema: undefined })
  const muted = contract.channels.get('room')!.messages.get('say')!.errors.get('MUTED')!
  expect(muted.status).toBe(403)
  expect(muted.schema).toBeDefined()
})

test('calls say whether they may run again, or not twice', () => {
  expect(contract.calls.get('rooms.list')!.idempotent).toBe(true)
  expect(contract.calls.get('rooms.audit.pay')).toMatchObject({ idempotent: false, onceMs: 86_400_000 })
})

test('the functions of `upgrade` stand under the names of their events', () => {
  const upgrade = contract.channels.get('room')!.upgrade
  expect(upgrade.get('message')!('old text')).toEqual({ text: 'old text' })
  expect(upgrade.get('message')!(1)).toBeUndefined()
})

test('no name of a contract reaches a prototype', () => {
  for (const map of [contract.channels, contract.calls, contract.streams]) {
    expect(map.get('constructor')).toBeUndefined()
    expect(map.get('__proto__')).toBeUndefined()
  }
})

test('plain objects without a prototype nest as others do', () => {
  const tree = Object.assign(Object.create(null), { create: call() })
  expect([...defineContract({ rooms: tree }).calls.keys()]).toEqual(['rooms.create'])
})

test.for([
  'then',
  '__proto__',
  'constructor',
  'prototype',
  'parley.x',
  '',
  'a.b',
  'a b',
  'a/b',
  'a\nb',
  '..',
  '-a',
])('the name %j is refused anywhere in a tree', (name) => {
  const tree = Object.fromEntries([[name, call()]]) // fromEntries makes `__proto__` a key like any other
  expect(refusal(tree)).toContain(JSON.stringify(name))
  expect(refusal({ rooms: tree })).toContain(`'rooms.${name}'`)
})

test("`connection` is refused at the root, where it is the client's own, and nowhere else", () => {
  expect(refusal({ connection: channel({ events: { changed: text } }) })).toContain("'connection'")
  expect([...defineContract({ server: { connection: call() } }).calls.keys()]).toEqual(['server.connection'])
})

test('an event may not be called as one of EventSource, or as one of ours', () => {
  const naming = (name: string) => refusal({ room: channel({ events: { [name]: text } }) })
  for (const name of ['open', 'error', 'parley.ready', 'then', 'a\nb', 'a\rb', 'a\0b', ' a', '']) {
    expect(naming(name)).toContain(JSON.stringify(name))
    expect(naming(name)).toContain(`'room.events.${name}'`)
  }
})

test('events and messages may have dots inside, and `open` and `error` may be messages', () => {
  const { room } = {
    room: channel({ events: { 'user.joined': text }, messages: { open: text, 'a.b': text } }),
  }
  const { events, messages } = defineContract({ room }).channels.get('room')!
  expect([...events.keys(), ...messages.keys()]).toEqual(['user.joined', 'open', 'a.b'])
})

test('a message has the names that any part of a contract may have', () => {
  for (const name of ['then', '__proto__', 'constructor', 'prototype', 'parley.x', '', 'a b']) {
    const messages = Object.fromEntries([[name, text]])
    expect(refusal({ room: channel({ messages }) })).toContain(`'room.messages.${name}'`)
  }
})

test('no declared error takes one of our codes', () => {
  for (const code of [...Object.keys(errorCodes), ...Object.keys(misuseCodes)]) {
    const errors = { [code]: text }
    expect(refusal({ pay: call({ errors }) })).toContain(`'pay.errors.${code}'`)
    expect(refusal({ load: stream({ yields: text, errors }) })).toContain(`'load.errors.${code}'`)
    expect(refusal({ room: channel({ messages: { say: call({ errors }) } }) })).toContain(code)
  }
})

test.for(['lastEventId', 'from', 'until'])(
  'the param %s is refused: the query of an SSE route uses it itself',
  (name) => {
    const params = z.object({ [name]: text }) as never
    expect(refusal({ room: channel({ params, events: {} }) })).toContain(`'room.params.${name}'`)
  },
)

test.for([
  ['10 m', "'room.replay.for'"],
  ['10', "'room.replay.for'"],
  ['0s', "'room.replay.for'"],
  ['-1s', "'room.replay.for'"],
  ['1w', "'room.replay.for'"],
  [0, "'room.replay.for'"],
  [Number.NaN, "'room.replay.for'"],
  [Number.POSITIVE_INFINITY, "'room.replay.for'"],
  [{}, "'room.replay.for'"],
] as const)('the duration %j is refused by its path', ([value, at]) => {
  expect(refusal({ room: channel({ replay: { for: value as never } }) })).toContain(at)
})

test('durations are text with a unit, or milliseconds', () => {
  const forMs = (value: unknown) => {
    const { replay } = defineContract({ a: channel({ replay: { for: value as never } }) }).channels.get('a')!
    return replay === 'latest' ? undefined : replay.forMs
  }
  expect(['250ms', '30s', '1.5m', '2h', '1d', 400].map(forMs)).toEqual([
    250, 30_000, 90_000, 7_200_000, 86_400_000, 400,
  ])
})

test('values of the wrong kind are refused by their paths', () => {
  const bad: [unknown, string][] = [
    [{ a: 5 }, "'a'"],
    [{ a: undefined }, "'a'"],
    [{ a: text }, "'a'"],
    [{ a: [call()] }, "'a'"],
    [{ a: new Map() }, "'a'"],
    [{ a: { b: null } }, "'a.b'"],
    [{ a: volatile(text) }, "'a'"],
    [{ a: { kind: 'channel', events: 5 } }, "'a.events'"],
    [{ a: { kind: 'query' } }, "'a'"],
    [{ __proto__: { a: call() } }, 'its root'],
    [[], 'its root'],
    [undefined, 'its root'],
    [{ a: channel({ events: { b: 'string' as never } }) }, "'a.events.b'"],
    [{ a: channel({ events: { b: volatile(5 as never) } }) }, "'a.events.b'"],
    [{ a: channel({ events: { b: call() as never } }) }, "'a.events.b'"],
    [{ a: channel({ messages: { b: stream({ yields: text }) as never } }) }, "'a.messages.b'"],
    [{ a: channel({ messages: { b: call({ input: 5 as never }) } }) }, "'a.messages.b.input'"],
    [{ a: channel({ params: 5 as never }) }, "'a.params'"],
    [{ a: channel({ presence: 5 as never }) }, "'a.presence'"],
    [{ a: channel({ replay: 'last' as never }) }, "'a.replay'"],
    [{ a: channel({ replay: { last: 0 } }) }, "'a.replay.last'"],
    [{ a: channel({ replay: { last: 1.5 } }) }, "'a.replay.last'"],
    [{ a: channel({ replay: { bytes: -1 } }) }, "'a.replay.bytes'"],
    [{ a: channel({ replay: { keep: 1 } as never }) }, '"keep"'],
    [{ a: channel({ times: 'yes' as never }) }, "'a.times'"],
    [{ a: channel({ evnets: {} } as never) }, '"evnets"'],
    [{ a: channel({ events: { b: text }, upgrade: { c: () => '' } as never }) }, "'a.upgrade.c'"],
    [{ a: channel({ events: { b: text }, upgrade: { b: 'x' } as never }) }, "'a.upgrade.b'"],
    [{ a: channel({ events: { b: volatile(text) }, upgrade: { b: () => '' } as never }) }, "'a.upgrade.b'"],
    [{ a: call({ output: {} as never }) }, "'a.output'"],
    [{ a: call({ errors: { B: 5 as never } }) }, "'a.errors.B'"],
    [{ a: call({ errors: { B: { data: 5 as never } } }) }, "'a.errors.B.data'"],
    [{ a: call({ errors: { B: { status: 200 } } }) }, "'a.errors.B.status'"],
    [{ a: call({ errors: { B: { status: 404.5 } } }) }, "'a.errors.B.status'"],
    [{ a: call({ withinMs: 0 }) }, "'a.withinMs'"],
    [{ a: call({ once: 'soon' as never }) }, "'a.once'"],
    [{ a: call({ idempotent: true, once: '1h' }) }, "'a'"],
    [{ a: call({ idempotent: 1 as never }) }, "'a.idempotent'"],
    [{ a: stream({} as never) }, "'a.yields'"],
    [{ a: stream({ yields: text, withinMs: 5 } as never) }, '"withinMs"'],
  ]
  for (const [tree, path] of bad) expect(refusal(tree)).toContain(path)
})

test('a schema that cannot be looked into needs a version', () => {
  const foreign = {
    '~standard': { version: 1, vendor: 'acme', validate: (value: unknown) => ({ value }) },
  } as const
  expect(refusal({ a: { b: call({ input: foreign }) } })).toMatch(/'a\.b\.input'.*acme.*version/)
  expect(defineContract({ a: call({ input: foreign }) }, { version: '1' }).calls.get('a')!.input).toBe(
    foreign,
  )
})

test('a schema may refer to what is defined only after the contract', () => {
  const early = defineContract({ tree: channel({ events: { changed: z.lazy(() => later) } }) })
  const later = z.string()
  const { events } = early.channels.get('tree')!
  expect(events.get('changed')!.fingerprint).toMatch(/^[0-9a-f]{16}$/)
  expect(early.fingerprint).toMatch(/^[0-9a-f]{16}$/)
})
