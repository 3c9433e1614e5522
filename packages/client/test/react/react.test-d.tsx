/** Only type-checked: what hooks know of handles, of a client's channels and of subscribers alike. */
import type { ParleyError } from '@parley/shared'
import { expectTypeOf } from 'vitest'
import { type ChannelHandleOf, createSubscriber, type PresentMember, type ReadGap } from '../../src/index.js'
import { append, useChannel, useConnection, useEvent, usePresence, useSend } from '../../src/react.js'
import { contract } from './contract.js'

interface Message {
  id: string
  text: string
}

declare const room: ChannelHandleOf<(typeof contract)['tree']['room']>
const feed = createSubscriber(contract, 'feed', { url: '/feed' })

// --- useEvent -----------------------------------------------------------------------------------------------

useEvent(room, 'message', (message, details) => {
  expectTypeOf(message).toEqualTypeOf<Message>()
  expectTypeOf(details.at).toEqualTypeOf<number | undefined>()
})
useEvent(
  feed,
  'typing',
  (name, details) => {
    expectTypeOf(name).toEqualTypeOf<string>()
    // @ts-expect-error this channel keeps no times
    details.at
  },
  { from: 'first' },
)
// @ts-expect-error no such event
useEvent(room, 'massage', () => {})
// @ts-expect-error a listener of something else
useEvent(room, 'left', (left: { who: string }) => left)

// --- useChannel ---------------------------------------------------------------------------------------------

// the state comes from the data, and an event is any of the channel's
const all = useChannel(
  room,
  (state, event) => {
    expectTypeOf(state).toEqualTypeOf<{ messages: number; left: string[] }>()
    expectTypeOf(event.position).toEqualTypeOf<string | undefined>()
    expectTypeOf(event.replayed).toEqualTypeOf<boolean>()
    expectTypeOf(event.at).toEqualTypeOf<number | undefined>()
    if (event.name === 'message') {
      expectTypeOf(event.data).toEqualTypeOf<Message>()
      return { ...state, messages: state.messages + 1 }
    }
    expectTypeOf(event.name).toEqualTypeOf<'left'>()
    return { ...state, left: [...state.left, event.data.name] }
  },
  { data: { messages: 0, left: [] as string[] } },
)
expectTypeOf(all.state).toEqualTypeOf<{ messages: number; left: string[] }>()
expectTypeOf(all.status).toEqualTypeOf<'idle' | 'joining' | 'catching-up' | 'live' | 'refused'>()
expectTypeOf(all.gap).toEqualTypeOf<ReadGap | undefined>()
expectTypeOf(all.code).toEqualTypeOf<string | undefined>()

// names narrow the events
useChannel(
  room,
  (count, { name, data }) => {
    expectTypeOf(name).toEqualTypeOf<'message'>()
    expectTypeOf(data).toEqualTypeOf<Message>()
    return count + 1
  },
  { data: 0, events: ['message'] },
)
useChannel(
  feed,
  (count, { name }) => {
    expectTypeOf(name).toEqualTypeOf<'message' | 'typing'>()
    return count + 1
  },
  { data: 0, events: ['message', 'typing'] },
)
// @ts-expect-error no such event
useChannel(room, (count: number) => count, { data: 0, events: ['massage'] })
// @ts-expect-error the first state is needed
useChannel(room, (count: number) => count, {})
// @ts-expect-error a reducer that makes something else of the state
useChannel(room, (count) => `${count}`, { data: 0 })

// what a loader gives, as it is
const loaded: { data: Message[]; position: string } = { data: [], position: 'e-1' }
const chat = useChannel(room, append(50), { ...loaded, events: ['message'], key: (item) => item.id })
expectTypeOf(chat.state).toEqualTypeOf<Message[]>()
const readonly = useChannel(room, append(50), { data: [] as readonly Message[], events: ['message'] })
expectTypeOf(readonly.state).toEqualTypeOf<readonly Message[]>()
useChannel(
  room,
  append(50, (item) => item.id),
  { data: loaded.data, events: ['message'] },
)
useChannel(
  room,
  append(50, (item: Message) => item.id),
  { data: loaded.data, events: ['message'] },
)

// what mends a gap gives what the data is, and a position
useChannel(room, append(50), { ...loaded, events: ['message'], load: async () => loaded })
useChannel(room, (count) => count + 1, { data: 0, load: async () => ({ data: 5, position: 'e-1' }) })
// @ts-expect-error a state of another type
useChannel(room, (count) => count + 1, { data: 0, load: async () => ({ data: 'five', position: 'e-1' }) })
// @ts-expect-error without a position it could not go on
useChannel(room, (count) => count + 1, { data: 0, load: async () => ({ data: 5 }) })

// @ts-expect-error a list of messages has no place for who left
useChannel(room, append(50), { data: loaded.data })
// @ts-expect-error nor where both are asked for
useChannel(room, append(50), { data: loaded.data, events: ['message', 'left'] })
// @ts-expect-error an item has no such key
useChannel(room, append(50), { data: loaded.data, events: ['message'], key: (item) => item.key })
// @ts-expect-error no place to begin
useChannel(room, append(50), { data: loaded.data, events: ['message'], from: { last: '5' } })

// --- useSend ------------------------------------------------------------------------------------------------

const { send, pending, error } = useSend(room, 'say')
expectTypeOf(send({ text: 'hello' })).toEqualTypeOf<Promise<{ id: string }>>()
expectTypeOf(pending).toEqualTypeOf<boolean>()
if (error?.code === 'MUTED') expectTypeOf(error.data).toEqualTypeOf<{ until: number }>()
if (error?.code === 'TIMEOUT') expectTypeOf(error).toExtend<ParleyError>()
// @ts-expect-error no declared error of this name
if (error?.code === 'DEAFENED') void error
// @ts-expect-error of another type
send({ text: 5 })
// @ts-expect-error it takes something
send()
expectTypeOf(useSend(room, 'wave').send('hi')).toEqualTypeOf<void>()
expectTypeOf(useSend(room, 'clear').send()).toEqualTypeOf<Promise<void>>()
// @ts-expect-error no such message
useSend(room, 'shout')
// @ts-expect-error a subscriber sends nothing
useSend(feed, 'say')

// --- useConnection ------------------------------------------------------------------------------------------

const connection = useConnection()
if (connection.status === 'reconnecting') expectTypeOf(connection.delayMs).toEqualTypeOf<number>()
// @ts-expect-error only while it is reconnecting
connection.attempt
// @ts-expect-error a subscriber has no connection
useConnection(feed)

// --- usePresence --------------------------------------------------------------------------------------------

declare const lounge: ChannelHandleOf<(typeof contract)['tree']['lounge']>
expectTypeOf(usePresence(lounge)).toEqualTypeOf<readonly PresentMember<{ name: string }>[]>()
// @ts-expect-error this channel has no presence
usePresence(room)
