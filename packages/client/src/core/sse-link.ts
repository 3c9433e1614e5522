/**
 * The retry loop of a topic that is read over SSE: when to ask for a response, when to give one up, how long to wait.
 *
 * Promise: while somebody reads there is a response, or one is being asked for, or a timer runs after which it will
 * be - unless the server said that there is nothing to come back for. A link that went silent is given up.
 *
 *     idle -start-> connecting -opened-> open          `lost` leads from both to waiting, `end` from any to idle
 *       ^               |                 |
 *       '---- (up) -- waiting <-----------'
 *
 * Inputs are past facts with `now` (ms), and `chance` (0 to 1, 1 excluded) where a delay is spread; outputs are orders.
 * One timer at a time: for the head of a response, for its silence, or until the next attempt. Each `arm` replaces the
 * one before.
 *
 * House rules:
 * - What the server advises holds for the next attempt alone, and nothing shortens it. `Retry-After` is how long to wait;
 *   `retry:` is the least, because it stands in every response: a server that drops each must not be stormed.
 * - The attempts are counted anew after a response that held for `steadyMs`.
 * - A timer that comes far too late after a long silence means that this machine was stopped or asleep: what was open
 *   is dead, though nobody says so, and waiting has been long enough. Where bytes kept coming it is the timers alone
 *   that are held back, up to a minute, as browsers do with those of a hidden page.
 */
import { clientDefaults } from '@parley/shared/internal'
import { backoffMs, soonMs } from './backoff.js'

export type SseLinkOutput =
  /** Ask for a response. */
  | { readonly type: 'connect' }
  /** Let go of the response, or of the request for one, at once. */
  | { readonly type: 'abort' }
  /** The subscription may ask again. */
  | { readonly type: 'up' }
  /** What was there, or was asked for, is gone. */
  | { readonly type: 'down' }
  | { readonly type: 'arm'; readonly ms: number }
  | { readonly type: 'disarm' }

export type SseLinkState = 'idle' | 'connecting' | 'open' | 'waiting'

/** A timer this late was held up by more than a busy page. */
const lateMs = 5_000

/** A timer takes no more (2^31-1): asked to wait longer, it fires at once. */
const longestTimerMs = 2_147_483_647

export class SseLink {
  #state: SseLinkState = 'idle'
  #attempts = 0
  #openedAt = 0
  /** When the last byte came. */
  #heardAt = 0
  /** It was silent for too long before that, and the timer that would have said so is late. */
  #wasSilent = false
  /** When the timer is due. */
  #dueAt = 0
  #advisedMs: number | undefined
  #leastMs: number | undefined
  /** The delay under way was advised. */
  #isAdvised = false

  get state(): SseLinkState {
    return this.#state
  }

  /** The subscription begins, or goes on. */
  start(now: number): SseLinkOutput[] {
    this.#state = 'connecting'
    return [{ type: 'connect' }, this.#arm(now, clientDefaults.connectMs)]
  }

  /** A response came, and it is an event stream. */
  opened(now: number): SseLinkOutput[] {
    if (this.#state !== 'connecting') return []
    this.#state = 'open'
    this.#openedAt = now
    this.#heardAt = now
    this.#wasSilent = false
    return [this.#arm(now, clientDefaults.sseSilenceMs)]
  }

  /** Bytes came, a comment's among them. */
  heard(now: number): void {
    // What was in the buffers while the machine slept says nothing of the link.
    if (now - this.#heardAt >= clientDefaults.sseSilenceMs) this.#wasSilent = true
    this.#heardAt = now
  }

  /** The server advises to wait so long before the next attempt. */
  advised(ms: number): void {
    this.#advisedMs = ms
  }

  /** The server advises to wait so long, or longer, before the next attempt. */
  spaced(ms: number): void {
    this.#leastMs = ms
  }

  /** There was no response, or it broke, or it ended without a word. */
  lost(now: number, chance: number): SseLinkOutput[] {
    if (this.#state !== 'connecting' && this.#state !== 'open') return []
    const hasHeld = this.#state === 'open' && now - this.#openedAt >= clientDefaults.steadyMs
    if (hasHeld) this.#attempts = 0
    const backoff = backoffMs(this.#attempts++, chance)
    const least = this.#leastMs ?? 0
    const advised = this.#advisedMs ?? (least < backoff ? undefined : least)
    return this.#wait(now, advised === undefined ? backoff : advised + soonMs(chance), advised !== undefined)
  }

  elapsed(now: number, chance: number): SseLinkOutput[] {
    const isLate = now - this.#dueAt >= lateMs
    switch (this.#state) {
      case 'idle':
        return []
      case 'waiting':
        return this.#up()
      case 'connecting':
        return this.#giveUp(now, chance, isLate)
      case 'open': {
        // A clock that was set back must not make the silence an hour longer.
        this.#heardAt = Math.min(this.#heardAt, now)
        const silence = now - this.#heardAt
        if (this.#wasSilent || silence >= clientDefaults.sseSilenceMs)
          return this.#giveUp(now, chance, isLate)
        return [this.#arm(now, clientDefaults.sseSilenceMs - silence)]
      }
    }
  }

  /** The page is online, or shown, again: the reason to wait may be gone. */
  woke(now: number, chance: number): SseLinkOutput[] {
    if (this.#state !== 'waiting' || this.#isAdvised) return []
    return [this.#arm(now, Math.min(soonMs(chance), Math.max(0, this.#dueAt - now)))]
  }

  /** Nobody reads any more, or the server ended it for good. */
  end(): SseLinkOutput[] {
    const was = this.#state
    this.#state = 'idle'
    this.#advisedMs = undefined
    this.#leastMs = undefined
    if (was === 'idle') return []
    if (was === 'waiting') return [{ type: 'disarm' }, { type: 'up' }]
    return [{ type: 'disarm' }, { type: 'abort' }]
  }

  #giveUp(now: number, chance: number, isLate: boolean): SseLinkOutput[] {
    const after = isLate ? this.#soon(now, chance) : this.lost(now, chance)
    return [{ type: 'abort' }, ...after]
  }

  #soon(now: number, chance: number): SseLinkOutput[] {
    return this.#wait(now, soonMs(chance), false)
  }

  #wait(now: number, ms: number, isAdvised: boolean): SseLinkOutput[] {
    this.#state = 'waiting'
    this.#isAdvised = isAdvised
    this.#advisedMs = undefined
    this.#leastMs = undefined
    return [{ type: 'down' }, this.#arm(now, Math.min(ms, longestTimerMs))]
  }

  #up(): SseLinkOutput[] {
    this.#state = 'idle'
    return [{ type: 'up' }]
  }

  #arm(now: number, ms: number): SseLinkOutput {
    this.#dueAt = now + ms
    return { type: 'arm', ms }
  }
}
