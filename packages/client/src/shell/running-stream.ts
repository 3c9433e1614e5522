/**
 * One stream, as the application holds it: a loop over its values, its result, and the way to give it up. What travels
 * is up to the machine; the request that it is waits among the others.
 */
import { ParleyError } from '@parley/shared'
import type { Received } from '@parley/shared/internal'
import { Stream, type StreamCredit, type StreamOptions } from '../core/stream.js'

/** How a stream speaks to its connection. */
export interface StreamPort {
  now(): number
  decode(value: Received): unknown
  /** Tells the server, where there is a connection, how far it may go. */
  allow(credit: StreamCredit): void
  /** Gives the request up, which fails it with this. */
  giveUp(error: ParleyError): void
  /** What the stream waits for may be due earlier than before. */
  touch(): void
}

type Step = IteratorResult<unknown, undefined>
type Waiting = { resolve(step: Step): void; reject(error: unknown): void }

const done: Step = { done: true, value: undefined }

export class RunningStream implements AsyncIterable<unknown, undefined> {
  readonly #port: StreamPort
  readonly #machine: Stream<Received>
  readonly #result: Promise<unknown>
  #resolve!: (output: unknown) => void
  #reject!: (error: unknown) => void
  /** Calls of `next` that found nothing. */
  readonly #waiting: Waiting[] = []
  #use: 'none' | 'loop' | 'discarded' = 'none'
  #isOver = false
  /** What the loop has still to throw. */
  #failure: unknown

  constructor(port: StreamPort, options: StreamOptions) {
    this.#port = port
    this.#machine = new Stream(options)
    this.#result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#result.catch(() => {}) // it may be that only the loop is of interest
  }

  // --- for the application ----------------------------------------------------------------------------------

  get result(): Promise<unknown> {
    // in a later turn: who asks for it and then loops over the values gets both
    if (this.#use === 'none') queueMicrotask(() => this.#discard())
    return this.#result
  }

  cancel(): void {
    this.abort(new ParleyError('ABORTED', 'The stream was cancelled'))
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown, undefined> {
    if (this.#use !== 'none') {
      const message =
        this.#use === 'loop'
          ? 'There is a loop over this stream already, and each value goes to one'
          : 'The values of this stream are dropped, since its `result` was asked for before they were: loop first'
      throw new ParleyError('CONFLICT', message)
    }
    this.#use = 'loop'
    return {
      next: () => this.#next(),
      return: () => {
        this.#leave()
        return Promise.resolve(done)
      },
    }
  }

  // --- for the connection -----------------------------------------------------------------------------------

  /** When `elapsed` has something to do. */
  get next(): number {
    return this.#machine.next
  }

  /** What the request says, each time that it goes out. */
  asked(): StreamCredit {
    return this.#machine.asked()
  }

  /** A value came. @returns The rule that the server broke, if it did. */
  received(seq: number, value: Received): string | undefined {
    const fault = this.#machine.received(seq, value, this.#port.now())
    const first = this.#machine.waiting > 0 ? this.#waiting.shift() : undefined
    if (first) this.#next().then(first.resolve, first.reject)
    else this.#tell()
    return fault
  }

  elapsed(): void {
    this.#tell()
  }

  answered(output: unknown): void {
    this.#end()
    this.#resolve(output)
    for (const { resolve } of this.#waiting.splice(0)) resolve(done)
  }

  failed(error: unknown): void {
    this.#end()
    this.#reject(error)
    const [first, ...rest] = this.#waiting.splice(0)
    if (!first) this.#failure = error
    first?.reject(error)
    for (const { resolve } of rest) resolve(done)
  }

  /** Nobody wants it any more: what came and was not taken goes as well. */
  abort(error: ParleyError): void {
    if (this.#isOver) return
    this.#machine.dropped()
    this.#port.giveUp(error)
  }

  // ----------------------------------------------------------------------------------------------------------

  #next(): Promise<Step> {
    const took = this.#machine.take(this.#port.now())
    if (took) {
      this.#tell()
      try {
        return Promise.resolve({ done: false, value: this.#port.decode(took.value) })
      } catch (cause) {
        const error = new ParleyError('BAD_REQUEST', 'A value of the stream could not be read', { cause })
        this.abort(error)
        this.#machine.dropped()
        this.#failure = undefined
        return Promise.reject(error)
      }
    }
    const failure = this.#failure
    this.#failure = undefined
    if (failure) return Promise.reject(failure)
    if (this.#isOver) return Promise.resolve(done)
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** The loop ended before the stream did. */
  #leave(): void {
    const waiting = this.#waiting.splice(0)
    this.cancel()
    this.#machine.dropped()
    this.#failure = undefined
    for (const { resolve } of waiting) resolve(done)
  }

  #discard(): void {
    if (this.#use !== 'none') return
    this.#use = 'discarded'
    this.#machine.discard(this.#port.now())
    this.#tell()
  }

  #end(): void {
    this.#isOver = true
    this.#machine.ended()
  }

  #tell(): void {
    const due = this.#machine.due(this.#port.now())
    if (due) this.#port.allow(due)
    else this.#port.touch()
  }
}
