import type { Clock } from '@parley/shared/internal'

/**
 * Time as it passes, whatever is done to the wall clock: it never goes back. An operator, or NTP, may set the wall by
 * hours, and neither must that end what is alive nor keep what is dead.
 */
export class SteadyTime {
  readonly #clock: Clock
  readonly #mostMs: number
  #wall: number
  #now: number

  /** @param mostMs the most that passes between two looks, for who looks often: more than that is a clock that was set, or a process that stood still. */
  constructor(clock: Clock, mostMs: number = Number.POSITIVE_INFINITY) {
    this.#clock = clock
    this.#mostMs = mostMs
    this.#wall = clock.now()
    this.#now = this.#wall
  }

  now(): number {
    const wall = this.#clock.now()
    this.#now += Math.min(Math.max(0, wall - this.#wall), this.#mostMs)
    this.#wall = wall
    return this.#now
  }

  /** A timer has fired, so it is this late at least, whatever the wall says. */
  atLeast(time: number): number {
    this.#now = Math.max(this.now(), time)
    return this.#now
  }
}
