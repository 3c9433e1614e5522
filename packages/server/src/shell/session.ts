/** What the application sees of a session, and what the hub keeps of it. */
import { ParleyError } from '@parley/shared'
import type { Clock } from '@parley/shared/internal'

/** JWTs count seconds; a number above this is surely milliseconds, and would never expire. */
const mostSeconds = 100_000_000_000

/** A session, or over plain SSE and HTTP the one request. */
export class ServerSession {
  /** Names the session in reports and `router.disconnect`; it resumes nothing. */
  readonly id: string
  readonly transport: 'websocket' | 'fallback' | 'link' | 'sse' | 'http'
  readonly #clock: Clock
  #member: string | undefined
  #expiresAtMs: number | undefined
  #onExpiry: (() => void) | undefined
  /** While new credentials are looked at: a later end that they would have. */
  #later: { ms: number | undefined } | undefined

  constructor(clock: Clock, transport: ServerSession['transport']) {
    this.#clock = clock
    this.id = clock.secret()
    this.transport = transport
  }

  /** Whom it belongs to; `undefined` before `identify` was asked, or where nobody says. */
  get member(): string | undefined {
    return this.#member
  }

  /** Settles whom it belongs to, and until when, where that is later than before. */
  belongTo(member: string | undefined, expiresAtMs?: number): void {
    this.#member = member
    if (expiresAtMs !== undefined) this.#setExpiry(expiresAtMs)
  }

  /**
   * Ends the session's credentials at this time. The client fetches new ones before and goes on without a break;
   * else the connection is closed and the client comes back.
   *
   * @param when A `Date`, or seconds since 1970 as in a JWT's `exp`.
   * @throws ParleyError `BAD_OPTIONS` for anything else, such as milliseconds.
   */
  expiresAt(when: Date | number): void {
    const ms = when instanceof Date ? when.getTime() : when * 1_000
    if (!Number.isFinite(ms) || (typeof when === 'number' && (when < 0 || when > mostSeconds))) {
      throw new ParleyError('BAD_OPTIONS', 'expiresAt takes a Date, or seconds since 1970 as in a JWT')
    }
    const isLater = this.#expiresAtMs === undefined || ms > this.#expiresAtMs
    if (this.#later && isLater) this.#later.ms = ms
    else this.#setExpiry(ms)
  }

  /** New credentials are looked at: what would make the session last longer waits until they are granted. */
  asking(): void {
    this.#later = { ms: undefined }
  }

  /** They were looked at. @returns The later end that they would have. */
  asked(): number | undefined {
    const ms = this.#later?.ms
    this.#later = undefined
    return ms
  }

  #setExpiry(ms: number): void {
    this.#expiresAtMs = ms
    this.#onExpiry?.()
  }

  /** Ms since 1970, or nothing. */
  get expiresAtMs(): number | undefined {
    return this.#expiresAtMs
  }

  /** Whole ms from now, at least 0: a token's `exp` may have a fraction (RFC 7519, NumericDate), a frame may not. */
  get expiresInMs(): number | undefined {
    if (this.#expiresAtMs === undefined) return undefined
    return Math.max(0, Math.floor(this.#expiresAtMs - this.#clock.now()))
  }

  /** Called whenever `expiresAt` was. */
  onExpiry(changed: () => void): void {
    this.#onExpiry = changed
  }
}
