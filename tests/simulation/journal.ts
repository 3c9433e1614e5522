/** What happened in a world, and what should not have. */
export class Journal {
  /** What was promised and not kept, in words. */
  readonly faults: string[] = []
  /** Everything, line by line, for whoever has to find out why; the faults alone where nobody asked for it. */
  readonly lines: string[] = []
  readonly #isTraced: boolean
  readonly #now: () => number
  readonly #start: number

  /** @param now Time that never goes back, in ms. */
  constructor(now: () => number, isTraced: boolean) {
    this.#now = now
    this.#start = now()
    this.#isTraced = isTraced
  }

  /** Ms since the world began. */
  get elapsed(): number {
    return this.#now() - this.#start
  }

  note(line: string): void {
    if (this.#isTraced) this.#write(line)
  }

  fault(what: string): void {
    this.faults.push(what)
    this.#write(`!!!!! ${what}`)
  }

  #write(line: string): void {
    this.lines.push(`${String(Math.round(this.elapsed)).padStart(7)} ${line}`)
  }
}
