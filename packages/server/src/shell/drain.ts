import type { Clock } from '@parley/shared/internal'

/** How often a socket is asked that does not tell, or that drained before anybody waited. */
const pollMs = 50

/** Those who wait until few bytes are queued on a socket. */
export class DrainQueue {
  readonly #clock: Clock
  readonly #isDrained: () => boolean
  readonly #waiting = new Set<() => void>()
  #cancelPoll: (() => void) | undefined

  constructor(clock: Clock, isDrained: () => boolean) {
    this.#clock = clock
    this.#isDrained = isDrained
  }

  /** Whether few bytes are queued. */
  get isDrained(): boolean {
    return this.#isDrained()
  }

  /** Calls `run` once, in a later turn. The result takes it back. */
  wait(run: () => void): () => void {
    this.#waiting.add(run)
    this.#poll()
    return () => this.#waiting.delete(run)
  }

  /** Bytes were taken: look whether they were enough, for one after the other. */
  look(): void {
    for (const run of [...this.#waiting]) {
      if (!this.#isDrained()) return
      // one that was taken back by another of them is not called
      if (this.#waiting.delete(run)) run()
    }
  }

  close(): void {
    this.#waiting.clear()
    this.#cancelPoll?.()
  }

  #poll(): void {
    this.#cancelPoll ??= this.#clock.after(pollMs, () => {
      this.#cancelPoll = undefined
      this.look()
      if (this.#waiting.size > 0) this.#poll()
    })
  }
}
