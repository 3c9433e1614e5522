/**
 * The values of one stream, from its generator to the client. The promise: they are numbered from 1 and go out in
 * order; each is kept until the client says that it is there, also through a cut; the generator is never asked for one
 * that the client has not allowed, or that there is no room to keep.
 *
 *   generator --yielded--> kept --sent--> there (`after` of a `credit` or a repeated `stream`)
 *
 * Inputs are methods; each returns orders, to be carried out in order, or the rule that the client broke. A value is
 * opaque here.
 */
import { Fault, type Limits } from '@parley/shared/internal'

export type StreamOrder<V> =
  /** Ask the generator for one value; `yielded` or `ended` follows. */
  { readonly type: 'pull' } | { readonly type: 'value'; readonly seq: number; readonly value: V }

export interface StreamLimits extends Pick<Limits, 'streamValues' | 'streamBytes'> {}

interface Kept<V> {
  readonly seq: number
  readonly value: V
  readonly bytes: number
}

const nothing: readonly never[] = []

export class Stream<V> {
  readonly #limits: StreamLimits
  readonly #kept: Kept<V>[] = []
  #keptBytes = 0
  /** Number of the newest value. */
  #last = 0
  /** Number of the newest value that was ever handed to a connection. */
  #sent = 0
  /** Up to here the client has them. */
  #there = 0
  /** Up to here they may be sent. Once given, it is not taken back. */
  #allowed = 0
  #isAttached = false
  #isPulling = false
  #isOver = false

  constructor(limits: StreamLimits) {
    this.#limits = limits
  }

  /** Values that wait for the client to say that they are there. */
  get kept(): number {
    return this.#kept.length
  }

  get keptBytes(): number {
    return this.#keptBytes
  }

  /** The client asks for the stream, or asks again over another connection: what is not there goes out, once more. */
  asked(after: number, credit: number): readonly StreamOrder<V>[] | Fault {
    if (after < this.#there) return new Fault('PROTOCOL', `the values up to ${this.#there} were there before`)
    const fault = this.#grant(after, credit)
    if (fault) return fault
    this.#isAttached = true
    this.#sent = this.#last
    const values = this.#kept.map(({ seq, value }) => ({ type: 'value', seq, value }) as const)
    return [...values, ...this.#pull()]
  }

  credit(after: number, credit: number): readonly StreamOrder<V>[] | Fault {
    return this.#grant(after, credit) ?? this.#pull()
  }

  /** There is no connection; the generator goes on as far as it may. */
  away(): void {
    this.#isAttached = false
  }

  /** The generator gave the value that it was asked for. */
  yielded(value: V, bytes: number): readonly StreamOrder<V>[] {
    this.#isPulling = false
    if (this.#isOver) return nothing
    const seq = ++this.#last
    this.#kept.push({ seq, value, bytes })
    this.#keptBytes += bytes
    if (!this.#isAttached) return this.#pull()
    this.#sent = seq
    return [{ type: 'value', seq, value }, ...this.#pull()]
  }

  /** The generator returned, or failed: what it gave is kept, and nothing is asked for any more. */
  ended(): void {
    this.#isOver = true
  }

  /** Nobody wants it any more. */
  dropped(): void {
    this.#isOver = true
    this.#kept.length = 0
    this.#keptBytes = 0
  }

  #grant(after: number, credit: number): Fault | undefined {
    if (after > this.#sent) return new Fault('PROTOCOL', `value ${after} of a stream was never sent`)
    this.#there = Math.max(this.#there, after)
    this.#allowed = Math.max(this.#allowed, after + credit)
    const gone = this.#kept.findIndex(({ seq }) => seq > after)
    const there = this.#kept.splice(0, gone === -1 ? this.#kept.length : gone)
    for (const { bytes } of there) this.#keptBytes -= bytes
    return undefined
  }

  /** A value's size is known only when it is there, so the last one may go beyond the bound. */
  #pull(): readonly StreamOrder<V>[] {
    const { streamValues, streamBytes } = this.#limits
    const hasRoom = this.#kept.length < streamValues && this.#keptBytes < streamBytes
    if (this.#isPulling || this.#isOver || this.#last >= this.#allowed || !hasRoom) return nothing
    this.#isPulling = true
    return [{ type: 'pull' }]
  }
}
