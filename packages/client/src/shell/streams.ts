/** The streams of a client: each is a request among the others, whose values come before its answer. */
import {
  type Codec,
  clientDefaults,
  type Encoded,
  encodeClientFrame,
  type FrameData,
  type Received,
  type ServerFrame,
} from '@parley/shared/internal'
import type { ConnectionPart, Driver } from './driver.js'
import { type Asked, aborted, bytesOf, heeding, type Requests } from './requests.js'
import { RunningStream } from './running-stream.js'
import type { Timed } from './ticker.js'

/** What a frame may grow by when it goes out again: its numbers have more digits then. */
const moreBytes = 32

export class Streams implements ConnectionPart, Timed {
  readonly #driver: Driver
  readonly #requests: Requests
  readonly #codec: Codec
  readonly #running = new Map<number, RunningStream>()

  constructor(driver: Driver, requests: Requests, codec: Codec) {
    this.#driver = driver
    this.#requests = requests
    this.#codec = codec
  }

  get next(): number {
    let next = Number.POSITIVE_INFINITY
    for (const run of this.#running.values()) next = Math.min(next, run.next)
    return next
  }

  /** Starts a stream. What is wrong with it fails the stream, and is never thrown here. */
  start(
    path: string,
    encode: () => Encoded | undefined,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): RunningStream {
    const driver = this.#driver
    const id = driver.nextId()
    const { streamWindow: ahead, streamCreditMs: creditMs } = clientDefaults
    const run = new RunningStream(
      {
        now: () => driver.now(),
        decode: (value) => this.#codec.decode(value),
        allow: (credit) => {
          const line = this.#requests.lineOf(id)
          if (line !== undefined) driver.sendFrame({ type: 'credit', id, ...credit }, line)
        },
        giveUp: (error) => this.#requests.giveUp(id, error),
        touch: () => driver.touch(),
      },
      { ahead, creditMs },
    )
    try {
      if (signal?.aborted) throw aborted(signal)
      driver.requireOpen()
      const input = encode()
      this.#ask(id, run, signal, () =>
        encodeClientFrame({ type: 'stream', id, path, ...run.asked(), ...(input ? { input } : {}) }),
      )
    } catch (error) {
      run.failed(error)
    }
    return run
  }

  #ask(id: number, run: RunningStream, signal: AbortSignal | undefined, data: () => FrameData): void {
    this.#running.set(id, run)
    const bytes = bytesOf(data()) + moreBytes
    const withinMs = Number.POSITIVE_INFINITY
    const request = {
      id,
      bytes,
      repeatable: false,
      idempotent: false,
      ordered: false,
      withinMs,
      fromNow: false,
    }
    const asked: Asked = {
      data,
      resolve: (output) => {
        this.#running.delete(id)
        run.answered(output)
      },
      reject: (error) => {
        this.#running.delete(id)
        run.failed(error)
      },
    }
    this.#requests.ask(
      request,
      heeding(signal, (error) => run.abort(error), asked),
    )
  }

  // --- the connection: what becomes of the requests is not told here -----------------------------------------

  up(): void {}

  down(): void {}

  over(): void {}

  received(frame: ServerFrame<Received>, line: number): boolean {
    if (frame.type !== 'y') return false
    // one for a stream that is over is late
    const fault = this.#running.get(frame.id)?.received(frame.seq, frame.value)
    if (fault !== undefined) this.#driver.broken(line, fault)
    return true
  }

  elapsed(now: number): void {
    for (const run of [...this.#running.values()]) if (now >= run.next) run.elapsed()
  }
}
