import { compile } from './compile.js'
import type { Duration } from './duration.js'
import type {
  BadError,
  BadEvent,
  BadMessage,
  BadParam,
  BadRoot,
  BadSegment,
  Refuse,
  Refused,
} from './names.js'
import type { SchemaInput, SchemaOutput } from './resolve.js'
import type { AnySchema } from './schema.js'
import type { ContractSpecs } from './spec.js'
import type { ContractLeaf, ContractTree } from './tree.js'

/** What {@link defineContract} gives: the value that both sides import. */
export interface Contract<Tree extends ContractTree = ContractTree> extends ContractSpecs {
  readonly tree: Tree
}

// biome-ignore lint/complexity/noBannedTypes: no events, messages or errors; its keys are none, and a hover shows `{}`
type Nothing = {}

/** An event or message that may be dropped: see {@link volatile}. */
export interface Volatile<S extends AnySchema> {
  readonly kind: 'volatile'
  readonly schema: S
}

/** A declared error: the schema of its data, or that and the HTTP status (400 unless said). */
export type ErrorDefinition = AnySchema | { readonly data?: AnySchema; readonly status?: number }

export interface ErrorDefinitions {
  readonly [code: string]: ErrorDefinition
}
export interface EventDefinitions {
  readonly [name: string]: AnySchema | Volatile<AnySchema>
}
/** A call, by its brand alone: with more, `call()` would take its types from here. */
interface CallLeaf extends ContractLeaf {
  readonly kind: 'call'
}
export interface MessageDefinitions {
  readonly [name: string]: AnySchema | Volatile<AnySchema> | CallLeaf
}

export interface Call<Input, Output, Errors, Once, Idempotent extends boolean = boolean> {
  readonly kind: 'call'
  readonly input: Input
  readonly output: Output
  readonly errors: Errors
  readonly idempotent: Idempotent
  readonly once: Once
  readonly withinMs: number | undefined
}

export interface Stream<Input, Yields, Output, Errors> {
  readonly kind: 'stream'
  readonly input: Input
  readonly yields: Yields
  readonly output: Output
  readonly errors: Errors
}

export interface Channel<Params, Events, Messages, Presence, Times extends boolean> {
  readonly kind: 'channel'
  readonly params: Params
  readonly events: Events
  readonly messages: Messages
  readonly presence: Presence
  readonly times: Times
  readonly replay: Replay | undefined
  readonly upgrade: object | undefined
}

/**
 * What a topic keeps for readers that come back: the newest event of each name, or a window. What is left out of a
 * window is 1,000 events, 5 minutes and 1 MiB (1,048,576 bytes of encoded data).
 */
export type Replay = 'latest' | { readonly last?: number; readonly for?: Duration; readonly bytes?: number }

export interface CallOptions<Input, Output, Errors, Once, Idempotent extends boolean = boolean> {
  /** What the caller passes; left out, it passes nothing. */
  readonly input?: Input
  /** What the handler returns; left out, the caller gets nothing. */
  readonly output?: Output
  /** By code: the schema of the error's `data`, or `{ data, status }`. */
  readonly errors?: Errors & Refuse<Errors, BadError>
  /** May be run again by the client when the connection broke and the outcome is unknown. Default: false. */
  readonly idempotent?: Idempotent
  /**
   * Not run twice within this time, even across a crash of the server: it takes a log that remembers what ran, such as
   * the SQLite log. What its handler emits is stored with its result. Default: not remembered beyond the session.
   */
  readonly once?: Once
  /** Deadline in milliseconds. Default: 10,000. */
  readonly withinMs?: number
}

export interface StreamOptions<Input, Yields, Output, Errors> {
  /** What the caller passes; left out, it passes nothing. */
  readonly input?: Input
  /** Each value on the way. */
  readonly yields: Yields
  /** The final result; left out, there is none. */
  readonly output?: Output
  /** By code: the schema of the error's `data`, or `{ data, status }`. */
  readonly errors?: Errors & Refuse<Errors, BadError>
}

export interface ChannelOptions<Params, Events, Messages, Presence, Times> {
  /** Tells one topic of the channel from another: a flat object of strings, finite numbers, booleans and enums. */
  readonly params?: Params & CheckParams<Params>
  /** Server to client, by name. */
  readonly events?: Events & Refuse<Events, BadEvent>
  /** Client to server, by name: `call(...)`, a bare schema or `volatile(schema)`. */
  readonly messages?: Messages & Refuse<Messages, BadMessage>
  /** What each member shows of itself. A channel without it has no presence. */
  readonly presence?: Presence
  /** What is kept for readers that come back. Default: `{ last: 1_000, for: '5m' }`. */
  readonly replay?: Replay
  /** Adds `at`, when the log took an event, to its metadata. Default: false. */
  readonly times?: Times
  /** By event name: makes today's input from data that was written under an older schema. */
  readonly upgrade?: Upgrades<Events>
}

type Upgrades<Events> = {
  readonly [N in keyof Events]?: Events[N] extends AnySchema
    ? (old: unknown) => SchemaInput<Events[N]> | undefined
    : 'A volatile event is never read again'
}

/** Params are a flat object, and the query of an SSE route needs some names itself. */
type CheckParams<Params> = keyof SchemaInput<Params> & BadParam extends never
  ? SchemaOutput<Params> extends Flat<SchemaOutput<Params>> | undefined
    ? unknown
    : 'Params must be a flat object of strings, numbers and booleans'
  : Refused<keyof SchemaInput<Params> & BadParam>

type Flat<Params> = { readonly [K in keyof Params]: string | number | boolean | undefined }

/** The tree with the text of what is wrong where a name is refused. */
type CheckTree<Tree, Bad = BadSegment> = string extends keyof Tree
  ? unknown
  : {
      readonly [K in keyof Tree]: K extends Bad
        ? Refused<K>
        : Tree[K] extends ContractLeaf
          ? unknown
          : CheckTree<Tree[K]>
    }

/**
 * A named place where events flow to clients and messages to the server.
 *
 * @example
 * channel({
 *   params: z.object({ id: z.string() }),
 *   events: { message: ChatMessage, typing: volatile(Typing) },
 *   messages: { say: call({ input: Say, output: Said }), react: Reaction },
 * })
 */
export function channel<
  const Params extends AnySchema | undefined = undefined,
  const Events extends EventDefinitions = Nothing,
  const Messages extends MessageDefinitions = Nothing,
  const Presence extends AnySchema | undefined = undefined,
  const Times extends boolean = false,
>(
  options: ChannelOptions<Params, Events, Messages, Presence, Times>,
): Channel<Params, Events, Messages, Presence, Times> {
  return { ...(options as object), kind: 'channel' } as Channel<Params, Events, Messages, Presence, Times>
}

/**
 * One request, one response; also a message of a channel that is acknowledged with an output.
 *
 * @example
 * call({ input: NewRoom, output: Room, errors: { NAME_TAKEN: z.object({ suggestion: z.string() }) } })
 */
export function call<
  const Input extends AnySchema | undefined = undefined,
  const Output extends AnySchema | undefined = undefined,
  const Errors extends ErrorDefinitions = Nothing,
  const Once extends Duration | undefined = undefined,
  const Idempotent extends boolean = false,
>(
  options: CallOptions<Input, Output, Errors, Once, Idempotent> = {},
): Call<Input, Output, Errors, Once, Idempotent> {
  return { ...(options as object), kind: 'call' } as Call<Input, Output, Errors, Once, Idempotent>
}

/**
 * One request, many yielded values, one final result.
 *
 * @example
 * stream({ input: Rows, yields: Progress, output: Summary })
 */
export function stream<
  const Yields extends AnySchema,
  const Input extends AnySchema | undefined = undefined,
  const Output extends AnySchema | undefined = undefined,
  const Errors extends ErrorDefinitions = Nothing,
>(options: StreamOptions<Input, Yields, Output, Errors>): Stream<Input, Yields, Output, Errors> {
  return { ...(options as object), kind: 'stream' } as Stream<Input, Yields, Output, Errors>
}

/**
 * Marks an event or a message as one that may be lost: not kept, not queued while away, not acknowledged, dropped
 * under pressure and counted.
 *
 * @example
 * events: { typing: volatile(z.object({ name: z.string() })) }
 */
export function volatile<const S extends AnySchema>(schema: S): Volatile<S> {
  return { kind: 'volatile', schema }
}

/**
 * Makes the contract that both sides import from a tree of channels, calls and streams.
 *
 * @param options.version Stands in the fingerprint. Schemas of other vendors than zod cannot be looked into, so
 *   with them it is required, and has to change whenever one of them does.
 * @throws ParleyError `BAD_CONTRACT`, naming the path, for a name that is refused or a value of the wrong kind.
 *
 * @example
 * export const contract = defineContract({
 *   notifications: channel({ events: { notification: Notification } }),
 *   rooms: { create: call({ input: NewRoom, output: Room }) },
 * })
 */
export function defineContract<const Tree extends ContractTree>(
  tree: Tree & CheckTree<Tree, BadRoot>,
  options: { readonly version?: string } = {},
): Contract<Tree> {
  return Object.assign(compile(tree, options.version), { tree })
}
