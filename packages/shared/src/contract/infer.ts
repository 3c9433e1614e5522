/** The types that a contract stands for, by path; types only. */
import type {
  At,
  CallLike,
  ChannelLike,
  DeclaredError,
  OrVoid,
  SchemaOf,
  Side,
  StreamLike,
} from './resolve.js'
import type { ContractLeaf, ContractTree } from './tree.js'

// --- paths --------------------------------------------------------------------------------------------------

type Paths<T, Kind extends ContractLeaf['kind']> = string extends keyof T
  ? string
  : {
      [K in keyof T & string]: T[K] extends ContractLeaf
        ? T[K]['kind'] extends Kind
          ? K
          : never
        : `${K}.${Paths<T[K], Kind>}`
    }[keyof T & string]

/** The dotted path of each channel of a contract's tree. */
export type ChannelPath<T> = Paths<T, 'channel'>
/** The dotted path of each call. */
export type CallPath<T> = Paths<T, 'call'>
/** The dotted path of each stream. */
export type StreamPath<T> = Paths<T, 'stream'>

/**
 * The type of a parameter that takes one of `All`: a wrong one is told the paths there are, and nothing else.
 * (As a constraint, `P extends All`, the compiler prints the whole contract.)
 */
export type OneOf<All extends string, P> = P extends All ? P : { [K in All]: K }[All]

/** The leaf of a tree at a dotted path. */
export type LeafAt<T, P> = P extends keyof T
  ? T[P]
  : P extends `${infer Head}.${infer Rest}`
    ? Head extends keyof T
      ? LeafAt<T[Head], Rest>
      : never
    : never

/** The channel at a path. */
export type ChannelAt<T, P> = Extract<LeafAt<T, P>, ChannelLike>

// --- for users: types by path -------------------------------------------------------------------------------

/** Anything with a contract's tree. */
export interface ContractLike {
  readonly tree: ContractTree
}

type ChannelIn<C extends ContractLike, P> = ChannelAt<C['tree'], P>
type RequestIn<C extends ContractLike, P> = Extract<LeafAt<C['tree'], P>, CallLike | StreamLike>
type Message<C extends ContractLike, P, N> = N extends keyof ChannelIn<C, P>['messages']
  ? ChannelIn<C, P>['messages'][N]
  : never

/** Paths of calls and streams. */
type RequestPath<T> = Paths<T, 'call' | 'stream'>

/** Names of the events of the channel at a path. */
export type EventName<C extends ContractLike, P extends ChannelPath<C['tree']>> =
  ChannelIn<C, P> extends { readonly events: infer Events } ? keyof Events & string : never

/** Names of the messages of the channel at a path. */
export type MessageName<C extends ContractLike, P extends ChannelPath<C['tree']>> =
  ChannelIn<C, P> extends { readonly messages: infer Messages } ? keyof Messages & string : never

/**
 * An event, as a reader gets it; with `'written'`, as `emit` takes it.
 *
 * @example
 * type ChatMessage = InferEvent<typeof contract, 'room', 'message'>
 */
export type InferEvent<
  C extends ContractLike,
  P extends ChannelPath<C['tree']>,
  N extends EventName<C, P>,
  S extends Side = 'read',
> = N extends keyof ChannelIn<C, P>['events'] ? At<SchemaOf<ChannelIn<C, P>['events'][N]>, S> : never

/**
 * The params of a channel, as they are passed; with `'read'`, as handlers get them.
 *
 * @example
 * type RoomParams = InferParams<typeof contract, 'room'>
 */
export type InferParams<
  C extends ContractLike,
  P extends ChannelPath<C['tree']>,
  S extends Side = 'written',
> = At<ChannelIn<C, P>['params'], S>

/**
 * The presence state of a member, as others see it; with `'written'`, as it is set.
 *
 * @example
 * type Present = InferPresence<typeof contract, 'room'>
 */
export type InferPresence<
  C extends ContractLike,
  P extends ChannelPath<C['tree']>,
  S extends Side = 'read',
> = At<ChannelIn<C, P>['presence'], S>

/**
 * A message, as it is sent; with `'read'`, as its handler gets it.
 *
 * @example
 * type Say = InferMessage<typeof contract, 'room', 'say'>
 */
export type InferMessage<
  C extends ContractLike,
  P extends ChannelPath<C['tree']>,
  N extends MessageName<C, P>,
  S extends Side = 'written',
> = Message<C, P, N> extends infer M ? At<M extends CallLike ? M['input'] : SchemaOf<M>, S> : never

/**
 * What a message is acknowledged with, as its sender gets it; with `'written'`, as its handler returns it.
 *
 * @example
 * type Said = InferMessageOutput<typeof contract, 'room', 'say'>
 */
export type InferMessageOutput<
  C extends ContractLike,
  P extends ChannelPath<C['tree']>,
  N extends MessageName<C, P>,
  S extends Side = 'read',
> = Message<C, P, N> extends infer M ? (M extends CallLike ? OrVoid<At<M['output'], S>> : void) : never

/**
 * The union of the errors that a message declares, as its sender catches them.
 *
 * @example
 * type SayError = InferMessageError<typeof contract, 'room', 'say'>
 */
export type InferMessageError<
  C extends ContractLike,
  P extends ChannelPath<C['tree']>,
  N extends MessageName<C, P>,
> = Message<C, P, N> extends infer M ? (M extends CallLike ? DeclaredError<M['errors']> : never) : never

/**
 * The input of a call or stream, as it is passed; with `'read'`, as the handler gets it.
 *
 * @example
 * type NewRoom = InferInput<typeof contract, 'rooms.create'>
 */
export type InferInput<
  C extends ContractLike,
  P extends RequestPath<C['tree']>,
  S extends Side = 'written',
> = At<RequestIn<C, P>['input'], S>

/**
 * The output of a call, or the result of a stream, as the caller gets it; with `'written'`, as the handler returns it.
 *
 * @example
 * type Room = InferOutput<typeof contract, 'rooms.create'>
 */
export type InferOutput<
  C extends ContractLike,
  P extends RequestPath<C['tree']>,
  S extends Side = 'read',
> = OrVoid<At<RequestIn<C, P>['output'], S>>

/**
 * What a stream yields, as the caller gets it; with `'written'`, as the handler yields it.
 *
 * @example
 * type Progress = InferYield<typeof contract, 'importRows'>
 */
export type InferYield<C extends ContractLike, P extends StreamPath<C['tree']>, S extends Side = 'read'> = At<
  Extract<LeafAt<C['tree'], P>, StreamLike>['yields'],
  S
>

/**
 * The union of the errors that a call or stream declares, as the caller catches them.
 *
 * @example
 * type CreateError = InferError<typeof contract, 'rooms.create'>
 */
export type InferError<C extends ContractLike, P extends RequestPath<C['tree']>> = DeclaredError<
  RequestIn<C, P>['errors']
>
