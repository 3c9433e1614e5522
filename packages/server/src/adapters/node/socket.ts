/** A socket of `ws` as the connection sees it. */
import type { Duplex } from 'node:stream'
import type { FrameData } from '@parley/shared/internal'
import type { WebSocket } from 'ws'
import type { ServerSocket } from '../../shell/socket.js'

/** A frame as its bytes: those who get the same one share them. */
export interface ReadyFrame {
  readonly bytes: Uint8Array
  readonly binary: boolean
}

export function readyFrame(data: FrameData): ReadyFrame {
  return typeof data === 'string'
    ? { bytes: Buffer.from(data), binary: false }
    : { bytes: data, binary: true }
}

/**
 * Bytes that are handed to Node at a time. It tells nothing of a write before all of it was taken, so a long queue
 * written at once would look stalled for as long as it takes.
 */
const portionBytes = 65_536

export interface NodeSocketOptions {
  readonly ws: WebSocket
  /** What carries it. */
  readonly raw: Duplex
  readonly ready: (data: FrameData) => ReadyFrame
  /** Bytes were taken by the network. */
  readonly drained: () => void
}

export class NodeSocket implements ServerSocket {
  readonly #options: NodeSocketOptions
  /** Frames that wait for their turn: those from `#next` on. */
  #waiting: ReadyFrame[] = []
  #next = 0
  #waitingBytes = 0
  /** Whether bytes were left over when the network was last given some. */
  #isBehind = false

  constructor(options: NodeSocketOptions) {
    this.#options = options
  }

  send(data: FrameData): boolean {
    const { ws, ready } = this.#options
    if (ws.readyState !== ws.OPEN) return true // after the close it means nothing
    const frame = ready(data)
    if (this.#waiting.length === 0 && ws.bufferedAmount < portionBytes) this.#hand(frame)
    else {
      this.#waiting.push(frame)
      this.#waitingBytes += frame.bytes.byteLength
    }
    return true
  }

  close(code: number, reason: string): void {
    this.#feed(Number.POSITIVE_INFINITY)
    this.#options.ws.close(code, reason)
  }

  buffered(): number {
    return this.#waitingBytes + this.#options.ws.bufferedAmount
  }

  cork(burst: () => void): void {
    const { raw } = this.#options
    raw.cork()
    try {
      burst()
    } finally {
      raw.uncork()
    }
  }

  #hand({ bytes, binary }: ReadyFrame): void {
    const { ws } = this.#options
    ws.send(bytes, { binary }, this.#took)
    if (ws.bufferedAmount > 0) this.#isBehind = true
  }

  readonly #took = (): void => {
    if (!this.#isBehind) return
    const { ws, drained } = this.#options
    this.#feed(portionBytes)
    this.#isBehind = this.buffered() > 0
    if (ws.readyState === ws.OPEN) drained()
  }

  /** Hands on what waits, as long as fewer bytes than this are on their way. */
  #feed(most: number): void {
    if (this.#waiting.length === 0) return
    this.cork(() => {
      while (this.#next < this.#waiting.length && this.#options.ws.bufferedAmount < most) {
        const frame = this.#waiting[this.#next++]!
        this.#waitingBytes -= frame.bytes.byteLength
        this.#hand(frame)
      }
    })
    if (this.#next * 2 < this.#waiting.length) return
    this.#waiting = this.#waiting.slice(this.#next)
    this.#next = 0
  }
}
