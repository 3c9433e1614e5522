/** Counts numbered events: those that came, came again, came late, or never came. */
export class Counting {
  readonly #seen = new Set<number>()
  readonly #waiting = new Map<number, () => void>()
  #highest = 0
  repeated = 0
  disordered = 0
  gaps = 0

  get delivered(): number {
    return this.#seen.size
  }

  take(n: number): void {
    if (this.#seen.has(n)) this.repeated++
    else if (n < this.#highest) this.disordered++
    this.#seen.add(n)
    this.#highest = Math.max(this.#highest, n)
    this.#waiting.get(n)?.()
  }

  /** Resolves once this number has come. */
  until(n: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#seen.has(n)) resolve()
      else this.#waiting.set(n, resolve)
    })
  }

  /** How many of these numbers, or of those from 1 up to this one, never came. */
  lostOf(events: number | Iterable<number>): number {
    const numbers = typeof events === 'number' ? Array.from({ length: events }, (_, i) => i + 1) : events
    let lost = 0
    for (const n of numbers) if (!this.#seen.has(n)) lost++
    return lost
  }

  /** What is to be nothing. */
  faults(events: number | Iterable<number>) {
    const { repeated, disordered, gaps } = this
    return { lost: this.lostOf(events), repeated, disordered, gaps }
  }
}

export const faultless = { lost: 0, repeated: 0, disordered: 0, gaps: 0 }
