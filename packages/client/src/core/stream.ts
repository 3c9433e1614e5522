/**
 * The values of one stream, from the connection to the loop that takes them. The promise: each is handed over once and
 * in order, also across a cut; the server may never send more than `ahead` beyond what the loop has taken, so that is
 * all that ever waits here; and what the server may send is said in batches, not value by value.
 *
 *   --received--> waiting --take--> taken           discarding: taken as they come
 *
 * After an input, `due` says whether the server has to hear of it. A value is opaque here.
 */

export interface StreamOptions {
  /** Most values that wait for the loop. */
  readonly ahead: number
  /** A server that keeps less than that stops early: a loop that waits says after this long what it has. */
  readonly creditMs: number
}

/** What the server is told: the values up to `after` are there, and those up to `after + credit` may be sent. */
export interface StreamCredit {
  readonly after: number
  readonly credit: number
}

const never = Number.POSITIVE_INFINITY

export class Stream<V> {
  readonly #options: StreamOptions
  readonly #waiting: V[] = []
  /** Number of the newest value that came. */
  #last = 0
  /** What the server was told last. */
  #told = 0
  #allowed = 0
  #dueAt = never
  #isDiscarding = false
  #isOver = false

  constructor(options: StreamOptions) {
    this.#options = options
  }

  /** Values that the loop has not taken yet. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** When `due` may have something to say without any other input. */
  get next(): number {
    return this.#dueAt
  }

  /** What the request for the stream says, the first time and over each other connection. */
  asked(): StreamCredit {
    this.#dueAt = never
    this.#told = this.#last
    const credit = this.#taken + this.#options.ahead - this.#last
    this.#allowed = this.#last + credit
    return { after: this.#last, credit }
  }

  /** A value came. @returns The rule that the server broke, if it did. */
  received(seq: number, value: V, now: number): string | undefined {
    if (this.#isOver || seq <= this.#last) return undefined // again, after a cut, or after the end
    if (seq > this.#last + 1) return `value ${seq} of a stream came after value ${this.#last}`
    if (seq > this.#allowed) return `value ${seq} of a stream came, ${this.#allowed} were allowed`
    this.#last = seq
    if (!this.#isDiscarding) this.#waiting.push(value)
    this.#look(now)
    return undefined
  }

  /** The loop takes a value. */
  take(now: number): { readonly value: V } | undefined {
    if (this.#waiting.length === 0) return undefined
    const value = this.#waiting.shift() as V
    this.#look(now)
    return { value }
  }

  /** No loop will take any: they are taken as they come. */
  discard(now: number): void {
    this.#isDiscarding = true
    this.#waiting.length = 0
    this.#look(now)
  }

  /** The server has answered: no value follows, and those that wait are still to be had. */
  ended(): void {
    this.#isOver = true
    this.#dueAt = never
  }

  /** Nobody wants it any more. */
  dropped(): void {
    this.ended()
    this.#waiting.length = 0
  }

  /** What the server has to be told now, if it has. */
  due(now: number): StreamCredit | undefined {
    if (this.#isOver) return undefined
    const { ahead } = this.#options
    const more = this.#taken + ahead - this.#allowed
    return more >= ahead / 4 || now >= this.#dueAt ? this.asked() : undefined
  }

  get #taken(): number {
    return this.#last - this.#waiting.length
  }

  #look(now: number): void {
    const isStarving = this.#waiting.length === 0 && this.#told < this.#last
    if (isStarving && !this.#isOver) this.#dueAt = Math.min(this.#dueAt, now + this.#options.creditMs)
  }
}
