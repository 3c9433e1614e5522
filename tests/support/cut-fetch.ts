import type { Fetch } from '@parley/client'

/** A fetch that ends in a function, and can be cut: before the head, after so many bytes, or whenever a test likes. */
export class CutFetch {
  readonly #base: string
  readonly #respond: (request: Request) => Promise<Response>
  /** How many bytes of the next response come through; not even one: the request, or the answer, is lost. */
  next: number | 'no head' | 'no answer' = Number.POSITIVE_INFINITY
  /** Every request fails. */
  isAway = false
  /** Nothing comes through, and nobody is told: a response that meets this stays silent, whatever comes after it. */
  isDead = false
  /** Stands between: what a proxy answers by itself. */
  answer: (() => Response) | undefined
  readonly requests: Request[] = []
  readonly #cuts = new Set<() => void>()

  constructor(base: string, respond: (request: Request) => Promise<Response>) {
    this.#base = base
    this.#respond = respond
  }

  /** Cuts what is open. */
  cut(): void {
    for (const cut of this.#cuts) cut()
  }

  readonly fetch: Fetch = async (url, init) => {
    const request = new Request(new URL(url, this.#base), init)
    this.requests.push(request)
    const bytes = this.next
    this.next = Number.POSITIVE_INFINITY
    if (bytes === 'no head' || this.isAway) throw new TypeError('fetch failed')
    if (this.isDead) {
      return new Promise((_, reject) => {
        request.signal.addEventListener('abort', () => reject(request.signal.reason))
      })
    }
    if (this.answer) return this.answer()
    const response = await this.#respond(request)
    if (bytes === 'no answer') throw new TypeError('fetch failed')
    return new Response(response.body && this.#through(response.body, bytes), response)
  }

  #through(body: ReadableStream<Uint8Array>, bytes: number): ReadableStream<Uint8Array> {
    const reader = body.getReader()
    let left = bytes
    let cut = (): void => {}
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        cut = () => {
          this.#cuts.delete(cut)
          controller.error(new TypeError('cut'))
          void reader.cancel()
        }
        this.#cuts.add(cut)
      },
      pull: async (controller) => {
        const { done, value } = await reader.read()
        if (!this.#cuts.has(cut)) return // cut meanwhile
        if (this.isDead) return new Promise(() => {})
        if (done) {
          this.#cuts.delete(cut)
          return controller.close()
        }
        controller.enqueue(value.slice(0, left))
        left -= value.length
        if (left <= 0) cut()
      },
      cancel: () => {
        this.#cuts.delete(cut)
        return reader.cancel()
      },
    })
  }
}
