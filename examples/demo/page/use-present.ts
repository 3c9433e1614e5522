import type { PresenceSnapshot } from '@parley/client'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { RoomHandle } from './message.js'
import { newsOf } from './present.js'

type Snapshot = ReturnType<RoomHandle['presence']['getSnapshot']>

/** On a server, and in the first render of a page that came from one. */
const nobody: PresenceSnapshot<never> = { members: [], current: false }

/** Who is in a room, whether that still holds, and who came or went last. This tab is away while it is hidden. */
export function usePresent(room: RoomHandle, self: string): Snapshot & { readonly news: string } {
  const { subscribe, getSnapshot } = room.presence
  const snapshot = useSyncExternalStore<Snapshot>(subscribe, getSnapshot, () => nobody)
  const [news, setNews] = useState('')

  // under a new name one comes anew, and the old one goes: to oneself neither is news
  const own = useRef([self])
  useEffect(() => {
    own.current = [self, ...own.current].slice(0, 2)
  }, [self])
  useEffect(
    () =>
      room.presence.onChange((change) => {
        const sentence = newsOf(change, own.current)
        if (sentence !== '') setNews(sentence)
      }),
    [room],
  )

  useEffect(() => {
    // what it rejects with is reported; the server takes any of this
    const tell = () => void room.presence.set({ away: document.hidden })
    tell()
    document.addEventListener('visibilitychange', tell)
    return () => document.removeEventListener('visibilitychange', tell)
  }, [room])

  return { ...snapshot, news }
}
