/**
 * Whether a socket takes no bytes any more. One that does not count what it took is judged by how many are queued on it:
 * bytes may be put there unseen, so a queue that grows says nothing - until it is so long that nothing more is put on it.
 */
export class Stall {
  readonly #mostMs: number
  readonly #congestedBytes: number
  #queued = 0
  #taken: number | undefined
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
  tookSome(now: number): void {
    this.#takenAt = now
  }

  /**
   * Called now and then; whether nothing was taken for too long.
   *
   * @param taken bytes that were taken so far, where the socket counts them: then nothing has to be guessed.
   */
  look(queued: number, now: number, taken?: number): boolean {
    const isStuck = taken === undefined ? this.#stands(queued) : taken === this.#taken
    this.#queued = queued
    this.#taken = taken
    if (queued === 0 || !isStuck) this.#takenAt = now
    return now - this.#takenAt >= this.#mostMs
  }

  #stands(queued: number): boolean {
    return queued === this.#queued || (queued > this.#queued && queued >= this.#congestedBytes)
  }
}
