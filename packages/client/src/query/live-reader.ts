/**
 * Keeps one query's data live. What is in the cache is the data and the position up to which it was made of events,
 * written together, so both travel to wherever the entry goes. There is one reader, while the query is observed; and
 * whenever an entry of another position is put there - by a fetch, a hydration, a revert - a new reader begins at it.
 *
 * It writes data and position alone: that a fetch is owed, or failed, stays until one succeeded. At a hole, or where the
 * reducer throws, it halts: the data stays as it was before that, invalidated, until other data is put there.
 */
import type { Query, QueryCache } from '@tanstack/query-core'
import { firstOf } from '../first-of.js'
import { createMending, type Mending } from '../mending.js'
import type { ReadingHalf, TopicItem } from '../reading-half.js'

/** What the cache holds for a live query. */
export interface LiveData<Data> {
  readonly data: Data
  /** What was emitted up to here is in the data. */
  readonly position: string
}

/** The events of any channel. */
type AnyEvents = { readonly [name: string]: unknown }

export interface LiveSpec {
  readonly channel: ReadingHalf<AnyEvents>
  readonly events: ReadonlySet<string> | undefined
  readonly key: ((item: unknown) => unknown) | undefined
  readonly reduce: (data: unknown, event: TopicItem<AnyEvents>) => unknown
}

/** What the query's function keeps it live by; one that the application put round it does not say. */
export function specOf({ options }: Query): LiveSpec | undefined {
  return (options.queryFn as { readonly spec?: LiveSpec } | undefined)?.spec
}

export class LiveReader {
  readonly #query: Query
  readonly #cache: QueryCache
  readonly #mending: Mending
  #spec: LiveSpec
  #leave: (() => void) | undefined
  #isNew: (item: unknown) => boolean = () => true
  /** The position in the cache. */
  #written: string | undefined
  /** Where the reader is: further on, by events that changed nothing and are worth no rendering. */
  #at: string | undefined
  /** How often data was put there, as TanStack counts it: another number is other data. */
  #count: number | undefined
  /** Going on would leave a hole. */
  #isHalted = false
  /** Why the topic is not read, until it is live again. */
  #failure: unknown

  constructor(cache: QueryCache, query: Query, spec: LiveSpec) {
    this.#cache = cache
    this.#query = query
    this.#spec = spec
    this.#mending = createMending(
      spec.channel['~surroundings'],
      () => query.fetch() as Promise<LiveData<unknown>>,
      () => {
        if (this.#isHalted) this.#mending.begin() // it was cancelled, and gave what was there before
      },
    )
  }

  /**
   * Something about the query may have changed: who observes it, or what it holds, or - with each render - what it is
   * kept live by.
   */
  follow(spec: LiveSpec = specOf(this.#query) ?? this.#spec): void {
    const isElsewhere = spec.channel !== this.#spec.channel
    this.#spec = spec
    if (isElsewhere) this.#stop()
    const entry = this.#entry
    const { dataUpdateCount, status } = this.#query.state
    const isOther = dataUpdateCount !== this.#count
    if (!entry || !this.#isObserved) this.#stop()
    else if (!this.#leave || entry.position !== this.#written || (isOther && this.#isHalted))
      this.#read(entry)
    else {
      if (isOther) this.#know(entry)
      if (this.#isHalted) this.#query.invalidate()
      else if (this.#failure && status === 'success') this.#show(this.#failure)
    }
  }

  /** One that was removed may be observed still; what is in the cache in its place is another one. */
  get #isObserved(): boolean {
    const query = this.#query
    return query.isActive() && this.#cache.get(query.queryHash) === query
  }

  get #entry(): LiveData<unknown> | undefined {
    return this.#query.state.data as LiveData<unknown> | undefined
  }

  /** There is data that it did not make. */
  #know({ data }: LiveData<unknown>): void {
    this.#count = this.#query.state.dataUpdateCount
    try {
      this.#isNew = firstOf((item) => this.#spec.key?.(item), data)
    } catch (error) {
      this.#break(error)
    }
  }

  #read(entry: LiveData<unknown>): void {
    const leaveOld = this.#leave
    const { channel } = this.#spec
    const { position } = entry
    this.#written = position
    this.#at = position
    this.#isHalted = false
    this.#mending.loaded()
    let isOld = false
    const ends: (() => unknown)[] = []
    // in place before there is a reader, which may be handed something at once
    this.#leave = () => {
      isOld = true
      for (const end of ends.splice(0)) end()
    }
    this.#know(entry)
    try {
      ends.push(channel.status.subscribe(() => this.#recover()))
      ends.push(
        channel.read((item) => (isOld ? undefined : this.#take(item)), {
          from: position,
          failed: (error) => (isOld ? undefined : this.#fail(error)),
        }),
      )
      if (isOld) for (const end of ends.splice(0)) end()
    } catch (error) {
      this.#break(error)
    }
    // the old one goes once the new one is there, so that the topic is read all the time
    leaveOld?.()
    this.#recover()
  }

  #stop(): void {
    const leave = this.#leave
    if (!leave) return
    this.#leave = undefined
    this.#isHalted = false
    this.#mending.stop()
    leave()
    const entry = this.#entry
    const position = this.#at
    if (entry && position !== undefined && entry.position === this.#written && position !== this.#written)
      this.#query.setState({ data: { ...entry, position } })
  }

  #take(item: TopicItem<AnyEvents>): void {
    const entry = this.#entry
    if (!entry || this.#isHalted) return
    if (item.gap) {
      this.#isHalted = true
      this.#query.invalidate()
      this.#mending.begin()
      return
    }
    let { data } = entry
    try {
      const isWanted = !this.#spec.events || this.#spec.events.has(item.name)
      if (isWanted && this.#isNew(item.data)) data = this.#spec.reduce(data, item)
    } catch (error) {
      this.#break(error)
      return
    }
    this.#at = item.position ?? this.#at
    if (data !== entry.data) this.#write({ ...entry, position: this.#at ?? entry.position, data })
  }

  #write(entry: LiveData<unknown>): void {
    const dataUpdateCount = this.#query.state.dataUpdateCount + 1
    this.#written = entry.position
    this.#count = dataUpdateCount
    this.#query.setState({ data: entry, dataUpdateCount, dataUpdatedAt: Date.now() })
  }

  /** What the application gave threw: going on would leave a hole. */
  #break(error: unknown): void {
    this.#isHalted = true
    this.#show(error)
    this.#query.invalidate()
  }

  /** The topic is not read: the query says so, unless it has something else to say. */
  #fail(failure: unknown): void {
    const { status, error } = this.#query.state
    const isShown = error !== null && error === this.#failure
    this.#failure = failure
    if (status === 'success' || isShown) this.#show(failure)
  }

  /** What was missed while the topic was not read comes first, or is a hole. */
  #recover(): void {
    const failure = this.#failure
    if (!failure || this.#spec.channel.status.getSnapshot().status !== 'live') return
    this.#failure = undefined
    const { error } = this.#query.state
    if (error === failure) this.#query.setState({ status: 'success', error: null })
    else if (error) this.#mending.begin() // a fetch that failed meanwhile, as it does while the client is closed
  }

  #show(error: unknown): void {
    const { errorUpdateCount } = this.#query.state
    this.#query.setState({
      status: 'error',
      error: error as Error,
      errorUpdateCount: errorUpdateCount + 1,
      errorUpdatedAt: Date.now(),
    })
  }
}
