/**
 * A link for a client that gets no WebSocket: one event stream brings frames down, POSTs take them up
 * (docs/PROTOCOL.md, Fallback).
 *
 * Promise: it is what a WebSocket is. Frames arrive in order, each once, or the link is closed; a close has the code
 * and the reason that the other side gave. A stream that something on the way holds back is told from a server that
 * does not answer, and after three of them in a row the link is closed for good, with BUFFERING_PROXY.
 */
import type { Link, LinkEnd, LinkEvents } from '@parley/shared'
import {
  type Clock,
  type CloseCodeName,
  clientDefaults,
  closeCodes,
  encodeCloseReason,
  Fault,
  type FrameData,
  type ReceivedBlock,
  readDown,
  reconnectPolicy,
} from '@parley/shared/internal'
import { httpUrl } from './address.js'
import { type PostFailure, Posts } from './posts.js'
import { type Fetch, readStream, type SseEnd } from './sse.js'
import { type HeadersOption, headersOf } from './sse-request.js'

export interface FallbackOptions {
  readonly url: string | URL
  readonly fetch: Fetch
  readonly clock: Clock
  readonly headers: HeadersOption | undefined
  readonly credentials: RequestCredentials | undefined
}

/** What a link that broke, or never opened, is closed with (RFC 6455, 7.1.5). */
const abnormal = 1006

export class FallbackLink implements Link {
  readonly #options: FallbackOptions
  /** Attempts in a row whose stream was held back. */
  #heldBack = 0

  constructor(options: FallbackOptions) {
    this.#options = options
  }

  /** @throws ParleyError `BAD_OPTIONS` for a url that is none. */
  connect(events: LinkEvents): LinkEnd {
    return new FallbackEnd(this.#options, events, {
      opened: () => this.forgive(),
      failed: () => this.forgive(),
      heldBack: () => ++this.#heldBack >= clientDefaults.bufferedTries,
    })
  }

  /** What was held back before does not count. */
  forgive(): void {
    this.#heldBack = 0
  }
}

/** How an attempt went. */
interface Tries {
  opened(): void
  failed(): void
  /** @returns Whether it was the last that is worth while. */
  heldBack(): boolean
}

class FallbackEnd implements LinkEnd {
  readonly #options: FallbackOptions
  readonly #events: LinkEvents
  readonly #tries: Tries
  readonly #address: string
  readonly #health: string
  readonly #letGo: () => void
  #state: 'opening' | 'open' | 'over' = 'opening'
  #hasHead = false
  readonly #aborter = new AbortController()
  #posts: Posts | undefined
  #stopTimer: () => void

  constructor(options: FallbackOptions, events: LinkEvents, tries: Tries) {
    this.#options = options
    this.#events = events
    this.#tries = tries
    this.#address = httpUrl(options.url, 'link')
    this.#health = httpUrl(options.url, 'health')
    const { clock, fetch, credentials } = options
    const request = {
      url: this.#address,
      credentials,
      headers: () => headersOf(options.headers, { accept: 'text/event-stream' }),
    }
    this.#letGo = readStream(fetch, () => clock.now(), request, {
      opened: () => {
        if (this.#state !== 'opening') return
        this.#hasHead = true
        this.#wait(clientDefaults.streamMs, () => this.#heldBack())
      },
      block: (block) => this.#block(block),
      ended: (end) => this.#ended(end),
    })
    this.#stopTimer = clock.after(clientDefaults.streamMs, () => void this.#suspect())
  }

  send(data: FrameData): void {
    if (this.#state === 'open') this.#posts?.send(data)
  }

  close(code: number, reason: string): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    if (!this.#posts) {
      this.#finish()
      return
    }
    // the stream last: the server must not take its end for a cut
    this.#wait(clientDefaults.goodbyeMs, () => this.#finish())
    this.#posts.close({ code, reason }, () => this.#finish())
  }

  buffered(): number {
    return this.#state === 'over' ? 0 : (this.#posts?.bytes ?? 0)
  }

  #block(block: ReceivedBlock): Fault | undefined {
    if (this.#state === 'over') return undefined
    const message = readDown(block)
    if (message instanceof Fault) return message
    switch (message.type) {
      case 'link':
        if (this.#posts) return new Fault('PROTOCOL', 'the link was named twice')
        this.#opened(message.link, message.bodyBytes)
        break
      case 'frame':
        if (!this.#posts) return new Fault('PROTOCOL', 'a frame came before the link was named')
        this.#events.received(message.data)
        break
      case 'close':
        this.#closed(message.code, message.reason)
    }
    return undefined
  }

  #opened(link: string, bodyBytes: number): void {
    const { fetch, clock, headers, credentials } = this.#options
    this.#stopTimer()
    this.#state = 'open'
    this.#tries.opened()
    this.#posts = new Posts({
      fetch,
      clock,
      url: this.#address,
      link,
      bodyBytes,
      headers: (ours) => headersOf(headers, ours),
      credentials,
      failed: (failure) => this.#postFailed(failure),
    })
    this.#events.opened()
  }

  /** The stream is over. */
  #ended(end: SseEnd): void {
    if (this.#state === 'over') {
      this.#finish()
      return
    }
    const isOpening = this.#state === 'opening'
    if (isOpening) this.#tries.failed()
    if (end.type === 'refused') {
      this.#refused(end.isTold ? end.code : undefined, end.message)
      return
    }
    const { retryAfterMs, notice } = end
    if (retryAfterMs !== undefined) {
      const { code } = closeCodes.OVERLOADED
      this.#closed(code, encodeCloseReason({ code: 'OVERLOADED', delayMs: retryAfterMs }))
      return
    }
    const question = `It never opened: is there a Parley server at ${this.#address}?`
    this.#closed(abnormal, isOpening ? `${question} ${notice?.message ?? ''}`.trim() : '')
  }

  #postFailed({ code, message, isAnswered }: PostFailure): void {
    if (this.#state === 'over') return
    // a server that closed the link says why in the stream, which may come after its answer to a POST
    if (isAnswered) this.#wait(clientDefaults.refusedMs, () => this.#refused(code, message))
    else this.#refused(code, message)
  }

  /** Coming back helps, unless a Parley server says by its code that it does not. */
  #refused(code: string | undefined, why: string): void {
    const close =
      code !== undefined && Object.hasOwn(closeCodes, code) ? closeCodes[code as CloseCodeName] : undefined
    if (close && reconnectPolicy(close.code) === 'never')
      this.#closed(close.code, encodeCloseReason({ code: code as string, why }))
    else this.#closed(abnormal, why)
  }

  /**
   * No head came. Where the server answers something else at once, something on the way waits for the end of a
   * response that has none; where it does not, it is down, or away, and no more can be said.
   */
  async #suspect(): Promise<void> {
    const { fetch, headers, credentials } = this.#options
    const { signal } = this.#aborter
    const init: RequestInit = { cache: 'no-store', signal, ...(credentials ? { credentials } : {}) }
    try {
      const response = await fetch(this.#health, { ...init, headers: await headersOf(headers, {}) })
      const { status } = (await response.json()) as { status?: unknown }
      if (this.#state === 'opening' && !this.#hasHead && typeof status === 'string') this.#heldBack()
    } catch {
      // no answer either: whoever waits for the link gives it up in time
    }
  }

  #heldBack(): void {
    const { code } = closeCodes.BUFFERING_PROXY
    const why = `the stream of ${this.#address} does not come through`
    this.#closed(
      this.#tries.heldBack() ? code : abnormal,
      encodeCloseReason({ code: 'BUFFERING_PROXY', why }),
    )
  }

  #closed(code: number, reason: string): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#finish()
    this.#events.closed(code, reason)
  }

  #finish(): void {
    this.#stopTimer()
    this.#letGo()
    this.#aborter.abort()
    this.#posts?.abort()
  }

  #wait(ms: number, run: () => void): void {
    this.#stopTimer()
    this.#stopTimer = this.#options.clock.after(ms, run)
  }
}
