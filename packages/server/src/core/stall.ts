/**
 * Whether a socket takes no bytes any more, from how many are queued on it. Bytes may be put on it unseen, so a queue
 * that grows says nothing - until it is so long that nothing more is put on it.
 */
export class Stall {
  readonly #mostMs: number
  readonly #congestedBytes: number
  #queued = 0
  /** When bytes were taken last, or may have been. */
  #takenAt: number

  /**
   * @param mostMs how long bytes may wait without one being taken.
   * @param congestedBytes queued bytes from which on nothing is put on it but what cannot be put off.
   */
  constructor(mostMs: number, congestedBytes: number, now: number) {
    this.#mostMs = mostMs
    this.#congestedBytes = congestedBytes
    this.#takenAt = now
  }

  /** The socket told that bytes were taken. */
  taken(now: number): void {
    this.#takenAt = now
  }

  /** Called now and then; whether nothing was taken for too long. */
  look(queued: number, now: number): boolean {
    const stands =
      queued > 0 && (queued === this.#queued || (queued > this.#queued && queued >= this.#congestedBytes))
    this.#queued = queued
    if (!stands) this.#takenAt = now
    return now - this.#takenAt >= this.#mostMs
  }
}
