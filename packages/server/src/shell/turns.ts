import type { DrainQueue } from './drain.js'

/**
 * Those who read the log for one socket, a few at a time, and only while little is queued on it: each brings a page, and
 * many at once would fill it beyond its bound.
 */
export class Turns {
  readonly #atOnce: number
  readonly #drain: DrainQueue
  readonly #waiting = new Set<() => Promise<void>>()
  #running = 0
  #awaitsDrain = false

  constructor(atOnce: number, drain: DrainQueue) {
    this.#atOnce = atOnce
    this.#drain = drain
  }

  /** Calls `read` once, now or when its turn comes; it must not reject. The result takes it back. */
  take(read: () => Promise<void>): () => void {
    this.#waiting.add(read)
    this.#next()
    return () => this.#waiting.delete(read)
  }

  #next(): void {
    for (const read of this.#waiting) {
      if (this.#running >= this.#atOnce || this.#awaitsDrain) return
      if (!this.#drain.isDrained) {
        this.#awaitsDrain = true
        this.#drain.wait(() => {
          this.#awaitsDrain = false
          this.#next()
        })
        return
      }
      this.#waiting.delete(read)
      this.#running++
      read().then(() => {
        this.#running--
        this.#next()
      })
    }
  }
}
