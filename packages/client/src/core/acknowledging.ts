/** When a server is told which answers are here: it keeps each until then. */

/** After so many answers, or so long after one. */
const mostOwed = 16
const ackMs = 500
const never = Number.POSITIVE_INFINITY

export class Acknowledging {
  #owed = 0
  #at = never

  /** When the server is to be told at the latest. */
  get at(): number {
    return this.#at
  }

  /** An answer came; whether the server is to be told now. */
  owe(now: number): boolean {
    this.#owed += 1
    this.#at = Math.min(this.#at, now + ackMs)
    return this.#owed >= mostOwed
  }

  /** The server was told, or there is no telling it. */
  settle(): void {
    this.#owed = 0
    this.#at = never
  }
}
