/** Only type-checked: what a client knows of its contract. */
import {
  call,
  channel,
  defineContract,
  type ErrorCode,
  type ParleyError,
  stream,
  volatile,
} from '@parley/shared'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import {
  type Client,
  type ConnectionState,
  createClient,
  type PresenceSnapshot,
  type PresentMember,
  type SafeResult,
  type Store,
  type StreamRun,
  type TopicStatus,
} from '../src/index.js'

const contract = defineContract({
  news: channel({ events: { item: z.object({ n: z.number().default(0) }) }, times: true }),
  room: channel({
    params: z.object({ id: z.string(), archived: z.boolean().optional() }),
    events: { message: z.object({ text: z.string() }), typing: volatile(z.string()) },
    messages: {
      say: call({
        input: z.object({ text: z.string(), loud: z.boolean().default(false) }),
        output: z.object({ id: z.string() }),
        errors: { MUTED: z.object({ until: z.date() }) },
      }),
      clear: call({}),
      react: z.string(),
      typing: volatile(z.string()),
    },
  }),
  rooms: {
    create: call({
      input: z.object({ name: z.string() }),
      output: z.object({ id: z.string(), at: z.string().transform((text) => new Date(text)) }),
      errors: { NAME_TAKEN: z.object({ suggestion: z.string() }), TOO_MANY: { status: 409 } },
    }),
    list: call({ output: z.array(z.string()), idempotent: true }),
    touch: call({ input: z.string().optional() }),
  },
  importRows: stream({
    input: z.object({ rows: z.array(z.string()), dry: z.boolean().default(false) }),
    yields: z.object({ done: z.number(), at: z.string().transform((text) => new Date(text)) }),
    output: z.object({ rows: z.number() }),
    errors: { FULL: z.object({ at: z.number() }) },
  }),
  feed: stream({ yields: z.number() }),
  lounge: channel({
    events: { message: z.string() },
    presence: z.object({ name: z.string(), away: z.boolean().default(false) }),
  }),
})

const client = createClient(contract, { url: '/realtime', auth: async () => 'token' })
expectTypeOf(client).toEqualTypeOf<Client<typeof contract.tree>>()

// --- channels
client.news.on('item', (item, { at, position }) => {
  expectTypeOf(item).toEqualTypeOf<{ n: number }>()
  expectTypeOf(at).toEqualTypeOf<number | undefined>()
  expectTypeOf(position).toEqualTypeOf<string | undefined>()
})
// @ts-expect-error no such event
client.news.on('itm', () => {})
// @ts-expect-error a channel without params is no function
client.news({})
// @ts-expect-error a channel with params is one
client.room.on('message', () => {})
// @ts-expect-error params are checked
client.room({ id: 1 })
// @ts-expect-error and required
client.room()

const room = client.room({ id: 'a' })
expectTypeOf(room.status).toEqualTypeOf<Store<TopicStatus>>()
expectTypeOf(room.ready()).toEqualTypeOf<Promise<string>>()
async function loop(): Promise<void> {
  for await (const { name, data, gap } of room.events({ from: { last: 50 } })) {
    if (gap)
      expectTypeOf(gap.reason).toEqualTypeOf<'expired' | 'trimmed' | 'reset' | 'overflow' | 'incompatible'>()
    else if (name === 'message') expectTypeOf(data).toEqualTypeOf<{ text: string }>()
    else expectTypeOf(data).toEqualTypeOf<string>()
  }
}
expectTypeOf(loop).returns.resolves.toBeVoid()

// --- messages: who writes gives the input, who reads gets the output
expectTypeOf(room.send('say', { text: 'x' })).toEqualTypeOf<Promise<{ id: string }>>()
expectTypeOf(room.send('clear')).toEqualTypeOf<Promise<void>>()
expectTypeOf(room.send('react', '+1')).toEqualTypeOf<Promise<void>>()
expectTypeOf(room.send('typing', 'ann')).toEqualTypeOf<void>()
room.send('say', { text: 'x' }, { withinMs: 1_000, signal: AbortSignal.timeout(5) })
// @ts-expect-error no such message
room.send('sy', { text: 'x' })
// @ts-expect-error the wrong input
room.send('say', { text: 1 })
// @ts-expect-error no input
room.send('say')
// @ts-expect-error an event is no message
room.send('message', { text: 'x' })
async function safeMessage(): Promise<void> {
  const { data, error } = await room.send.safe('say', { text: 'x' })
  if (error?.code === 'MUTED') expectTypeOf(error.data).toEqualTypeOf<{ until: Date }>()
  if (!error) expectTypeOf(data).toEqualTypeOf<{ id: string }>()
}
expectTypeOf(safeMessage).returns.resolves.toBeVoid()

// --- calls
expectTypeOf(client.rooms.create({ name: 'x' })).toEqualTypeOf<Promise<{ id: string; at: Date }>>()
expectTypeOf(client.rooms.list()).toEqualTypeOf<Promise<string[]>>()
expectTypeOf(client.rooms.list(undefined, { withinMs: 5 })).toEqualTypeOf<Promise<string[]>>()
expectTypeOf(client.rooms.touch()).toEqualTypeOf<Promise<void>>()
client.rooms.touch('x')
// @ts-expect-error no input
client.rooms.create()
// @ts-expect-error the wrong input
client.rooms.create({ nam: 'x' })
// @ts-expect-error no such call
client.rooms.crate({ name: 'x' })
async function safeCall(): Promise<void> {
  const result = await client.rooms.create.safe({ name: 'x' })
  expectTypeOf(result).toEqualTypeOf<
    SafeResult<
      { id: string; at: Date },
      | ParleyError<'NAME_TAKEN', { suggestion: string }>
      | ParleyError<'TOO_MANY', undefined>
      | ParleyError<ErrorCode>
    >
  >()
  const { data, error } = result
  if (error?.code === 'NAME_TAKEN') expectTypeOf(error.data.suggestion).toEqualTypeOf<string>()
  // @ts-expect-error a code that is neither declared nor ours
  if (error?.code === 'NAME_TAKN') return
  if (error === undefined) expectTypeOf(data).toEqualTypeOf<{ id: string; at: Date }>()
}
expectTypeOf(safeCall).returns.resolves.toBeVoid()

// --- streams
const run = client.importRows({ rows: ['a'] }, { signal: AbortSignal.timeout(5) })
expectTypeOf(run).toEqualTypeOf<StreamRun<{ done: number; at: Date }, { rows: number }>>()
expectTypeOf(run.result).toEqualTypeOf<Promise<{ rows: number }>>()
expectTypeOf(client.feed()).toEqualTypeOf<StreamRun<number, void>>()
async function follow(): Promise<void> {
  for await (const progress of run) expectTypeOf(progress).toEqualTypeOf<{ done: number; at: Date }>()
  run.cancel()
}
expectTypeOf(follow).returns.resolves.toBeVoid()
// @ts-expect-error no input
client.importRows()
// @ts-expect-error the wrong input
client.importRows({ rows: [1] })
// @ts-expect-error a stream has no deadline
client.importRows({ rows: [] }, { withinMs: 5 })
// @ts-expect-error a stream is no promise: await its result
client.importRows({ rows: [] }).then(() => {})

// --- the rest
expectTypeOf(client.connection.getSnapshot()).toEqualTypeOf<ConnectionState>()
// @ts-expect-error there is no such option
createClient(contract, { uri: '/realtime' })
// @ts-expect-error nor such a transport
createClient(contract, { url: '/realtime', transport: 'carrier-pigeon' })
createClient(contract, { url: '/realtime', transport: 'sse', headers: async () => ({ a: 'b' }) })
createClient(contract, { url: '/realtime', headers: [['a', 'b']], credentials: 'include' })
// @ts-expect-error no such way to send cookies
createClient(contract, { url: '/realtime', credentials: 'always' })

// --- presence

expectTypeOf(client.lounge.presence.getSnapshot()).toEqualTypeOf<
  PresenceSnapshot<{ name: string; away: boolean }>
>()
client.lounge.presence.onChange(({ joined, left }) => {
  expectTypeOf(joined).toEqualTypeOf<readonly PresentMember<{ name: string; away: boolean }>[]>()
  expectTypeOf(left[0]!.entries[0]!.since).toEqualTypeOf<number>()
})
expectTypeOf(client.lounge.presence.set({ away: true })).toEqualTypeOf<Promise<void>>()
client.lounge.presence.set({})
// @ts-expect-error no such part of the state
client.lounge.presence.set({ mood: 'good' })
// @ts-expect-error a part of something else
client.lounge.presence.set({ away: 'far' })
// @ts-expect-error this channel has no presence
client.room({ id: 'a' }).presence
