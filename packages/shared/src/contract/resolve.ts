/**
 * From definitions to the types that they stand for; types only. Who writes gives a schema's input, who reads gets its
 * output. The handles of server and client are made of these: they take resolved types, so that a hover shows those
 * and no schemas.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ParleyError } from '../errors.js'
import type { ErrorCode } from '../wire/codes.js'
import type { ContractLeaf } from './tree.js'

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
  readonly idempotent: boolean
  readonly once: unknown
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
export type SchemaOf<E> = E extends { readonly kind: 'volatile'; readonly schema: unknown } ? E['schema'] : E

/** A result that may be none at all. */
export type OrVoid<T> = [T] extends [undefined] ? void : T

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

/** One side of a schema. */
export type At<S, Which extends Side> = Which extends 'written' ? SchemaInput<S> : SchemaOutput<S>
