/** The types of what a client is made of: handles of channels, callers, streams, the connection. Types only. */
import type { ContractTree } from '@parley/shared'
import type {
  CallLike,
  ChannelLike,
  DeclaredError,
  EventOutputs,
  RequestError,
  SchemaInput,
  SchemaOutput,
  SentMessages,
  StreamLike,
} from '@parley/shared/internal'
import type { ConnectionState } from './core/connection-state.js'
import type { PresenceChange, PresenceSnapshot } from './core/presence.js'
import type { ReadingHalf } from './reading-half.js'
import type { RequestOptions } from './shell/requests.js'
import type { Store } from './shell/store.js'

/** What is passed: the input may be left out where it may be `undefined`. */
export type Args<Input, Options = RequestOptions> = undefined extends Input
  ? [input?: Input, options?: Options]
  : [input: Input, options?: Options]

/** What `safe` gives: the output, or the error as a value. */
export type SafeResult<Output, Failure> =
  | { readonly data: Output; readonly error: undefined }
  | { readonly data: undefined; readonly error: Failure }

/** What helpers, such as those for TanStack Query, need to know of a call; nothing that an application should touch. */
export interface CallFacts<Idempotent extends boolean> {
  readonly path: string
  /** It may be made again at any time. */
  readonly idempotent: Idempotent
  /** An input as plain JSON: the same for equal inputs, whatever the order of their fields. */
  readonly keyOf: (input: unknown) => { readonly input: unknown; readonly meta?: unknown }
}

/** Makes one call of the contract. */
export interface Caller<Input, Output, Declared, Idempotent extends boolean = boolean> {
  readonly '~call': CallFacts<Idempotent>
  /**
   * Makes the call. While the connection is away it waits for it, in order, within the bounds of the outbox.
   *
   * @returns The output.
   * @throws ParleyError with a declared code, or one of Parley's own: `VALIDATION`, `TIMEOUT`, `OUTCOME_UNKNOWN` when
   *   the connection broke before the answer, `OUTBOX_FULL`, `ABORTED`, `CLOSED`, ...
   */
  (...args: Args<Input>): Promise<Output>
  /**
   * The same, with the error as a value.
   *
   * @example
   * const { data, error } = await client.rooms.create.safe({ name })
   * if (error?.code === 'NAME_TAKEN') suggest(error.data.suggestion)
   */
  safe(...args: Args<Input>): Promise<SafeResult<Output, RequestError<Declared>>>
}

/** Options of one stream. It has no deadline: it takes as long as its values are taken. */
export interface StreamRequestOptions {
  /** Gives the stream up. */
  readonly signal?: AbortSignal | undefined
}

/**
 * A stream that runs on the server: loop over it for its values, await `result` for what it comes to. The server makes
 * no more values than the loop takes, but for a few that are under way.
 *
 * A cut of the connection is not seen here: the stream goes on where it was. It fails with `OUTCOME_UNKNOWN` where the
 * session is lost, and is never begun anew by itself.
 *
 * @example
 * const run = client.importRows(rows)
 * for await (const { done } of run) show(done)
 * const summary = await run.result
 */
export interface StreamRun<Progress, Summary> {
  /**
   * The values, in order, each once; for one loop alone. Leaving the loop - `break`, `return`, a throw - gives the stream
   * up, and the handler on the server is told.
   *
   * @throws ParleyError in the loop, after the values that came before it: what the stream failed with, as `result`
   *   does. `CONFLICT` at once for a second loop, or where `result` alone was asked for.
   */
  [Symbol.asyncIterator](): AsyncIterator<Progress, undefined>
  /**
   * What the handler returned. Asked for before there is a loop, the values are dropped as they come.
   *
   * @throws ParleyError with a declared code, or one of Parley's own: `VALIDATION`, `OVERLOADED`, `ABORTED` after
   *   `cancel` or a `break`, `OUTCOME_UNKNOWN`, `CLOSED`, ... Nobody has to catch it.
   */
  readonly result: Promise<Summary>
  /** Gives the stream up: the loop and `result` fail with `ABORTED`, and the handler on the server is told. */
  cancel(): void
}

/** Starts one stream of the contract. */
export interface StreamCaller<Input, Progress, Summary> {
  /**
   * Starts the stream. While the connection is away it waits for it, as a call does. What is wrong with it is told by
   * the loop and by `result`, and never thrown here.
   */
  (...args: Args<Input, StreamRequestOptions>): StreamRun<Progress, Summary>
}

/** One field of what a sender knows of a message: see `SentMessages`. */
export type Of<Message, Field extends 'kind' | 'input' | 'output' | 'error'> = Message extends {
  readonly [F in Field]: infer T
}
  ? T
  : never

/** A volatile message returns at once; any other is acknowledged. */
export type Sent<Message> = Of<Message, 'kind'> extends 'volatile' ? void : Promise<Of<Message, 'output'>>

/** Sends messages on a topic. */
export interface Send<Messages> {
  /**
   * Sends a message. Messages on one topic are handled in the order sent; while the connection is away they wait, in
   * the bounds of the outbox, and go out in order. A volatile one is then dropped.
   *
   * @returns The acknowledgement's output; nothing, at once, for a volatile message.
   * @throws ParleyError as a call does.
   */
  <Name extends keyof Messages & string>(
    name: Name,
    ...args: Args<Of<Messages[Name], 'input'>>
  ): Sent<Messages[Name]>
  /** The same, with the error as a value. */
  safe<Name extends keyof Messages & string>(
    name: Name,
    ...args: Args<Of<Messages[Name], 'input'>>
  ): Promise<SafeResult<Of<Messages[Name], 'output'>, RequestError<Of<Messages[Name], 'error'>>>>
}

/** One topic of a client: reads its events, sends its messages. */
export interface ChannelHandle<Events, Messages, Times extends boolean> extends ReadingHalf<Events, Times> {
  readonly send: Send<Messages>
}

/**
 * Who is present on a topic: a store, which joins the topic while somebody watches it, without reading its events. A
 * client is there itself as long as it watches, or reads.
 */
export interface Presence<State, Wanted> extends Store<PresenceSnapshot<State>> {
  /**
   * Says what this client wants to be shown as, in the place of what it said before. The server has the last word. It is
   * said again after each reconnection; on a topic that nobody reads or watches it is kept until somebody does.
   *
   * @returns Resolves once the server has taken it; at once where the topic is not joined. A failure is reported, too,
   *   so it may be ignored.
   * @throws ParleyError (rejects) `VALIDATION`, `TOO_LARGE` above 4 KiB, what the handler threw, or the code with which
   *   the topic was refused or the client closed. What was shown before stands.
   * @example
   * await room.presence.set({ away: true })
   */
  set(wanted: Wanted): Promise<void>
  /**
   * Calls `listener` with what differs from what was shown before: not for the first list, and after a cut only for what
   * became different meanwhile.
   *
   * @returns Ends it.
   * @example
   * room.presence.onChange(({ joined, left }) => show(joined, left))
   */
  onChange(listener: (change: PresenceChange<State>) => unknown): () => void
}

/** One topic of a client, on a channel with presence. */
export interface PresenceChannelHandle<Events, Messages, Times extends boolean, State, Wanted>
  extends ChannelHandle<Events, Messages, Times> {
  readonly presence: Presence<State, Wanted>
}

/**
 * The handle of a channel, out of the contract. Conditional, as the types of trees below, so that the compiler prints
 * what it comes to and not the channel's schemas.
 */
export type ChannelHandleOf<C extends ChannelLike> = C extends ChannelLike
  ? C['presence'] extends undefined
    ? ChannelHandle<EventOutputs<C>, SentMessages<C>, C['times']>
    : PresenceChannelHandle<
        EventOutputs<C>,
        SentMessages<C>,
        C['times'],
        SchemaOutput<C['presence']>,
        Partial<SchemaInput<C['presence']>>
      >
  : never

/** A channel with params: the same params give the same handle, as long as somebody holds or uses it. */
export interface ChannelFunction<Params, Handle> {
  /** @throws ParleyError `VALIDATION`, `PARAMS_NOT_STABLE` or `TOO_LARGE` for params that name no topic. */
  (params: Params): Handle
}

/** The connection of a client: a store, and what an application can do with it. */
export interface Connection extends Store<ConnectionState> {
  /** Opens it, also after it was closed for good. Topics that the server refused are asked for again. */
  open(): void
  /** Closes it: what waits for an answer is rejected, `events()` and `ready()` throw `CLOSED`; listeners stay. */
  close(): void
  /** Leaves the connection for another one, at once; readers go on where they were. */
  reconnect(): void
}

/** The handles of a contract's tree. */
export type Handles<Tree> = Tree extends object
  ? {
      readonly [K in keyof Tree]: Tree[K] extends ChannelLike
        ? Tree[K]['params'] extends undefined
          ? ChannelHandleOf<Tree[K]>
          : ChannelFunction<SchemaInput<Tree[K]['params']>, ChannelHandleOf<Tree[K]>>
        : Tree[K] extends CallLike
          ? Caller<
              SchemaInput<Tree[K]['input']>,
              OutputOf<Tree[K]['output']>,
              DeclaredError<Tree[K]['errors']>,
              Tree[K]['idempotent']
            >
          : Tree[K] extends StreamLike
            ? StreamCaller<
                SchemaInput<Tree[K]['input']>,
                SchemaOutput<Tree[K]['yields']>,
                OutputOf<Tree[K]['output']>
              >
            : Handles<Tree[K]>
    }
  : never

/** A call or stream without an output gives nothing. */
type OutputOf<Schema> = Schema extends undefined ? void : SchemaOutput<Schema>

/** What `createClient` gives for a contract's tree. */
export type Client<Tree extends ContractTree> = Tree extends ContractTree
  ? Handles<Tree> & { readonly connection: Connection }
  : never
