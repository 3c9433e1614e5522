import type { TailItem } from './log.js'

interface Listener {
  readonly call: (item: TailItem) => void
  closed: boolean
}

/**
 * Passes items on to the tails of a log in one process, at once and in one order for all: what a listener causes in
 * its turn (it may append) is passed on after what it was called with has reached everybody.
 */
export class Tails {
  readonly #onListenerError: (error: unknown) => void
  // replaced, never changed: an item goes to those that listened when it came
  #listeners: readonly Listener[] = []
  #waiting: { readonly item: TailItem; readonly to: readonly Listener[] }[] = []
  #passing = false

  /** @param onListenerError is told what a listener threw, after the item has reached all others. Must not throw. */
  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError
  }

  get size(): number {
    return this.#listeners.length
  }

  add(call: (item: TailItem) => void): () => void {
    const listener: Listener = { call, closed: false }
    this.#listeners = [...this.#listeners, listener]
    return () => {
      listener.closed = true
      this.#listeners = this.#listeners.filter((other) => other !== listener)
    }
  }

  pass(item: TailItem): void {
    if (this.#listeners.length === 0) return
    this.#waiting.push({ item, to: this.#listeners })
    if (this.#passing) return
    this.#passing = true
    const errors: unknown[] = []
    for (let i = 0; i < this.#waiting.length; i++) {
      const { item, to } = this.#waiting[i]!
      for (const listener of to) {
        if (listener.closed) continue
        try {
          listener.call(item)
        } catch (error) {
          errors.push(error)
        }
      }
    }
    this.#waiting = []
    this.#passing = false
    for (const error of errors) this.#onListenerError(error)
  }

  close(): void {
    for (const listener of this.#listeners) listener.closed = true
    this.#listeners = []
  }
}
