/** What happened in a world, and what should not have. */
import { type Promised, promises } from './promises.js'

export interface Fault {
  readonly promise: Promised
  readonly what: string
}

export class Journal {
  readonly faults: Fault[] = []
  /** Everything, line by line, for whoever has to find out why; the faults alone where nobody asked for it. */
  readonly lines: string[] = []
  /** What happened to somebody: see docs/TESTING.md. */
  happened = 0
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

  note(line: () => string): void {
    if (this.#isTraced) this.#write(line())
  }

  fault(promise: Promised, what: string): void {
    this.faults.push({ promise, what })
    this.#write(`!!!!! ${what}; promised: ${promises[promise]}`)
  }

  #write(line: string): void {
    this.lines.push(`${String(Math.round(this.elapsed)).padStart(7)} ${line}`)
  }
}
