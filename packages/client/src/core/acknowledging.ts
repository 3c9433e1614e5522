/** When a server is told which answers are here: it keeps each until then. */

/** After so many answers, or as many as are waited for, because each of those is named; or so long after one. */
const leastOwed = 16
const ackMs = 500
const never = Number.POSITIVE_INFINITY

export class Acknowledging {
  #owed = 0
  #at = never

  /** When the server is to be told at the latest. */
  get at(): number {
    return this.#at
  }

  /** An answer came, and so many are waited for; whether the server is to be told now. */
  owe(waiting: number, now: number): boolean {
    this.#owed += 1
    this.#at = Math.min(this.#at, now + ackMs)
    return this.#owed >= Math.max(leastOwed, waiting)
  }

  /** The server was told, or there is no telling it. */
  settle(): void {
    this.#owed = 0
    this.#at = never
  }
}
