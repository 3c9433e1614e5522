/**
 * What a fallback link sends: one POST at a time, numbered from 1; what is sent meanwhile goes with the next. One that
 * fails on its way is sent once more, under its number, which the server takes once.
 */
import {
  type Clock,
  clientDefaults,
  encodeUp,
  encodeUpBody,
  type FrameData,
  type LinkClose,
  linkHeader,
  postFrames,
  seqHeader,
} from '@parley/shared/internal'
import { errorIn, type Fetch, ignore } from './sse.js'

/** Why a POST was not taken. */
export interface PostFailure {
  /** What a Parley server says; absent where nobody, or somebody else, answered. */
  readonly code?: string
  readonly message: string
  /** There was an answer: the stream may tell more. */
  readonly isAnswered: boolean
}

export interface PostsOptions {
  readonly fetch: Fetch
  readonly clock: Clock
  readonly url: string
  /** The secret that names the link. */
  readonly link: string
  /** Most bytes of a body; one frame alone may have more, and is then refused by the server. */
  readonly bodyBytes: number
  readonly headers: (ours: Record<string, string>) => Promise<Headers>
  readonly credentials: RequestCredentials | undefined
  /** Called at most once; nothing is sent after it. */
  readonly failed: (failure: PostFailure) => void
}

interface Element {
  readonly text: string
  readonly bytes: number
}

/** A browser sends no more than 64 KiB for a page that is gone. */
const keepaliveBytes = 60_000

/** A body of so many bytes may take 1 ms more. */
const bytesPerMs = 32

const utf8 = new TextEncoder()

export class Posts {
  readonly #options: PostsOptions
  readonly #waiting: Element[] = []
  /** Bytes that wait, and those under way. */
  #bytes = 0
  #seq = 0
  #isRunning = false
  #isOver = false
  #close: LinkClose | undefined
  #onClosed: (() => void) | undefined
  #aborter = new AbortController()

  constructor(options: PostsOptions) {
    this.#options = options
  }

  /** Bytes that the server has not said that it took. */
  get bytes(): number {
    return this.#bytes
  }

  send(data: FrameData): void {
    if (this.#isOver || this.#close) return
    const text = encodeUp(data)
    const bytes = utf8.encode(text).length + 1 // with the comma
    this.#waiting.push({ text, bytes })
    this.#bytes += bytes
    this.#start()
  }

  /** Sends what waits, and the end. `closed` is called once the server has it, or will not get it any more. */
  close(close: LinkClose, closed: () => void): void {
    if (this.#isOver) {
      closed()
      return
    }
    this.#close = close
    this.#onClosed = closed
    this.#start()
  }

  /** Nothing more is sent, and what is under way is given up. */
  abort(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#bytes = 0
    this.#aborter.abort()
    this.#onClosed?.()
  }

  #start(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    void this.#run()
  }

  async #run(): Promise<void> {
    await undefined // what is sent in one turn goes in one POST
    while (!this.#isOver && (this.#waiting.length > 0 || this.#close)) {
      const { elements, bytes } = this.#take()
      const close = this.#waiting.length === 0 ? this.#close : undefined
      if (!(await this.#post(encodeUpBody(elements, close), bytes, close !== undefined))) return
      this.#bytes -= bytes
      if (close) this.abort()
    }
    this.#isRunning = false
  }

  /** As much of what waits as fits in one body. */
  #take(): { elements: string[]; bytes: number } {
    let bytes = 2 // the brackets
    let count = 0
    for (const element of this.#waiting) {
      if (count === postFrames) break
      if (count > 0 && bytes + element.bytes > this.#options.bodyBytes) break
      bytes += element.bytes
      count++
    }
    return { elements: this.#waiting.splice(0, count).map(({ text }) => text), bytes: bytes - 2 }
  }

  /** @returns Whether the server took it. */
  async #post(body: string, bytes: number, isLast: boolean): Promise<boolean> {
    const { clock, link } = this.#options
    this.#seq += 1
    const ours = { 'content-type': 'application/json', [linkHeader]: link, [seqHeader]: String(this.#seq) }
    let isLate = false
    const stopTimer = clock.after(clientDefaults.postMs + bytes / bytesPerMs, () => {
      isLate = true
      this.#aborter.abort()
    })
    try {
      const response = await this.#ask(ours, body, isLast).catch((error) => {
        if (this.#isOver || isLate) throw error
        return this.#ask(ours, body, isLast)
      })
      if (this.#isOver) return false
      if (response.ok) {
        response.body?.cancel().catch(ignore)
        return true
      }
      const told = errorIn(await response.text())
      this.#fail({ message: `a POST was answered with ${response.status}`, ...told, isAnswered: true })
    } catch (error) {
      const why = isLate
        ? 'was not answered in time'
        : `failed: ${error instanceof Error ? error.message : error}`
      this.#fail({ message: `a POST ${why}`, isAnswered: false })
    } finally {
      stopTimer()
    }
    return false
  }

  async #ask(ours: Record<string, string>, body: string, isLast: boolean): Promise<Response> {
    const { fetch, url, headers, credentials } = this.#options
    return fetch(url, {
      method: 'POST',
      headers: await headers(ours),
      body,
      cache: 'no-store',
      signal: this.#aborter.signal,
      ...(credentials ? { credentials } : {}),
      // it may be said while the page goes away
      ...(isLast && body.length < keepaliveBytes ? { keepalive: true } : {}),
    })
  }

  #fail(failure: PostFailure): void {
    if (this.#isOver) return
    this.abort()
    this.#options.failed(failure)
  }
}
