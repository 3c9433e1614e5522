/** What `useSend` shows, as a store: whether something waits for its answer, and how the last send failed. */
import type { Store } from '../shell/store.js'

export interface Sending {
  readonly pending: boolean
  readonly error: unknown
}

export interface SendStore extends Store<Sending> {
  readonly send: (...args: readonly unknown[]) => unknown
}

const settled: Sending = { pending: false, error: undefined }

/** Watches `send`. A newer send clears the error of the one before, which can no longer set it either. */
export function createSendStore(send: (...args: readonly unknown[]) => unknown): SendStore {
  const listeners = new Map<object, () => void>()
  let snapshot = settled
  let waiting = 0
  let last = 0

  function show(error: unknown): void {
    const pending = waiting > 0
    if (pending === snapshot.pending && error === snapshot.error) return
    snapshot = { pending, error }
    for (const listener of [...listeners.values()]) listener()
  }

  return {
    subscribe(listener) {
      const id = {}
      listeners.set(id, listener)
      return () => listeners.delete(id)
    },
    getSnapshot: () => snapshot,
    send(...args) {
      const number = ++last
      const end = (error: unknown): void => {
        waiting--
        show(number === last ? error : snapshot.error)
      }
      waiting++
      let answer: unknown
      try {
        answer = send(...args)
      } catch (error) {
        end(error)
        throw error
      }
      if (!(answer instanceof Promise)) {
        end(undefined) // a volatile message has no answer
        return answer
      }
      show(undefined)
      answer.then(() => end(undefined), end)
      return answer
    },
  }
}
