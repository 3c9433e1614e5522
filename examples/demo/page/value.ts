/** A value that the page keeps outside React, in the shape of Parley's own stores. */
import { useSyncExternalStore } from 'react'

export interface Value<T> {
  readonly subscribe: (listener: () => void) => () => void
  readonly getSnapshot: () => T
  readonly set: (next: T) => void
}

export function createValue<T>(initial: T): Value<T> {
  let value = initial
  const listeners = new Set<() => void>()
  return {
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    getSnapshot: () => value,
    set(next) {
      value = next
      for (const listener of [...listeners]) listener()
    },
  }
}

export function useValue<T>({ subscribe, getSnapshot }: Value<T>): T {
  return useSyncExternalStore(subscribe, getSnapshot, getSnapshot)
}
