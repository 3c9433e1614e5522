import { useSyncExternalStore } from 'react'
import { nobody, type PresenceSnapshot, type PresentMember } from '../core/presence.js'
import type { Store } from '../shell/store.js'

/** What `usePresence` needs of a topic's handle. */
export interface WithPresence<State> {
  readonly presence: Store<PresenceSnapshot<State>>
}

/**
 * Who is present on a topic, and with that this client too, as long as the component is mounted. Through a cut it is who
 * was there last; the status of the channel or the connection says so.
 *
 * @example
 * const members = usePresence(room)
 * <ul>{members.map(({ member, entries }) => <li key={member}>{entries[0].state.name}</li>)}</ul>
 */
export function usePresence<State>(channel: WithPresence<State>): readonly PresentMember<State>[] {
  const { subscribe, getSnapshot } = channel.presence
  return useSyncExternalStore(
    subscribe,
    () => getSnapshot().members,
    // on a server, and in the first render of a page that came from one
    () => nobody.members,
  )
}
