import { useSyncExternalStore } from 'react'

const start = 'general'

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}

export const hrefOf = (id: string): string => `#room=${encodeURIComponent(id)}`

function chosen(): string {
  return new URLSearchParams(location.hash.slice(1)).get('room') || start
}

/** The chosen room. It stands in the address, so that it can be linked to and survives a reload. */
export function useRoomId(): string {
  return useSyncExternalStore(subscribe, chosen)
}
