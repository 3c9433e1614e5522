/**
 * When to ask the application for fresh credentials: after most of their time has passed, and again in what is left
 * if that fails, so that an outage of whoever gives out tokens need not end the connection.
 */

/** Credentials are refreshed when this share of their time has passed. */
const share = 0.8

/** The least time between two tries. */
const retryMs = 1_000

const never = Number.POSITIVE_INFINITY

export class Refresh {
  #dueAt = never
  #endsAt = never

  /** When `elapsed` has something to say. */
  get next(): number {
    return this.#dueAt
  }

  /** The server says that the credentials end in so many ms. */
  expires(inMs: number, now: number): void {
    this.#dueAt = now + inMs * share
    this.#endsAt = now + inMs
  }

  /** Whether to ask now. */
  elapsed(now: number): boolean {
    if (now < this.#dueAt) return false
    this.#dueAt = never
    return true
  }

  /** Asking came to nothing, or the server refused what it gave. */
  failed(now: number): void {
    const left = this.#endsAt - now
    this.#dueAt = left > retryMs ? now + Math.max(retryMs, left / 2) : never
  }

  /** The connection that the credentials were for is gone. */
  forget(): void {
    this.#dueAt = never
    this.#endsAt = never
  }
}
