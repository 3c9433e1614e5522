import type { Clock } from '@parley/shared/internal'
import { SteadyTime } from './steady.js'

const everyMs = 1_000

/** A tick this late found a clock that was set, or a process that stood still: whoever is silent gets his time all the same. */
const mostMs = 2 * everyMs

/** One timer for everything that must look at the time now and then; it stands still while there is nothing. */
export class Ticker {
  readonly #clock: Clock
  readonly #time: SteadyTime
  readonly #members = new Set<(now: number) => void>()
  #cancel: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#time = new SteadyTime(clock, mostMs)
  }

  /** The time of the ticks. */
  now(): number {
    return this.#time.now()
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
      const now = this.#time.now()
      for (const tick of this.#members) tick(now)
    })
  }
}
