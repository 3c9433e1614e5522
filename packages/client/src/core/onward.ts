/**
 * When to open another line while the one of today is open: when it was asked for, and later each time that comes to
 * nothing, or is asked for again before the line that came of it has held for `steadyMs`. So a server that says `move`
 * to all that come makes nobody run in a circle.
 */
import { clientDefaults } from '@parley/shared/internal'
import { backoffMs } from './backoff.js'

const never = Number.POSITIVE_INFINITY

export class Onward {
  /** Since a line last held. */
  #tries = 0
  #steadyAt = never
  /** Another line is wanted from then on; how long to wait beyond it is not settled yet, because that takes chance. */
  #wantedAt = never
  /** When to begin. */
  #at = never

  /** When `elapsed` may have something to say. */
  get next(): number {
    return Math.min(this.#wantedAt, this.#at)
  }

  /** Another line is wanted after so many ms, or the one that was tried for did not come about. */
  want(inMs: number, now: number): void {
    this.#wantedAt = now + inMs
    this.#at = never
  }

  /** A line is open. */
  opened(now: number): void {
    this.#steadyAt = now + clientDefaults.steadyMs
  }

  /** No other line is wanted. */
  stop(): void {
    this.#wantedAt = never
    this.#at = never
  }

  /** Whether to begin now. */
  elapsed(now: number, chance: number): boolean {
    if (now >= this.#wantedAt) this.#settle(now, chance)
    if (now < this.#at) return false
    this.#at = never
    return true
  }

  #settle(now: number, chance: number): void {
    if (now >= this.#steadyAt) {
      this.#steadyAt = never
      this.#tries = 0
    }
    this.#at = this.#tries === 0 ? this.#wantedAt : Math.ceil(now + backoffMs(this.#tries - 1, chance))
    this.#wantedAt = never
    this.#tries += 1
  }
}
