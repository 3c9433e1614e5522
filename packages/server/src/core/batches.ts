/**
 * Who is told to move when, as a server drains: a share of those that are left every so often, each batch spread until
 * the next by chance, so that neither the server nor the one that takes over ever sees a fleet at one moment. Whoever
 * was told has the last third of the time to get away.
 */

/** The share of the time in which all are told. */
const tellingShare = 2 / 3

export class Batches {
  /** How long after a batch the next one comes; whoever is in it may take so long to begin. */
  readonly everyMs: number
  readonly #startedAt: number
  readonly #count: number
  #taken = 0

  /** @param wantedMs Time between two batches, where there is enough of it. */
  constructor(startedAt: number, withinMs: number, wantedMs: number) {
    const tellingMs = withinMs * tellingShare
    this.#count = Math.max(1, Math.floor(tellingMs / wantedMs))
    this.everyMs = tellingMs / this.#count
    this.#startedAt = startedAt
  }

  /** How many of those that were not told yet are to be told now. */
  due(now: number, left: number): number {
    const batches = Math.min(this.#count, 1 + Math.floor((now - this.#startedAt) / this.everyMs))
    if (batches === this.#taken) return batches === this.#count ? left : 0 // who comes late is told at once
    const share = (batches - this.#taken) / (this.#count - this.#taken)
    this.#taken = batches
    return Math.ceil(left * share)
  }
}
