import { useSyncExternalStore } from 'react'
import type { ReadingHalf, TopicEventOf } from '../reading-half.js'
import type { ReadFrom } from '../shell/read-from.js'
import { type ChannelStoreOptions, createChannelStore, type Shown } from './channel-store.js'
import { useKeyed } from './keyed.js'
import { useLatest } from './latest.js'

/** Events of these names. */
type Named<Events, Times, Names> = Extract<TopicEventOf<Events, Times>, { readonly name: Names }>

/** What an item of a list state is. */
type ItemOf<State> = State extends readonly (infer Item)[] ? Item : never

/** Options of {@link useChannel}. */
export interface ChannelOptions<Events, State, Names extends keyof Events> {
  /** The first state. */
  readonly data: State
  /** Where to begin: the position at which `data` was read. The same as `from`, as a snapshot has it. */
  readonly position?: string | undefined
  /** Where to begin. Default: now (with `replay: 'latest'`: at the first kept). */
  readonly from?: ReadFrom | undefined
  /** Only events of these names are reduced. Default: all. */
  readonly events?: readonly Names[] | undefined
  /**
   * Names an item: an event whose key was there before - in `data`, if that is a list, or in an earlier event - is
   * dropped. What has no key (`undefined`) is not.
   */
  readonly key?: ((item: Events[Names] | ItemOf<State>) => unknown) | undefined
  /**
   * Mends a gap: loads what `data` and `position` were, from `hub.snapshot`. It takes the place of the state, and what
   * came after its position follows; until then `gap` is shown. One that fails is asked again, with back-off, and the
   * first failure goes to `onReport`. The one of the latest render is asked. Default: a gap stays.
   */
  readonly load?:
    | (() => PromiseLike<{ readonly data: NoInfer<State>; readonly position: string }>)
    | undefined
}

/**
 * A state that is made of a topic's events: `data` first, and then what the reducer makes of it with each event that
 * comes, exactly once and in order. A new topic - `channel` is another handle - starts from its own `data`.
 *
 * @param reducer The one of the latest render is used. It must give the same for the same, and change nothing; one
 *   that gives the state that it got draws nothing. What it throws is thrown by the next render.
 * @param options Read when the hook mounts, and when its topic changes; later ones change nothing.
 * @returns The state; the last gap, if there was one and `load` has not mended it yet; the topic's status, and the code
 *   of a refusal.
 * @example
 * const { state, status } = useChannel(room, append(50), { data: [], from: { last: 50 }, events: ['message'] })
 * @example
 * // without a hole after the server's render: `page.room` is what `hub.snapshot` gave there
 * useChannel(room, append(50), { ...page.room, events: ['message'], key: ({ id }) => id, load: () => fetchRoom(id) })
 */
export function useChannel<
  Events,
  Times extends boolean,
  State,
  const Names extends keyof Events & string = keyof Events & string,
>(
  channel: ReadingHalf<Events, Times>,
  reducer: (state: NoInfer<State>, event: NoInfer<Named<Events, Times, Names>>) => NoInfer<State>,
  options: ChannelOptions<Events, State, Names>,
): Shown<State> {
  const latest = useLatest({ reducer, load: options.load })
  const store = useKeyed([channel], () => {
    const { data, position, from, events, key } = options
    // Which events there are is known to the types alone; the store takes any.
    return createChannelStore({
      channel: channel as unknown as ChannelStoreOptions<State>['channel'],
      reduce: (state, event) =>
        latest.current.reducer(state, event as unknown as Named<Events, Times, Names>),
      data,
      from: position ?? from,
      events,
      key: key as ((item: unknown) => unknown) | undefined,
      load: () => latest.current.load?.(),
    })
  })
  const snapshot = useSyncExternalStore(store.subscribe, store.getSnapshot, store.getServerSnapshot)
  if (snapshot.failure) throw snapshot.failure.error
  return snapshot.shown
}
