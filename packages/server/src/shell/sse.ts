/** A topic as an SSE response. */
import {
  encodeComment,
  encodeRetry,
  type From,
  formatPosition,
  type Position,
  type Topic,
} from '@parley/shared/internal'
import { blockBytes, gapBlock, type LiveEvent } from '../fanout/live-event.js'
import type { LogGap } from '../logs/log.js'
import type { Topics } from '../topics.js'
import { Reader, type Sink } from './reader.js'
import type { Ticker } from './ticker.js'

/** What the stream holds before `pull` stops asking; a reader is drained when it is below this. */
const highWaterMark = 65_536
const utf8 = new TextEncoder()
const heartbeat = utf8.encode(encodeComment(''))

export interface SseOptions {
  readonly topics: Topics
  readonly ticker: Ticker
  readonly topic: Topic
  readonly from: From
  readonly until: Position | undefined
  /** Ms since 1970 at which the response ends, so that the client comes back with fresh credentials. */
  readonly expiresAtMs: number | undefined
  readonly headers: Headers
  /** The member that reads, for `kick`. */
  readonly member: string | undefined
  /** Holds this response until it is over. */
  readonly among: Set<SseResponse>
}

/** Each response its own, around the limit: an EventSource has no jitter, and all would come back at one moment. */
function retryMs({ limits, clock }: Topics): number {
  return Math.round(limits.sseRetryMs * (0.5 + clock.random()))
}

/** One SSE response: a sink for a reader. `topics.open()` must have resolved. */
export class SseResponse implements Sink {
  readonly response: Response
  readonly topic: Topic
  readonly member: string | undefined
  readonly #options: SseOptions
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #reader: Reader | undefined
  #stopTicking: (() => void) | undefined
  #onDrain: (() => void) | undefined
  /** When the ticker was last here, and when something was last sent: a clock asked for every event costs too much. */
  #tickedAt: number
  #sentAt: number
  #sentSince = true
  #over = false

  constructor(options: SseOptions) {
    this.#options = options
    this.topic = options.topic
    this.member = options.member
    this.#tickedAt = this.#sentAt = options.ticker.now()
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => this.#drained(),
        cancel: () => this.close(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark }),
    )
    options.headers.set('content-type', 'text/event-stream')
    options.headers.set('cache-control', 'no-cache, no-transform')
    options.headers.set('x-accel-buffering', 'no')
    this.response = new Response(stream, { headers: options.headers })
    // the head is sent with the first bytes only: a reader of a quiet topic must not wait for them
    this.#send(utf8.encode(encodeRetry(retryMs(options.topics))))
    this.#stopTicking = options.ticker.add((now) => this.#tick(now))
    options.among.add(this)
    this.#begin()
  }

  get capacity(): number {
    return this.#options.topics.limits.queuedBytes
  }

  queued(): number {
    return highWaterMark - (this.#controller?.desiredSize ?? highWaterMark)
  }

  onDrain(run: () => void): () => void {
    this.#onDrain = run
    // it may have drained already, and then nobody pulls again
    queueMicrotask(() => this.#drained())
    return () => {
      this.#onDrain = undefined
    }
  }

  confirm(position: Position): void {
    this.#state('parley.ready', position)
  }

  event(event: LiveEvent): boolean {
    this.#send(event.block)
    return true
  }

  /** An EventSource learns a position only from an event, and nothing excludes an SSE reader. */
  moved(): void {}

  gap(gap: LogGap): void {
    this.#send(gapBlock(gap))
  }

  live(offset: number): void {
    this.#state('parley.live', { epoch: this.#options.topics.epoch, offset })
  }

  /** A response that just ends may have been cut, however tidily: the mark says that this one is complete. */
  end(position: Position): void {
    this.#state('parley.live', position)
    this.close()
  }

  failed(): void {
    this.close()
  }

  /** Ends the response for good: the client must not come back. */
  refuse(code: string, message: string): void {
    this.#send(blockBytes({ event: 'parley.end', data: JSON.stringify({ code, message }) }))
    this.close()
  }

  /** Ends the response, and says how long to stay away. */
  leave(retryMs: number): void {
    this.#send(utf8.encode(encodeRetry(retryMs)))
    this.close()
  }

  /** Ends the response; what is queued is still sent. A client that is there comes back. */
  close(): void {
    if (this.#over) return
    this.#over = true
    this.#stopTicking?.()
    this.#onDrain = undefined
    this.#reader?.leave()
    try {
      this.#controller?.close()
    } catch {
      // the client was first: the stream is cancelled and takes no close
    }
    this.#options.among.delete(this)
  }

  #begin(): void {
    const { topics, topic, from, until } = this.#options
    const reader = new Reader({ topics, topic, from, sink: this, ...(until ? { until } : {}) })
    // a reader can be over before it is here, when `until` was passed at once
    if (this.#over) reader.leave()
    else this.#reader = reader
  }

  #state(event: string, position: Position): void {
    const id = formatPosition(position)
    const { epoch } = this.#options.topics
    const data = { position: id, ...(epoch === position.epoch ? {} : { epoch }) }
    this.#send(blockBytes({ event, id, data: JSON.stringify(data) }))
  }

  #send(bytes: Uint8Array): void {
    if (this.#over) return
    this.#sentSince = true
    try {
      this.#controller?.enqueue(bytes)
    } catch {
      this.close() // the client has gone, and `cancel` is still to come
    }
  }

  #drained(): void {
    if (!this.#onDrain || this.queued() >= highWaterMark) return
    const run = this.#onDrain
    this.#onDrain = undefined
    run()
  }

  #tick(now: number): void {
    const { expiresAtMs, topics } = this.#options
    // not before then: a heartbeat may come early, never late
    if (this.#sentSince) this.#sentAt = this.#tickedAt
    this.#sentSince = false
    this.#tickedAt = now
    if (expiresAtMs !== undefined && topics.clock.now() >= expiresAtMs) this.close()
    else if (now - this.#sentAt >= topics.limits.sseHeartbeatMs && this.queued() <= 0) this.#send(heartbeat)
  }
}
