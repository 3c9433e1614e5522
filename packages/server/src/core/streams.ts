/**
 * The streams of one session. Promise: a number is one generator, however often it is asked for; values go over a
 * connection only after the client has asked for them there, in their order and before the answer; who gives a stream
 * up is rid of it at once, and its place is taken until the generator is done.
 *
 *   runs --answered--> kept until its values are there --> gone
 *     +--given up--> runs on, unwanted --over--> gone
 */
import { type ClientFrame, type Encoded, Fault, type Limits, type Received } from '@parley/shared/internal'
import { sizeOf } from './size.js'
import { Stream, type StreamOrder } from './stream.js'

export type StreamsOrder =
  /** Run its handler; when it has its answer call `answered`, and when nothing of it goes on any more, `over`. */
  | {
      readonly type: 'stream'
      readonly id: number
      readonly path: string
      readonly input: Received | undefined
    }
  /** Ask its generator for one value: call `yielded` with it, unless the stream ends first. */
  | { readonly type: 'pull'; readonly id: number }
  | { readonly type: 'value'; readonly id: number; readonly seq: number; readonly value: Encoded }
  | { readonly type: 'broken'; readonly why: string }

type Asked = Extract<ClientFrame<Received>, { type: 'stream' }>
type Credit = Extract<ClientFrame<Received>, { type: 'credit' }>

interface Entry {
  readonly stream: Stream<Encoded>
  /** Its generator is not done. */
  runs: boolean
  /** The client waits for it. */
  isWanted: boolean
  /** The client asked for it over the connection that there is. */
  isAttached: boolean
}

export interface StreamsLimits extends Pick<Limits, 'streams' | 'streamValues' | 'streamBytes'> {}

const nothing: readonly never[] = []

export class Streams {
  readonly #limits: StreamsLimits
  readonly #entries = new Map<number, Entry>()

  constructor(limits: StreamsLimits) {
    this.#limits = limits
  }

  /** Whether one more would be too many: those that run count, wanted or not, and those whose values are not there yet. */
  get isFull(): boolean {
    return this.#entries.size >= this.#limits.streams
  }

  /** Those whose generator is not done. */
  get running(): number {
    let running = 0
    for (const { runs } of this.#entries.values()) if (runs) running += 1
    return running
  }

  /** Of the values that are kept. */
  get bytes(): number {
    let bytes = 0
    for (const { stream } of this.#entries.values()) bytes += stream.keptBytes
    return bytes
  }

  has(id: number): boolean {
    return this.#entries.has(id)
  }

  /** Those that the client waits for, as far as is known here. */
  wanted(): number[] {
    return [...this.#entries].filter(([, { isWanted }]) => isWanted).map(([id]) => id)
  }

  /** A number that is new. */
  begin({ id, path, after, credit, input }: Asked): readonly StreamsOrder[] {
    const stream = new Stream<Encoded>(this.#limits)
    const orders = stream.asked(after, credit)
    if (orders instanceof Fault) return told(id, orders)
    this.#entries.set(id, { stream, runs: true, isWanted: true, isAttached: true })
    return [{ type: 'stream', id, path, input }, ...told(id, orders)]
  }

  /** A number that came before, over another connection. What it was answered follows by itself. */
  again({ id, after, credit }: Asked): readonly StreamsOrder[] {
    const entry = this.#entries.get(id)
    if (!entry) return nothing
    entry.isAttached = true
    return told(id, entry.stream.asked(after, credit))
  }

  /** One for a stream that is gone is a late frame, not a broken rule. */
  credit({ id, after, credit }: Credit): readonly StreamsOrder[] {
    const entry = this.#entries.get(id)
    // over a connection on which it was not asked for yet, `after` would not be told apart from a wrong one
    if (!entry?.isAttached) return nothing
    const orders = told(id, entry.stream.credit(after, credit))
    this.#tidy(id, entry)
    return orders
  }

  yielded(id: number, value: Encoded): readonly StreamsOrder[] {
    const entry = this.#entries.get(id)
    return entry ? told(id, entry.stream.yielded(value, sizeOf(value))) : nothing
  }

  /** It has its answer. @returns Whether that may go out now: not before the values that are not there yet. */
  answered(id: number): boolean {
    const entry = this.#entries.get(id)
    entry?.stream.ended()
    return entry?.isAttached ?? true
  }

  /** Nothing of its generator goes on any more. */
  over(id: number): void {
    const entry = this.#entries.get(id)
    if (!entry) return
    entry.runs = false
    this.#tidy(id, entry)
  }

  /** The client does not want it any more. @returns Whether its generator has to be told. */
  giveUp(id: number): boolean {
    const entry = this.#entries.get(id)
    if (!entry?.isWanted) return false
    entry.isWanted = false
    entry.stream.dropped()
    this.#tidy(id, entry)
    return entry.runs
  }

  /** The connection is gone. */
  away(): void {
    for (const entry of this.#entries.values()) {
      entry.isAttached = false
      entry.stream.away()
    }
  }

  #tidy(id: number, { stream, runs }: Entry): void {
    if (!runs && stream.kept === 0) this.#entries.delete(id)
  }
}

function told(id: number, orders: readonly StreamOrder<Encoded>[] | Fault): readonly StreamsOrder[] {
  if (orders instanceof Fault) return [{ type: 'broken', why: orders.why }]
  return orders.map((order) => ({ ...order, id }))
}
