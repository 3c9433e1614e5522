/**
 * Keeps one query's data live. What is in the cache is the data and the position up to which it was made of events,
 * written together, so both travel to wherever the entry goes. There is one reader, while the query is observed; and
 * whenever an entry of another position is put there - by a fetch, a hydration, a revert - a new reader begins at it.
 */
import type { Query, QueryClient } from '@tanstack/query-core'
import { createMending, type Loaded, type Mending } from '../mending.js'
import type { ReadingHalf, TopicItem } from '../reading-half.js'
import type { ReadGap } from '../shell/sink.js'

/** What the cache holds for a live query. */
export interface LiveData<Data> {
  readonly data: Data
  /** What was emitted up to here is in the data. */
  readonly position: string
  /** A hole in what the data was made of, until it was fetched again. */
  readonly gap?: ReadGap
}

/** The events of any channel. */
type AnyEvents = { readonly [name: string]: unknown }

export interface LiveSpec {
  readonly channel: ReadingHalf<AnyEvents>
  readonly events: ReadonlySet<string> | undefined
  readonly reduce: (data: unknown, event: TopicItem<AnyEvents>) => unknown
}

export class LiveReader {
  readonly #query: Query
  readonly #client: QueryClient
  readonly #mending: Mending
  #spec: LiveSpec
  #leave: (() => unknown) | undefined
  /** Where the reader is. */
  #at: string | undefined
  /** The reducer threw: until other data is there (counted by TanStack), going on would leave a hole. */
  #brokenAt: number | undefined

  constructor(client: QueryClient, query: Query, spec: LiveSpec) {
    this.#client = client
    this.#query = query
    this.#spec = spec
    this.#mending = createMending(
      spec.channel['~surroundings'],
      () => query.fetch(undefined, { cancelRefetch: true }) as Promise<Loaded>,
      () => {}, // the cache has it already
    )
  }

  /** What the latest fetch was given. */
  use(spec: LiveSpec): void {
    const isOther = spec.channel !== this.#spec.channel
    this.#spec = spec
    if (!isOther) return
    this.#stop()
    this.follow()
  }

  /** Something about the query may have changed: who observes it, or what it holds. */
  follow(): void {
    const entry = this.#entry
    if (!entry || !this.#isObserved || this.#brokenAt === this.#query.state.dataUpdateCount) this.#stop()
    else if (!this.#leave || entry.position !== this.#at) this.#read(entry)
  }

  /** One that was removed may be observed still; what is in the cache in its place is another one. */
  get #isObserved(): boolean {
    const query = this.#query
    return query.isActive() && this.#client.getQueryCache().get(query.queryHash) === query
  }

  get #entry(): LiveData<unknown> | undefined {
    return this.#query.state.data as LiveData<unknown> | undefined
  }

  #read({ position, gap }: LiveData<unknown>): void {
    const leaveOld = this.#leave
    this.#at = position
    let isOld = false
    let leave: (() => unknown) | undefined
    // in place before there is a reader, which may be handed something at once
    this.#leave = () => {
      isOld = true
      leave?.()
    }
    try {
      leave = this.#spec.channel.read((item) => (isOld ? undefined : this.#take(item)), {
        from: position,
        failed: (error) => (isOld ? undefined : this.#fail(error)),
      })
      if (isOld) leave()
    } catch (error) {
      this.#break(error)
    }
    // the old one goes once the new one is there, so that the topic is read all the time
    leaveOld?.()
    if (gap) this.#mending.begin()
    else this.#mending.stop()
  }

  #stop(): void {
    const leave = this.#leave
    this.#leave = undefined
    this.#mending.stop()
    leave?.()
  }

  #take(item: TopicItem<AnyEvents>): void {
    const entry = this.#entry
    if (!entry) return
    if (item.gap) {
      this.#write({ ...entry, gap: item.gap, position: item.gap.first })
      this.#mending.begin()
      return
    }
    const position = item.position ?? entry.position
    const isWanted = !this.#spec.events || this.#spec.events.has(item.name)
    let { data } = entry
    try {
      if (isWanted) data = this.#spec.reduce(data, item)
    } catch (error) {
      this.#break(error)
      return
    }
    this.#write({ ...entry, position, data })
  }

  #write(entry: LiveData<unknown>): void {
    this.#at = entry.position
    this.#client.setQueryData(this.#query.queryKey, entry)
  }

  #break(error: unknown): void {
    this.#brokenAt = this.#query.state.dataUpdateCount
    this.#fail(error)
  }

  /** The data is no longer kept live, and the query says so. */
  #fail(error: unknown): void {
    const { errorUpdateCount } = this.#query.state
    this.#query.setState({
      status: 'error',
      error: error as Error,
      errorUpdateCount: errorUpdateCount + 1,
      errorUpdatedAt: Date.now(),
      isInvalidated: true,
    })
  }
}
