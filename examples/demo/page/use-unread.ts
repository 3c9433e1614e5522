import { useEvent } from '@parley/client/react'
import { useEffect, useState } from 'react'
import { client } from './client.js'
import { useLoaded } from './loaded.js'

/** How much was said in each room since it was last looked at. */
export function useUnread(chosen: string): ReadonlyMap<string, number> {
  const [unread, setUnread] = useState<ReadonlyMap<string, number>>(new Map())

  const { position } = useLoaded().notices
  const count = ({ room }: { readonly room: string }) => {
    if (room === chosen) return
    setUnread((before) => new Map(before).set(room, (before.get(room) ?? 0) + 1))
  }
  useEvent(client.notifications, 'chat', count, { from: position })

  // How much of it was in which room nobody knows any more. The feed beside it shows that something is missing.
  useEffect(() => client.notifications.onGap(() => setUnread(new Map())), [])

  if (unread.has(chosen)) {
    const rest = new Map(unread)
    rest.delete(chosen)
    setUnread(rest)
  }
  return unread
}
