import { useSyncExternalStore } from 'react'

const signs = ['online', 'offline'] as const

function subscribe(listener: () => void): () => void {
  for (const sign of signs) addEventListener(sign, listener)
  return () => {
    for (const sign of signs) removeEventListener(sign, listener)
  }
}

/** Whether the browser has a network. A connection that there is may not know yet that it has none. */
export function useOnline(): boolean {
  return useSyncExternalStore(
    subscribe,
    () => navigator.onLine,
    () => true,
  )
}
