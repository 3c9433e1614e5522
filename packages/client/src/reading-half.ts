/**
 * The reading half of a channel's handle: a client's channels and subscribers have it, and hooks ask for no more.
 * Types only.
 */
import type { TopicStatus } from './core/subscription.js'
import type { ReadFrom } from './shell/read-from.js'
import type { ReadGap } from './shell/sink.js'
import type { Store } from './shell/store.js'
import type { Surroundings } from './shell/surroundings.js'

/** What is told of an event beside its data. */
export interface EventDetails {
  /** Where it stands in the topic's log, to begin from later. A volatile event stands nowhere. */
  readonly position: string | undefined
  /** It was read from the log, and happened before this reader was live. */
  readonly replayed: boolean
}

/** The same on a channel with `times: true`. */
export interface TimedEventDetails extends EventDetails {
  /** When the log took it, in ms since 1970; a volatile event has none. */
  readonly at?: number
}

/** What is told of an event beside its data, with or without times. */
export type DetailsOf<Times> = [Times] extends [true] ? TimedEventDetails : EventDetails

/** Any of the events of a topic, told apart by `name`. */
export type TopicEventOf<Events, Times = false> = {
  readonly [Name in keyof Events]: {
    readonly name: Name
    readonly data: Events[Name]
    readonly gap?: undefined
  } & DetailsOf<Times>
}[keyof Events]

/** A hole: events in it can no longer be had. */
export interface GapItem {
  readonly gap: ReadGap
  readonly name?: undefined
  readonly data?: undefined
  readonly position?: undefined
  readonly replayed?: undefined
  readonly at?: undefined
}

/** One step of `events()`: an event, or a gap in its place. */
export type TopicItem<Events, Times = false> = TopicEventOf<Events, Times> | GapItem

/** Options of each reader. */
export interface ReadOptions {
  /**
   * Where to begin: after a position, at the last n kept events, or at the first kept one. Default: now (with
   * `replay: 'latest'`: at the first kept).
   */
  readonly from?: ReadFrom | undefined
}

/** Options of `events()`. */
export interface EventsOptions extends ReadOptions {
  /** Ends the loop. */
  readonly signal?: AbortSignal | undefined
}

/** The reading half of a topic's handle. `Events` is what each event gives, by name. */
export interface ReadingHalf<Events, Times extends boolean = boolean> {
  /** Types only; at run time there is nothing. */
  readonly '~reads'?: { readonly events: Events; readonly times: Times }
  /** For hooks; nothing that an application should touch. */
  readonly '~surroundings': Surroundings
  /**
   * Calls `listener` with each event of this name, exactly once and in order, across reconnections. What it throws is
   * reported, and it has had the event all the same.
   *
   * @returns Ends it.
   * @throws ParleyError `NOT_FOUND` for a name that the channel does not have, `BAD_OPTIONS` for a `from` that is no
   *   place to begin, `CLOSED` after `close`.
   */
  on<Name extends keyof Events & string>(
    name: Name,
    listener: (data: Events[Name], details: DetailsOf<Times>) => unknown,
    options?: ReadOptions,
  ): () => void
  /**
   * Every event and every gap, for a `for await` loop. The reader begins with the first step, and ends when the loop
   * is left. A loop that falls 1,024 events behind gets a gap `overflow` in place of those after.
   *
   * @throws ParleyError (from the loop) with the code of the refusal, when the server ends the topic for good.
   */
  events(options?: EventsOptions): AsyncIterableIterator<TopicItem<Events, Times>, undefined>
  /**
   * The same, handed to a listener at once: what hooks are made of. `failed` is told when the server ends the topic
   * for good; the reader stays, should the topic be asked for again.
   *
   * @returns Ends it, and tells where it was, to go on from there later: nothing, if that is not known yet.
   */
  read(
    listener: (item: TopicItem<Events, Times>) => unknown,
    options?: ReadOptions & { readonly failed?: (error: unknown) => unknown },
  ): () => string | undefined
  /** Calls `listener` for each hole in front of the listeners of `on`. One that nobody listens for is reported. */
  onGap(listener: (gap: ReadGap) => unknown): () => void
  /** `idle`, `joining`, `catching-up`, `live`, or `refused` with a code. */
  readonly status: Store<TopicStatus>
  /**
   * Resolves to the position once the topic is live; it reads the topic meanwhile, as any other reader.
   *
   * @throws ParleyError with the code of the refusal.
   */
  ready(): Promise<string>
}
