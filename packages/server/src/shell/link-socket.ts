/**
 * The server's end of a fallback link: one event stream that carries a connection's frames down. What comes up is told
 * by the POSTs that name it (links.ts).
 */
import { encodeComment, encodeDown, type FrameData, type Limits } from '@parley/shared/internal'
import type { ServerSocket } from './socket.js'
import type { Ticker } from './ticker.js'

/** What the stream holds before `pull` stops asking. */
const highWaterMark = 65_536

const utf8 = new TextEncoder()
const heartbeat = utf8.encode(encodeComment(''))

export interface LinkSocketEvents {
  /** Bytes were taken by the network. */
  drained(): void
  /** The client let go of the response, or the network did. */
  gone(): void
  /** Nothing goes down any more, whoever ended it. */
  over(): void
}

export interface LinkSocketOptions {
  readonly limits: Limits
  readonly ticker: Ticker
  readonly now: number
  readonly headers: Headers
  /** The block that names the link. */
  readonly first: string
  readonly encode: (data: FrameData) => Uint8Array
  readonly events: LinkSocketEvents
}

export class LinkSocket implements ServerSocket {
  readonly response: Response
  readonly #options: LinkSocketOptions
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  readonly #stopTicking: () => void
  /** All bytes that were handed over. */
  #written = 0
  /** When the tick before was, when something was written last, and how much by then. */
  #tickedAt: number
  #sentAt: number
  #writtenThen = 0
  #over = false

  constructor(options: LinkSocketOptions) {
    this.#options = options
    this.#tickedAt = this.#sentAt = options.now
    const { headers, events } = options
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => events.drained(),
        cancel: () => {
          if (this.#end()) events.gone()
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark }),
    )
    headers.set('content-type', 'text/event-stream')
    headers.set('cache-control', 'no-cache, no-transform')
    headers.set('x-accel-buffering', 'no')
    this.response = new Response(stream, { headers })
    this.#stopTicking = options.ticker.add((now) => this.#tick(now))
    // at once: a proxy that holds it back is found out by its absence
    this.#write(utf8.encode(options.first))
  }

  get isOver(): boolean {
    return this.#over
  }

  send(data: FrameData): boolean {
    this.#write(this.#options.encode(data))
    return true
  }

  close(code: number, reason: string): void {
    this.#write(utf8.encode(encodeDown({ type: 'close', code, reason })))
    this.end()
  }

  /** Ends the response, without a word; what is queued is still sent. */
  end(): void {
    if (!this.#end()) return
    try {
      this.#controller?.close()
    } catch {
      // the client was first: the stream is cancelled and takes no close
    }
  }

  buffered(): number {
    if (this.#over) return 0
    return Math.max(0, highWaterMark - (this.#controller?.desiredSize ?? highWaterMark))
  }

  taken(): number {
    return this.#written - this.buffered()
  }

  #write(bytes: Uint8Array): void {
    if (this.#over) return
    this.#written += bytes.byteLength
    try {
      this.#controller?.enqueue(bytes)
    } catch {
      // the client has gone, and `cancel` is still to come
    }
  }

  /** @returns Whether it was not over before. */
  #end(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#stopTicking()
    this.#options.events.over()
    return true
  }

  #tick(now: number): void {
    // not before then: a heartbeat may come early, never late
    if (this.#written !== this.#writtenThen) this.#sentAt = this.#tickedAt
    this.#writtenThen = this.#written
    this.#tickedAt = now
    const isQuiet = now - this.#sentAt >= this.#options.limits.sseHeartbeatMs
    if (isQuiet && this.buffered() === 0) this.#write(heartbeat)
  }
}
