/**
 * Whether the other side is still there. Any frame is a sign of life. After `heartbeatMs` of silence a ping is due,
 * and without an answer the link is dead `heartbeatGraceMs` later. Where somebody waits for an answer, or has reason
 * to doubt (`probe`), silence is tried much earlier.
 *
 * Inputs: `heard`, `waiting`, `probe`, `elapsed`; outputs: what is due, and `next`, when to ask again.
 */
const never = Number.POSITIVE_INFINITY

export interface HeartbeatOptions {
  readonly heartbeatMs: number
  readonly heartbeatGraceMs: number
  /** Silence, while an answer is owed, before a probe. */
  readonly probeAfterMs: number
  /** Silence after a probe before the link is dead. */
  readonly probeGraceMs: number
}

export class Heartbeat {
  readonly #options: HeartbeatOptions
  /** When the other side was last heard. */
  #heardAt: number
  /** Since when the oldest unanswered request is under way. */
  #waitingSince: number | undefined
  /** A ping is under way: when the link is dead without an answer, and whether it was sent in doubt. */
  #ping: { readonly deadAt: number; readonly isProbe: boolean } | undefined

  constructor(options: HeartbeatOptions, now: number) {
    this.#options = options
    this.#heardAt = now
  }

  /** How long the other side has been silent. */
  silence(now: number): number {
    return now - this.#heardAt
  }

  heard(now: number): void {
    this.#heardAt = now
    this.#ping = undefined
  }

  /** An answer is owed since then, or none is. */
  waiting(since: number | undefined): void {
    this.#waitingSince = since
  }

  /** There is a reason to doubt: tells whether a ping is to be sent now, or one in doubt is under way already. */
  probe(now: number): boolean {
    if (this.#ping?.isProbe) return false
    const deadAt = Math.min(this.#ping?.deadAt ?? never, now + this.#options.probeGraceMs)
    this.#ping = { deadAt, isProbe: true }
    return true
  }

  /** When `elapsed` has something to say, unless something happens before. */
  get next(): number {
    return Math.min(this.#pingAt, this.#probeAt, this.#ping?.deadAt ?? never)
  }

  elapsed(now: number): 'ping' | 'dead' | undefined {
    if (this.#ping && now >= this.#ping.deadAt) return 'dead'
    if (now >= this.#probeAt) {
      this.probe(now)
      return 'ping'
    }
    if (now >= this.#pingAt) {
      this.#ping = { deadAt: now + this.#options.heartbeatGraceMs, isProbe: false }
      return 'ping'
    }
    return undefined
  }

  get #pingAt(): number {
    return this.#ping ? never : this.#heardAt + this.#options.heartbeatMs
  }

  /** A probe is due once it has been silent for long enough since the request went out; one at a time. */
  get #probeAt(): number {
    if (this.#waitingSince === undefined || this.#ping?.isProbe) return never
    return Math.max(this.#waitingSince, this.#heardAt) + this.#options.probeAfterMs
  }
}
