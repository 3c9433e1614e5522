import { useEvent } from '@parley/client/react'
import { useEffect, useState } from 'react'
import { client } from './client.js'

/** How much was said in each room since it was last looked at. */
export function useUnread(chosen: string): ReadonlyMap<string, number> {
  const [unread, setUnread] = useState<ReadonlyMap<string, number>>(new Map())

  useEvent(client.notifications, 'chat', ({ room }) => {
    if (room === chosen) return
    setUnread((before) => new Map(before).set(room, (before.get(room) ?? 0) + 1))
  })

  // How much of it was in which room nobody knows any more. The feed beside it shows that something is missing.
  useEffect(() => client.notifications.onGap(() => setUnread(new Map())), [])

  if (unread.has(chosen)) {
    const rest = new Map(unread)
    rest.delete(chosen)
    setUnread(rest)
  }
  return unread
}
