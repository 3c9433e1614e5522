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

  /** Calls `run` once, in a later turn. The result takes it back. */
  wait(run: () => void): () => void {
    this.#waiting.add(run)
    this.#poll()
    return () => this.#waiting.delete(run)
  }

  /** Bytes were taken: look whether they were enough. */
  look(): void {
    if (this.#waiting.size === 0 || !this.#isDrained()) return
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const run of waiting) run()
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
