/** Only type-checked: the types that users get by path, and those that handles are made of. */
import type {
  CallPath,
  ChannelPath,
  EventName,
  InferError,
  InferEvent,
  InferInput,
  InferMessage,
  InferMessageError,
  InferMessageOutput,
  InferOutput,
  InferParams,
  InferPresence,
  InferYield,
  MessageName,
  ParleyError,
  StreamPath,
} from '@parley/shared'
import type {
  ChannelAt,
  EventInputs,
  EventOutputs,
  LeafAt,
  OneOf,
  SentMessage,
  SentMessages,
} from '@parley/shared/internal'
import { expectTypeOf } from 'vitest'
import type { contract } from './example.js'

type C = typeof contract
type Tree = C['tree']

// paths
expectTypeOf<ChannelPath<Tree>>().toEqualTypeOf<'notifications' | 'stats' | 'room' | 'rooms.audit.feed'>()
expectTypeOf<CallPath<Tree>>().toEqualTypeOf<'rooms.create' | 'rooms.list' | 'rooms.audit.pay'>()
expectTypeOf<StreamPath<Tree>>().toEqualTypeOf<'importRows'>()
expectTypeOf<EventName<C, 'room'>>().toEqualTypeOf<'message' | 'typing'>()
expectTypeOf<EventName<C, 'rooms.audit.feed'>>().toEqualTypeOf<'entry'>()
expectTypeOf<MessageName<C, 'room'>>().toEqualTypeOf<'say' | 'clear' | 'react' | 'typing'>()
expectTypeOf<MessageName<C, 'stats'>>().toEqualTypeOf<never>()
expectTypeOf<LeafAt<Tree, 'rooms.nowhere'>>().toEqualTypeOf<never>()
expectTypeOf<LeafAt<Tree, 'rooms.audit.feed'>['kind']>().toEqualTypeOf<'channel'>()
expectTypeOf<OneOf<ChannelPath<Tree>, 'room'>>().toEqualTypeOf<'room'>()
expectTypeOf<OneOf<ChannelPath<Tree>, 'rom'>>().toEqualTypeOf<ChannelPath<Tree>>()

// events: who reads gets the output, who writes gives the input
expectTypeOf<InferEvent<C, 'room', 'message'>>().toEqualTypeOf<{ text: string; sentBy: string }>()
expectTypeOf<InferEvent<C, 'room', 'message', 'written'>>().toEqualTypeOf<{
  text: string
  sentBy?: string | undefined
}>()
expectTypeOf<InferEvent<C, 'room', 'typing'>>().toEqualTypeOf<{ name: string }>()
expectTypeOf<InferEvent<C, 'rooms.audit.feed', 'entry'>>().toEqualTypeOf<string>()

// params and presence
expectTypeOf<InferParams<C, 'room'>>().toEqualTypeOf<{ id: string; page?: number | undefined }>()
expectTypeOf<InferParams<C, 'room', 'read'>>().toEqualTypeOf<{ id: string; page: number }>()
expectTypeOf<InferParams<C, 'stats'>>().toEqualTypeOf<undefined>()
expectTypeOf<InferPresence<C, 'room'>>().toEqualTypeOf<{ name: string; away: boolean }>()
expectTypeOf<InferPresence<C, 'stats'>>().toEqualTypeOf<undefined>()

// messages
expectTypeOf<InferMessage<C, 'room', 'say'>>().toEqualTypeOf<{ text: string; loud?: boolean | undefined }>()
expectTypeOf<InferMessage<C, 'room', 'say', 'read'>>().toEqualTypeOf<{ text: string; loud: boolean }>()
expectTypeOf<InferMessage<C, 'room', 'clear'>>().toEqualTypeOf<undefined>()
expectTypeOf<InferMessage<C, 'room', 'react'>>().toEqualTypeOf<'up' | 'down'>()
expectTypeOf<InferMessage<C, 'room', 'typing'>>().toEqualTypeOf<{ name: string }>()
expectTypeOf<InferMessageOutput<C, 'room', 'say'>>().toEqualTypeOf<{ id: number }>()
expectTypeOf<InferMessageOutput<C, 'room', 'say', 'written'>>().toEqualTypeOf<{ id: string }>()
expectTypeOf<InferMessageOutput<C, 'room', 'clear'>>().toEqualTypeOf<void>()
expectTypeOf<InferMessageOutput<C, 'room', 'react'>>().toEqualTypeOf<void>()
expectTypeOf<InferMessageError<C, 'room', 'say'>>().toEqualTypeOf<ParleyError<'MUTED', { until: Date }>>()
expectTypeOf<InferMessageError<C, 'room', 'react'>>().toEqualTypeOf<never>()

// calls and streams
expectTypeOf<InferInput<C, 'rooms.create'>>().toEqualTypeOf<{ name: string; open?: boolean | undefined }>()
expectTypeOf<InferInput<C, 'rooms.create', 'read'>>().toEqualTypeOf<{ name: string; open: boolean }>()
expectTypeOf<InferInput<C, 'rooms.list'>>().toEqualTypeOf<undefined>()
expectTypeOf<InferOutput<C, 'rooms.list'>>().toEqualTypeOf<string[]>()
expectTypeOf<InferOutput<C, 'rooms.audit.pay'>>().toEqualTypeOf<void>()
expectTypeOf<InferError<C, 'rooms.list'>>().toEqualTypeOf<never>()
expectTypeOf<InferError<C, 'rooms.create'>>().toEqualTypeOf<
  ParleyError<'NAME_TAKEN', { suggestion: string }> | ParleyError<'FULL', undefined>
>()
expectTypeOf<InferInput<C, 'importRows'>>().toEqualTypeOf<string[]>()
expectTypeOf<InferYield<C, 'importRows'>>().toEqualTypeOf<{ done: number }>()
expectTypeOf<InferOutput<C, 'importRows'>>().toEqualTypeOf<{ rows: number }>()
expectTypeOf<InferError<C, 'importRows'>>().toEqualTypeOf<ParleyError<'BAD_ROW', number>>()

// building blocks of handles
type Room = ChannelAt<Tree, 'room'>
expectTypeOf<EventInputs<Room>>().toEqualTypeOf<{
  readonly message: { text: string; sentBy?: string | undefined }
  readonly typing: { name: string }
}>()
expectTypeOf<EventOutputs<Room>>().toEqualTypeOf<{
  readonly message: { text: string; sentBy: string }
  readonly typing: { name: string }
}>()
expectTypeOf<SentMessages<Room>>().toEqualTypeOf<{
  readonly say: SentMessage<
    'call',
    { text: string; loud?: boolean | undefined },
    { id: number },
    ParleyError<'MUTED', { until: Date }>
  >
  readonly clear: SentMessage<'call', undefined, void, never>
  readonly react: SentMessage<'bare', 'up' | 'down', void, never>
  readonly typing: SentMessage<'volatile', { name: string }, void, never>
}>()
expectTypeOf<ChannelAt<Tree, 'stats'>['times']>().toEqualTypeOf<true>()
expectTypeOf<Room['times']>().toEqualTypeOf<false>()

// nothing public becomes `any`
expectTypeOf<Tree>().not.toBeAny()
expectTypeOf<Room>().not.toBeAny()
expectTypeOf<InferEvent<C, 'room', 'message'>>().not.toBeAny()
expectTypeOf<InferParams<C, 'stats'>>().not.toBeAny()
expectTypeOf<InferError<C, 'rooms.create'>['data']>().not.toBeAny()
expectTypeOf<C['channels']>().not.toBeAny()

// @ts-expect-error the channel is called 'room'
export type WrongPath = InferEvent<C, 'rom', 'message'>
// @ts-expect-error the event is called 'message'
export type WrongEvent = InferEvent<C, 'room', 'mesage'>
// @ts-expect-error 'rooms.list' is a call, no channel
export type WrongKind = InferEvent<C, 'rooms.list', 'message'>
// @ts-expect-error the message is called 'say'
export type WrongMessage = InferMessage<C, 'room', 'sya'>
// @ts-expect-error the call is called 'rooms.create'
export type WrongCall = InferOutput<C, 'rooms.crate'>
// @ts-expect-error 'room' is a channel, no stream
export type WrongStream = InferYield<C, 'room'>
