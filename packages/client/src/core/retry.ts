/**
 * When to try for a connection again: after each failure later, by chance spread, at once where there is a reason, and
 * after the advised delay where the server gives one. A connection that held for `steadyMs` makes up for the failures
 * before it.
 */
import { clientDefaults } from '@parley/shared/internal'
import { backoffMs, soonMs } from './backoff.js'
import type { LineEnding } from './link-output.js'

const never = Number.POSITIVE_INFINITY

export class Retry {
  #failures = 0
  /** When the connection of today has held for long enough. */
  #steadyAt = never
  /** When the next attempt is due. */
  #at = never
  /** The server said how long to stay away: no sign of the world shortens that. */
  #isAdvised = false

  /** When `isDue` or `noteSteady` may have something to say. */
  get next(): number {
    return Math.min(this.#at, this.#steadyAt)
  }

  /** Which attempt since a connection last held: 1 for the first. */
  get attempt(): number {
    return Math.max(1, this.#failures)
  }

  isDue(now: number): boolean {
    return now >= this.#at
  }

  /** A connection is open. */
  opened(now: number): void {
    this.#steadyAt = now + clientDefaults.steadyMs
  }

  /** It may have held for long enough by now. */
  noteSteady(now: number): void {
    if (now < this.#steadyAt) return
    this.#steadyAt = never
    this.#failures = 0
  }

  /** Neither is a connection open, nor an attempt to come. */
  stop(): void {
    this.#steadyAt = never
    this.#at = never
  }

  /** What failed before does not count. */
  forgive(): void {
    this.#failures = 0
  }

  /** A connection was lost, or did not come about. @returns How long to wait. */
  after({ delayMs, isSoon, isNoFailure }: LineEnding, now: number, chance: number): number {
    if (isNoFailure) return this.soon(now, chance)
    this.#failures += 1
    if (delayMs !== undefined) {
      const waitMs = this.#wait(now, delayMs)
      this.#isAdvised = true
      return waitMs
    }
    // Only a connection that had held is replaced at once: one that is lost again and again backs off.
    const mayBeSoon = isSoon === true && this.#failures === 1
    return this.#wait(now, mayBeSoon ? soonMs(chance) : backoffMs(this.#failures - 1, chance))
  }

  soon(now: number, chance: number): number {
    return this.#wait(now, soonMs(chance))
  }

  /** There may be no reason to wait any more; `undefined` if the attempt stays where it is. */
  hasten(now: number, chance: number): number | undefined {
    return this.#isAdvised || this.#at <= now + soonMs(chance) ? undefined : this.soon(now, chance)
  }

  #wait(now: number, ms: number): number {
    const waitMs = Math.ceil(ms)
    this.#isAdvised = false
    this.#at = now + waitMs
    return waitMs
  }
}
