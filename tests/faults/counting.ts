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

  /** How many of the numbers from 1 on never came. */
  lostOf(events: number): number {
    let lost = 0
    for (let n = 1; n <= events; n++) if (!this.#seen.has(n)) lost++
    return lost
  }

  /** What is to be nothing. */
  faults(events: number) {
    const { repeated, disordered, gaps } = this
    return { lost: this.lostOf(events), repeated, disordered, gaps }
  }
}

export const faultless = { lost: 0, repeated: 0, disordered: 0, gaps: 0 }
