/**
 * One timer for all that the machines of a client wait for. It is moved only when something is due earlier, so a
 * frame that merely puts the heartbeat off costs nothing: the timer then fires early, finds nothing to do, and is
 * armed again.
 */
import type { Clock } from '@parley/shared/internal'

/** Something with a next thing to do. */
export interface Timed {
  /** When `elapsed` may have something to do; `Infinity` for never. */
  readonly next: number
  elapsed(now: number): void
}

/** A timer this late means that the machine slept, or the process was stopped. */
const jumpMs = 2_000

/** A real timer takes at most 2^31-1 ms; a look once an hour does no harm. */
const longestMs = 3_600_000

export class Ticker {
  readonly #clock: Clock
  readonly #timed: readonly Timed[]
  readonly #jumped: () => void
  #armed: { readonly at: number; readonly cancel: () => void } | undefined
  #now: number
  /** What is added to the wall clock, so that time never goes back when the clock is set back. */
  #skew = 0

  /** @param jumped Told when time has passed in which nothing ran. */
  constructor(clock: Clock, timed: readonly Timed[], jumped: () => void) {
    this.#clock = clock
    this.#timed = timed
    this.#jumped = jumped
    this.#now = clock.now()
  }

  now(): number {
    const wall = this.#clock.now() + this.#skew
    if (wall < this.#now) this.#skew += this.#now - wall
    this.#now = Math.max(wall, this.#now)
    return this.#now
  }

  /** Something may be due earlier than before. */
  touch(): void {
    let next = Number.POSITIVE_INFINITY
    for (const timed of this.#timed) next = Math.min(next, timed.next)
    if (next === Number.POSITIVE_INFINITY) {
      this.#armed?.cancel()
      this.#armed = undefined
    } else if (!this.#armed || next < this.#armed.at) {
      this.#armed?.cancel()
      const now = this.now()
      const at = Math.min(Math.max(next, now), now + longestMs)
      this.#armed = { at, cancel: this.#clock.after(at - now, () => this.#fire(at)) }
    }
  }

  #fire(at: number): void {
    this.#armed = undefined
    const wall = this.now()
    // It fired, so that much time has passed, whatever the wall clock says.
    if (wall < at) {
      this.#skew += at - wall
      this.#now = at
    }
    if (wall - at > jumpMs) this.#jumped()
    for (const timed of this.#timed) if (this.#now >= timed.next) timed.elapsed(this.#now)
    this.touch()
  }
}
