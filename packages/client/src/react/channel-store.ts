/**
 * What `useChannel` shows, as a store: the state that a reducer makes of a topic's events. It reads while somebody is
 * subscribed. Left and taken up again - as Strict Mode does with every component, and React with a hidden one - it
 * goes on from where it was.
 *
 * After a hole the state goes on with what can be had, and says so, until another one is loaded: that takes its place
 * whole, with a reader of its own that begins at the position it was loaded at.
 */
import type { TopicStatus } from '../core/subscription.js'
import { firstOf } from '../first-of.js'
import { createMending, type Load, type Loaded } from '../mending.js'
import type { ReadingHalf } from '../reading-half.js'
import type { ReadFrom } from '../shell/read-from.js'
import type { ReadGap } from '../shell/sink.js'
import type { Store } from '../shell/store.js'

/** An event of any channel. */
export interface AnyEvent {
  readonly name: string
  readonly data: unknown
  readonly position: string | undefined
}

/** What is shown. */
export interface Shown<State> {
  readonly state: State
  /** The last hole in what `state` was made of, until `load` has mended it. */
  readonly gap: ReadGap | undefined
  readonly status: TopicStatus['status']
  /** Why it was refused. */
  readonly code?: string
}

/** What is shown, or what the reducer, or `key`, threw. */
export type ChannelSnapshot<State> =
  | { readonly shown: Shown<State>; readonly failure?: undefined }
  | { readonly failure: { readonly error: unknown } }

export interface ChannelStoreOptions<State> {
  readonly channel: ReadingHalf<{ readonly [name: string]: unknown }>
  readonly reduce: (state: State, event: AnyEvent) => State
  readonly data: State
  readonly from: ReadFrom | undefined
  /** Names of the events that are reduced; left out: all. */
  readonly events: readonly string[] | undefined
  readonly key: ((item: unknown) => unknown) | undefined
  readonly load: Load
}

export interface ChannelStore<State> extends Store<ChannelSnapshot<State>> {
  /** What a server shows, and the first render of a page that came from one. */
  readonly getServerSnapshot: () => ChannelSnapshot<State>
}

export function createChannelStore<State>({
  channel,
  reduce,
  data,
  from,
  events,
  key,
  load,
}: ChannelStoreOptions<State>): ChannelStore<State> {
  const names = events && new Set(events)
  const listeners = new Map<object, () => void>()
  let isNew = firstOf(key, data)
  let state = data
  let gap: ReadGap | undefined
  /** Where the next reader begins. */
  let start = from
  /** Ends the reader, and tells where it was. */
  let leave: (() => string | undefined) | undefined
  let stopStatus: (() => void) | undefined
  const mending = createMending(channel['~surroundings'], load, replace)

  const atServer: ChannelSnapshot<State> = { shown: { state, gap, status: 'idle' } }
  let snapshot: ChannelSnapshot<State> = atServer
  refresh()

  /** Something may have changed. */
  function refresh(): void {
    if (snapshot.failure) return
    const { shown } = snapshot
    const status = channel.status.getSnapshot()
    if (shown.state === state && shown.gap === gap && isSameStatus(shown, status)) return
    show({ shown: { state, gap, ...status } })
  }

  function show(next: ChannelSnapshot<State>): void {
    snapshot = next
    for (const [id, listener] of [...listeners]) if (listeners.has(id)) listener()
  }

  /** Thrown by the next render, to the nearest error boundary. */
  function fail(error: unknown): void {
    mending.stop()
    show({ failure: { error } })
  }

  function take(event: AnyEvent): void {
    if (snapshot.failure || (names && !names.has(event.name))) return
    try {
      if (isNew(event.data)) state = reduce(state, event)
    } catch (error) {
      fail(error)
    }
  }

  function read(): void {
    leave = channel.read(
      (item) => {
        if (item.gap) {
          gap = item.gap
          start = item.gap.first
          if (!snapshot.failure) mending.begin()
        } else {
          start = item.position ?? start
          take(item)
        }
        refresh()
      },
      { from: start },
    )
  }

  /** The old reader goes once the new one is there, so that the topic is read all the time. */
  function replace(loaded: Loaded): void {
    const leaveOld = leave
    try {
      isNew = firstOf(key, loaded.data)
      state = loaded.data as State
      gap = undefined
      start = loaded.position
      read()
    } catch (error) {
      fail(error)
    }
    leaveOld?.()
    refresh()
  }

  function begin(): void {
    read()
    stopStatus = channel.status.subscribe(refresh)
    if (gap) mending.begin()
    refresh()
  }

  function end(): void {
    mending.stop()
    stopStatus?.()
    start = leave?.() ?? start
    leave = undefined
  }

  return {
    subscribe(listener) {
      const id = {}
      listeners.set(id, listener)
      if (listeners.size === 1) begin()
      return () => {
        if (listeners.delete(id) && listeners.size === 0) end()
      }
    },
    getSnapshot: () => snapshot,
    getServerSnapshot: () => atServer,
  }
}

function isSameStatus(a: { readonly status: string; readonly code?: string }, b: TopicStatus): boolean {
  return a.status === b.status && a.code === (b.status === 'refused' ? b.code : undefined)
}
