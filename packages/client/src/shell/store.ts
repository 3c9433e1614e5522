/**
 * Something that changes and can be watched, in the shape that React's `useSyncExternalStore` takes. Neither
 * function needs its `this`.
 */
export interface Store<T> {
  /** Calls `listener` after each change; the result ends that. */
  readonly subscribe: (listener: () => void) => () => void
  /** What it is now: an immutable value, the same one until something changes. */
  readonly getSnapshot: () => T
}

export interface WritableStore<T> extends Store<T> {
  readonly set: (next: T) => void
}

/** Makes a store. `failed` is told when a listener throws; the other listeners are called all the same. */
export function createStore<T>(initial: T, failed: (error: unknown) => void): WritableStore<T> {
  let snapshot = initial
  const listeners = new Map<object, () => void>()
  return {
    subscribe(listener) {
      const key = {} // the same function may listen twice
      listeners.set(key, listener)
      return () => listeners.delete(key)
    },
    getSnapshot: () => snapshot,
    set(next) {
      if (Object.is(next, snapshot)) return
      snapshot = next
      for (const [key, listener] of [...listeners]) {
        if (!listeners.has(key)) continue // removed by a listener before it
        try {
          listener()
        } catch (error) {
          failed(error)
        }
      }
    },
  }
}
