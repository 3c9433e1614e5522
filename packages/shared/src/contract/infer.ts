/**
 * The types that a contract stands for; types only. Who writes gives a schema's input, who reads gets its output.
 * The second half is for users (`Infer...` by path), the first for the handles of server and client, which take
 * resolved types, so that a hover shows those and no schemas.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ParleyError } from '../errors.js'
import type { ErrorCode } from '../wire/codes.js'
import type { ContractLeaf, ContractTree } from './tree.js'

// --- leaves -------------------------------------------------------------------------------------------------

/** Any channel. (`Channel<any, ...>` would do, but lets an omitted argument become `any`.) */
export interface ChannelLike extends ContractLeaf {
  readonly kind: 'channel'
  readonly params: unknown
  readonly events: object
  readonly messages: object
  readonly presence: unknown
  readonly times: boolean
}

/** Any call. */
export interface CallLike extends ContractLeaf {
  readonly kind: 'call'
  readonly input: unknown
  readonly output: unknown
  readonly errors: object
}

/** Any stream. */
export interface StreamLike extends ContractLeaf {
  readonly kind: 'stream'
  readonly input: unknown
  readonly yields: unknown
  readonly output: unknown
  readonly errors: object
}

// --- schemas ------------------------------------------------------------------------------------------------

/** What is written: a zod schema's by property, which is much cheaper than through Standard Schema. */
export type SchemaInput<S> = S extends { readonly _zod: { readonly input: unknown } }
  ? S['_zod']['input']
  : S extends StandardSchemaV1
    ? StandardSchemaV1.InferInput<S>
    : undefined

/** What is read. */
export type SchemaOutput<S> = S extends { readonly _zod: { readonly output: unknown } }
  ? S['_zod']['output']
  : S extends StandardSchemaV1
    ? StandardSchemaV1.InferOutput<S>
    : undefined

/** The schema of an event or a bare message, out of its `volatile(...)`. */
type SchemaOf<E> = E extends { readonly kind: 'volatile'; readonly schema: unknown } ? E['schema'] : E

/** A result that may be none at all. */
type OrVoid<T> = [T] extends [undefined] ? void : T

// --- building blocks of handles -----------------------------------------------------------------------------
// A mapped type stands in a conditional type that always holds: so it is shown as what it is, `{ message: { ... } }`,
// and not as the name of its alias with the schemas that it was made from.

/** What each event of a channel takes, by name. */
export type EventInputs<C extends ChannelLike> = C extends ChannelLike
  ? { readonly [N in keyof C['events']]: SchemaInput<SchemaOf<C['events'][N]>> }
  : never

/** What each event of a channel gives, by name. */
export type EventOutputs<C extends ChannelLike> = C extends ChannelLike
  ? { readonly [N in keyof C['events']]: SchemaOutput<SchemaOf<C['events'][N]>> }
  : never

/** What a sender knows of a message. `error` is the union of the declared ones, `never` where there is none. */
export interface SentMessage<Kind extends 'call' | 'bare' | 'volatile', Input, Output, Declared> {
  readonly kind: Kind
  readonly input: Input
  readonly output: Output
  readonly error: Declared
}

/** What a sender knows of each message of a channel, by name. */
export type SentMessages<C extends ChannelLike> = C extends ChannelLike
  ? { readonly [N in keyof C['messages']]: SentMessageOf<C['messages'][N]> }
  : never

type SentMessageOf<M> = M extends CallLike
  ? SentMessage<
      'call',
      SchemaInput<M['input']>,
      OrVoid<SchemaOutput<M['output']>>,
      DeclaredError<M['errors']>
    >
  : M extends { readonly kind: 'volatile'; readonly schema: unknown }
    ? SentMessage<'volatile', SchemaInput<M['schema']>, void, never>
    : SentMessage<'bare', SchemaInput<M>, void, never>

/** What a handler of a message, by name, reads: the output of its input's schema. */
export type ReceivedInput<M> = M extends CallLike ? SchemaOutput<M['input']> : SchemaOutput<SchemaOf<M>>

/** The union of a call's declared errors, as the caller catches them; `never` where there is none. */
export type DeclaredError<Errors extends object> = {
  [Code in keyof Errors]: ParleyError<Code & string, ErrorData<Errors[Code], 'read'>>
}[keyof Errors]

/** What a failed call or message can reject with: a declared error, or one of Parley's own. */
export type RequestError<Declared> = Declared | ParleyError<ErrorCode>

/** `data` of a declared error, as the handler writes it or the caller reads it. */
export type ErrorData<E, S extends Side> = E extends { readonly '~standard': unknown }
  ? At<E, S>
  : E extends { readonly data: unknown }
    ? At<E['data'], S>
    : undefined

/** The side of a schema: what who writes gives, or what who reads gets. */
export type Side = 'written' | 'read'

type At<S, Which extends Side> = Which extends 'written' ? SchemaInput<S> : SchemaOutput<S>

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
