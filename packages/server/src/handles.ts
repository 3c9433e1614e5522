/** The types of what emits: stand-alone emitters, a hub's channels, and the ones bound to a handler's run. Types only. */
import type { ContractLeaf, ContractTree } from '@parley/shared'
import type { ChannelAt, ChannelLike, EventInputs, SchemaInput, SchemaOutput } from '@parley/shared/internal'

export interface EmitOptions {
  /** Makes a retry safe: an event with the same id within 2 minutes is the same event. */
  readonly id?: string
}

/** Emits events of one topic; `Events` is what each takes, by name, and `Position` what it resolves to. */
export interface Emit<Events, Position = string> {
  /**
   * Checks the event, stores it and hands it to every reader.
   *
   * @returns The event's position; for a volatile one, the topic's current position. It may be ignored: a failure
   *   then goes to `onReport`. In a handler of what is `once` nothing is stored before there is a result, so there it
   *   resolves to nothing, at once.
   * @throws ParleyError `VALIDATION` at once, and nothing is sent; `CLOSED` after `close`.
   */
  <Name extends keyof Events>(name: Name, data: Events[Name], options?: EmitOptions): Promise<Position>
}

export interface RespondOptions {
  /** Who reads, for limits and `kick`. */
  readonly member?: string
  /** When the response has to end: a `Date`, or seconds since 1970, as `exp` in a token. */
  readonly expiresAt?: Date | number
}

/** Answers a request with the topic's events, as an SSE response. */
export interface Respond {
  /**
   * The route has authorised the request: **neither `context` nor `join` runs here.** The origin rule and the limits
   * apply. `OPTIONS` is answered, too, for `allowedOrigins`.
   */
  (request: Request, options?: RespondOptions): Promise<Response>
}

/** What an emitter holds right now. */
export interface EmitterCounts {
  /** Topics that somebody reads. */
  readonly topics: number
  readonly readers: number
  /** Timers of its responses. */
  readonly timers: number
  /** Bytes handed over and not yet taken by the network, of all SSE responses together. */
  readonly queuedBytes: number
}

/** What emits on one topic. */
export interface TopicEmitter<Events> {
  readonly emit: Emit<Events>
  readonly respond: Respond
}

interface Closable {
  /** Counts of what is held, for tests and dashboards. */
  inspect(): EmitterCounts
  /** Tells every reader to come back later, and lets go of everything. */
  close(): void
}

/** What `createEmitter` gives for a channel without params. */
export interface Emitter<Events> extends TopicEmitter<Events>, Closable {}

/** What `createEmitter` gives for a channel with params: a function from params to what emits on that topic. */
export interface EmitterFunction<Params, Events> extends Closable {
  (params: Params): TopicEmitter<Events>
}

/** What `createEmitter` gives for a channel. */
export type EmitterOf<C extends ChannelLike> = C['params'] extends undefined
  ? Emitter<EventInputs<C>>
  : EmitterFunction<SchemaInput<C['params']>, EventInputs<C>>

/** What `createEmitter` gives for the channel at a path. */
export type EmitterAt<Tree, Path> = EmitterOf<ChannelAt<Tree, Path>>

/** One member of a topic, with an entry for each of its clients. */
export interface Member<State> {
  /** As `identify` says; a client of nobody stands for itself, under the name of its entry. */
  readonly member: string
  readonly entries: readonly {
    /** Random, for this client on this topic. */
    readonly entry: string
    readonly state: State
    /** When it joined, in ms since 1970. */
    readonly since: number
  }[]
}

/** A topic of a hub. */
export interface HubTopic<Events> extends TopicEmitter<Events> {
  inspect(): EmitterCounts
  /**
   * Ends the subscriptions of one member, and takes it out of those present; what they are told is `FORBIDDEN` and the reason.
   * A client of nobody is the member that `members()` shows it as.
   */
  kick(member: string, reason?: string): Promise<void>
  /** Ends every subscription; what they are told is `CLOSED` and the reason. */
  close(reason?: string): Promise<void>
}

/** What a page is rendered from, and where to read on from there. JSON keeps the position as it is. */
export interface Snapshot<Data> {
  readonly data: Data
  readonly position: string
}

/** A topic of a hub, on a channel with presence. */
export interface HubPresenceTopic<Events, State> extends HubTopic<Events> {
  /**
   * Who is here over this server, in the order in which they came. A client whose connection was lost stays for 15 s, so
   * that a cut is no leave; one that leaves cleanly goes at once. Readers over plain SSE are not among them.
   */
  members(): Promise<readonly Member<State>[]>
}

/** A channel of a hub with params: a function from params to the topic. */
export interface HubChannel<Params, Topic> {
  (params: Params): Topic
}

type HubTopicOf<C extends ChannelLike> = C['presence'] extends undefined
  ? HubTopic<EventInputs<C>>
  : HubPresenceTopic<EventInputs<C>, SchemaOutput<C['presence']>>

/** The names that lead to channels. */
type ChannelKeys<Tree> = {
  [K in keyof Tree]: Tree[K] extends ContractLeaf ? (Tree[K] extends ChannelLike ? K : never) : K
}[keyof Tree]

/** `hub.channel`: the contract's tree with a topic, or a function to one, for each channel. */
export type HubChannels<Tree> = Tree extends object
  ? {
      readonly [K in ChannelKeys<Tree>]: Tree[K] extends ChannelLike
        ? Tree[K]['params'] extends undefined
          ? HubTopicOf<Tree[K]>
          : HubChannel<SchemaInput<Tree[K]['params']>, HubTopicOf<Tree[K]>>
        : HubChannels<Tree[K]>
    }
  : never

/** What a handler emits with: it is stored before the run is answered, and refused once it is over. */
export interface RunTopic<Events, Position = string> {
  readonly emit: Emit<Events, Position>
}

/** `topics` in a handler: the hub's channels, bound to the handler's run. */
export type RunTopics<Tree, Position = string> = Tree extends object
  ? {
      readonly [K in ChannelKeys<Tree>]: Tree[K] extends ChannelLike
        ? Tree[K]['params'] extends undefined
          ? RunTopic<EventInputs<Tree[K]>, Position>
          : HubChannel<SchemaInput<Tree[K]['params']>, RunTopic<EventInputs<Tree[K]>, Position>>
        : RunTopics<Tree[K], Position>
    }
  : never

/** The types that a hub carries for {@link Handlers}; at run time there is nothing. */
export interface HubTypes<Tree extends ContractTree, Context> {
  readonly '~types'?: { readonly tree: Tree; readonly context: Context }
}
