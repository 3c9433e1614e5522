import type { Clock } from '@parley/shared/internal'

const everyMs = 1_000

/** One timer for everything that must look at the time now and then; it stands still while there is nothing. */
export class Ticker {
  readonly #clock: Clock
  readonly #members = new Set<(now: number) => void>()
  #cancel: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#members.size
  }

  /** Calls `tick` once a second. The result ends that. */
  add(tick: (now: number) => void): () => void {
    this.#members.add(tick)
    if (!this.#cancel) this.#arm()
    return () => {
      this.#members.delete(tick)
      if (this.#members.size > 0) return
      this.#cancel?.()
      this.#cancel = undefined
    }
  }

  #arm(): void {
    this.#cancel = this.#clock.after(everyMs, () => {
      this.#arm()
      const now = this.#clock.now()
      for (const tick of this.#members) tick(now)
    })
  }
}
