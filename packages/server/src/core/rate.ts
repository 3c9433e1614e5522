/** So many a second, and as many at once: whoever comes on top of that is told to come later. `now` in ms. */
export class Rate {
  readonly #perSecond: number
  #left: number
  #at: number

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond
    this.#left = perSecond
    this.#at = now
  }

  /** Whether one more may come in. */
  take(now: number): boolean {
    const passedMs = Math.max(0, now - this.#at)
    this.#at = now
    this.#left = Math.min(this.#perSecond, this.#left + (passedMs / 1_000) * this.#perSecond)
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }
}
