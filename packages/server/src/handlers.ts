/** The types of everything that `createRouter` takes, and `anyone`. */
import type { ContractTree, ParleyError } from '@parley/shared'
import type {
  CallLike,
  ChannelLike,
  ErrorData,
  EventInputs,
  ReceivedInput,
  SchemaInput,
  SchemaOutput,
  StreamLike,
} from '@parley/shared/internal'
import type { Emit, HubTypes, RunTopic, RunTopics } from './handles.js'

/** Lets everybody read a topic. Every channel has a `join`, also an open one, so that open ones can be found. */
export const anyone = (): true => true

/** What survives a reconnection of a client; over plain SSE and HTTP, it lives as long as the request. */
export interface Session {
  /** Names it in reports and for `router.disconnect`; resumes nothing. */
  readonly id: string
  /** Whom it belongs to, as `identify` says; `undefined` while `context` runs, or where nobody says. */
  readonly member: string | undefined
  /** Ends the session's rights at this time unless they are refreshed: a `Date`, or seconds since 1970, as `exp` in a token. */
  expiresAt(at: Date | number): void
}

type Awaitable<T> = T | Promise<T>

/**
 * What every handler gets. Take its parts by name: costly ones are made when they are asked for, so a copy (`{ ...run }`)
 * has only those that are not.
 */
interface Run<Context, Topics> {
  /** What the hub's `context` returned for this session, or this request. */
  readonly context: Context
  readonly session: Session
  /**
   * Fires when the caller gives up, the deadline passes (a stream has none) or the session ends. A run that somebody may
   * ask for again, because it is `once` or has an `Idempotency-Key`, is stopped by its deadline alone.
   */
  readonly signal: AbortSignal
  /**
   * The hub's channels. What is emitted through them is stored before the caller is answered; what a `once` handler emits,
   * together with its result, or not at all where it fails.
   */
  readonly topics: Topics
  /** The HTTP request, where there is one of its own. */
  readonly request?: Request
}

/** Makes a declared error, to be thrown. */
export interface ErrorMaker<Code extends string, Data> {
  (
    ...args: Data extends undefined ? [data?: Data, message?: string] : [data: Data, message?: string]
  ): ParleyError<Code, Data>
}

// Mapped types stand in conditional types that always hold: see infer.ts.
type ErrorMakers<Errors> = Errors extends object
  ? { readonly [Code in keyof Errors]: ErrorMaker<Code & string, ErrorData<Errors[Code], 'written'>> }
  : never

export interface JoinRun<Params, Context> {
  readonly params: Params
  readonly context: Context
  readonly session: Session
  /** The HTTP request, where there is one of its own. */
  readonly request?: Request
}

/** Says whether a session may read a topic, and send to it. `false` or a throw is `FORBIDDEN`. */
export interface JoinHandler<Params, Context> {
  (run: JoinRun<Params, Context>): Awaitable<boolean>
}

export interface PresenceRun<Params, Wanted, Context> extends JoinRun<Params, Context> {
  /**
   * What the client asked to be shown as: any part of what the schema takes, or nothing. It is what the client says: take
   * from it what a client may choose, and put the rest over it.
   */
  readonly wanted: Wanted | undefined
}

/**
 * Says what a client is shown as to everybody on the topic. It is asked when the client comes, whenever that asks for
 * something else, and when its credentials were refreshed. What it throws refuses that, and what was shown before stands.
 *
 * @example
 * presence: ({ context, wanted }) => ({ ...wanted, name: context.user.name })
 */
export interface PresenceHandler<Params, Wanted, Shown, Context> {
  (run: PresenceRun<Params, Wanted, Context>): Awaitable<Shown>
}

export interface MessageRun<Input, Params, Events, Errors, Context, Topics, Position = string>
  extends Run<Context, Topics> {
  readonly input: Input
  readonly params: Params
  /** The errors that the message declares: `throw errors.MUTED({ until })`. */
  readonly errors: Errors
  /** Emits on the message's own topic, to everybody. */
  readonly emit: Emit<Events, Position>
  /** The same, to all but the sender. */
  readonly others: RunTopic<Events, Position>
}

/** Handles a message. What it returns for one without an output is ignored. */
export interface MessageHandler<Input, Output, Params, Events, Errors, Context, Topics, Position = string> {
  (run: MessageRun<Input, Params, Events, Errors, Context, Topics, Position>): Awaitable<Output>
}

export interface CallRun<Input, Errors, Context, Topics> extends Run<Context, Topics> {
  readonly input: Input
  /** The errors that the call or stream declares: `throw errors.NAME_TAKEN({ suggestion })`. */
  readonly errors: Errors
}

/** Handles a call. What it returns for one without an output is ignored. */
export interface CallHandler<Input, Output, Errors, Context, Topics> {
  (run: CallRun<Input, Errors, Context, Topics>): Awaitable<Output>
}

/**
 * Handles a stream: an async generator that yields its values and returns its result. It runs no further than the client
 * takes the values. When the client gives it up, or its session ends, `signal` fires and the generator is ended where it
 * stands, so its `finally` runs: give the signal to whatever it waits for. One that waits for something else goes on
 * until that is there, and takes a place among `limits.streams` until then.
 *
 * @example
 * importRows: async function* ({ input, signal }) {
 *   for (const [index, row] of input.entries()) {
 *     await save(row, { signal })
 *     yield { done: index + 1 }
 *   }
 *   return { rows: input.length }
 * }
 */
export interface StreamHandler<Input, Yields, Output, Errors, Context, Topics> {
  (run: CallRun<Input, Errors, Context, Topics>): AsyncGenerator<Yields, Output, void>
}

/** What a handler returns where the contract declares no output: anything. */
type Returned<Schema> = Schema extends undefined ? unknown : SchemaInput<Schema>

type MessageHandlerOf<M, C extends ChannelLike, Context, Topics, Held> = M extends CallLike
  ? MessageHandler<
      SchemaOutput<M['input']>,
      Returned<M['output']>,
      SchemaOutput<C['params']>,
      EventInputs<C>,
      ErrorMakers<M['errors']>,
      Context,
      M['once'] extends undefined ? Topics : Held,
      M['once'] extends undefined ? string : void
    >
  : MessageHandler<
      ReceivedInput<M>,
      unknown,
      SchemaOutput<C['params']>,
      EventInputs<C>,
      object,
      Context,
      Topics
    >

/** `join` always; the rest where the contract has it. */
type ChannelPart<C extends ChannelLike> =
  | 'join'
  | (C['presence'] extends undefined ? never : 'presence')
  | (keyof C['messages'] extends never ? never : 'messages')

type ChannelHandlers<C extends ChannelLike, Context, Topics, Held> = C extends ChannelLike
  ? {
      readonly [Part in ChannelPart<C>]: Part extends 'join'
        ? JoinHandler<SchemaOutput<C['params']>, Context>
        : Part extends 'presence'
          ? PresenceHandler<
              SchemaOutput<C['params']>,
              Partial<SchemaInput<C['presence']>>,
              SchemaInput<C['presence']>,
              Context
            >
          : {
              readonly [N in keyof C['messages']]: MessageHandlerOf<
                C['messages'][N],
                C,
                Context,
                Topics,
                Held
              >
            }
    }
  : never

type HandlerOf<Node, Context, Topics, Held> = Node extends ChannelLike
  ? ChannelHandlers<Node, Context, Topics, Held>
  : Node extends CallLike
    ? CallHandler<
        SchemaOutput<Node['input']>,
        Returned<Node['output']>,
        ErrorMakers<Node['errors']>,
        Context,
        Node['once'] extends undefined ? Topics : Held
      >
    : Node extends StreamLike
      ? StreamHandler<
          SchemaOutput<Node['input']>,
          SchemaInput<Node['yields']>,
          Returned<Node['output']>,
          ErrorMakers<Node['errors']>,
          Context,
          Topics
        >
      : HandlerTree<Node, Context, Topics, Held>

/** The contract's tree with the handlers of each leaf. What is `once` gets `Held` for its `topics`. */
export type HandlerTree<Tree, Context, Topics, Held> = Tree extends object
  ? { readonly [K in keyof Tree]: HandlerOf<Tree[K], Context, Topics, Held> }
  : never

/**
 * Every handler that a hub's contract asks for.
 *
 * @example
 * export const room: Handlers<typeof hub>['room'] = { join: anyone, messages: { say } }
 */
export type Handlers<H extends HubTypes<ContractTree, unknown>> = HandlerTree<
  NonNullable<H['~types']>['tree'],
  NonNullable<H['~types']>['context'],
  RunTopics<NonNullable<H['~types']>['tree']>,
  RunTopics<NonNullable<H['~types']>['tree'], void>
>
