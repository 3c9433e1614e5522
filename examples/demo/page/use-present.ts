import type { PresenceSnapshot } from '@parley/client'
import { useConnection } from '@parley/client/react'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { renaming } from './client.js'
import type { RoomHandle } from './message.js'
import { newsOf } from './present.js'
import { useValue } from './value.js'

type Snapshot = ReturnType<RoomHandle['presence']['getSnapshot']>

/** On a server, and in the first render of a page that came from one. */
const nobody: PresenceSnapshot<never> = { members: [], current: false }

export interface Present {
  readonly members: Snapshot['members']
  /** It is how it was when the link was lost. */
  readonly isOld: boolean
  /** Who came or went last. */
  readonly news: string
}

/** Who is in a room, and whether that still holds. This tab is away while it is hidden. */
export function usePresent(room: RoomHandle, self: string): Present {
  const { subscribe, getSnapshot } = room.presence
  const snapshot = useSyncExternalStore<Snapshot>(subscribe, getSnapshot, () => nobody)
  const [news, setNews] = useState('')

  // with a new name it is read anew, and nothing was lost
  const isRenaming = useValue(renaming)
  const { status } = useConnection()
  const [isReadAnew, setReadAnew] = useState(false)
  const isStillRead = isRenaming || (isReadAnew && !snapshot.current && status === 'open')
  if (isStillRead !== isReadAnew) setReadAnew(isStillRead)

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

  return { members: snapshot.members, isOld: !snapshot.current && !isStillRead, news }
}
