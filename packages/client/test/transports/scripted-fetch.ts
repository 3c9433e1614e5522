/** A `fetch` that does nothing by itself: a test sees each request, and says what comes back, piece by piece. */
import type { Fetch } from '../../src/transports/sse.js'

export class ScriptedRequest {
  readonly url: URL
  readonly headers: Headers
  readonly init: RequestInit
  readonly #resolve: (response: Response) => void
  readonly #reject: (error: unknown) => void
  #body: ReadableStreamDefaultController<Uint8Array> | undefined
  #isGone = false

  constructor(
    url: string,
    init: RequestInit,
    resolve: (response: Response) => void,
    reject: (error: unknown) => void,
  ) {
    this.url = new URL(url, 'http://page.test')
    this.headers = new Headers(init.headers)
    this.init = init
    this.#resolve = resolve
    this.#reject = reject
    init.signal?.addEventListener('abort', () => {
      this.#isGone = true
      this.fail()
    })
  }

  /** The client let go of it. */
  get isGone(): boolean {
    return this.#isGone
  }

  /** The head of an event stream, and the first piece of it. */
  open(text = ''): this {
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#body = controller
      },
    })
    this.#resolve(new Response(stream, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } }))
    if (text !== '') this.send(text)
    return this
  }

  send(piece: string | Uint8Array): void {
    if (this.#isGone) return // as on a wire: nobody is there to take it
    this.#body?.enqueue(typeof piece === 'string' ? new TextEncoder().encode(piece) : piece)
  }

  /** Any other answer. */
  answer(response: Response): void {
    this.#resolve(response)
  }

  /** The response ends without a word. */
  end(): void {
    this.#body?.close()
  }

  /** The network fails. */
  fail(): void {
    this.#reject(new TypeError('fetch failed'))
    this.#body?.error(new TypeError('terminated'))
  }
}

export class ScriptedFetch {
  readonly requests: ScriptedRequest[] = []

  readonly fetch: Fetch = (url, init) =>
    new Promise((resolve, reject) => {
      this.requests.push(new ScriptedRequest(url, init, resolve, reject))
    })

  /** The request that came last. */
  get last(): ScriptedRequest {
    const request = this.requests.at(-1)
    if (!request) throw new Error('nothing was asked for')
    return request
  }
}

// --- blocks -------------------------------------------------------------------------------------------------

const state =
  (event: string) =>
  (position: string, epoch?: string): string =>
    `event: ${event}\nid: ${position}\ndata: ${JSON.stringify({ position, epoch })}\n\n`

export const ready: (position: string, epoch?: string) => string = state('parley.ready')
export const live: (position: string, epoch?: string) => string = state('parley.live')

export function event(name: string, data: unknown, position?: string): string {
  return `event: ${name}\n${position === undefined ? '' : `id: ${position}\n`}data: ${JSON.stringify(data)}\n\n`
}

export function gap(after: string, first: string, reason = 'trimmed'): string {
  return `event: parley.gap\nid: ${first}\ndata: ${JSON.stringify({ after, first, reason })}\n\n`
}

export function end(code: string, message = 'no more'): string {
  return `event: parley.end\ndata: ${JSON.stringify({ code, message })}\n\n`
}
