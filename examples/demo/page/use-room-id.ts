/** The chosen room. It stands in the address, so that it can be linked to, and the server knows it too. */
import { useSyncExternalStore } from 'react'
import { useLoaded } from './loaded.js'

const start = 'general'
const listeners = new Set<() => void>()
const tell = (): void => {
  for (const listener of [...listeners]) listener()
}

export const hrefOf = (id: string): string => `/?room=${encodeURIComponent(id)}`
export const roomIdOf = (search: URLSearchParams): string => search.get('room') || start

/** Shows another room, as a link to it would, without leaving the page. */
export function goTo(id: string): void {
  history.pushState(null, '', hrefOf(id))
  tell()
}

/** A link of old, `/#room=lunch`, becomes the one of now. */
export function followOldLink(): void {
  const id = new URLSearchParams(location.hash.slice(1)).get('room')
  if (!id) return
  history.replaceState(null, '', hrefOf(id))
  tell()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  addEventListener('popstate', listener)
  addEventListener('hashchange', followOldLink)
  return () => {
    listeners.delete(listener)
    removeEventListener('popstate', listener)
    removeEventListener('hashchange', followOldLink)
  }
}

const chosen = (): string => roomIdOf(new URLSearchParams(location.search))

export function useRoomId(): string {
  const { roomId } = useLoaded()
  return useSyncExternalStore(subscribe, chosen, () => roomId)
}
