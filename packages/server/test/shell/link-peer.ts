/** A client of a fallback link that is written by hand: what a test says is what the server gets. */
import { createSseParser, type LinkClose } from '@parley/shared/internal'
import { insideOf } from '../../src/router.js'

// biome-ignore lint/suspicious/noExplicitAny: frames as they are on the wire; each test knows the one it looks at
type Frame = any[]

export interface PostInit {
  readonly link?: string
  readonly seq?: number | string
  readonly headers?: Record<string, string>
}

export class LinkPeer {
  /** What the first block said. */
  opening: { link: string; bodyBytes: number } | undefined
  readonly frames: Frame[] = []
  readonly binary: string[] = []
  readonly comments: string[] = []
  close: LinkClose | undefined
  /** The response is over. */
  hasEnded = false
  readonly response: Response
  readonly #router: object
  readonly #body: ReadableStreamDefaultReader<Uint8Array>
  #isPaused = false
  #seq = 0

  constructor(router: object, response: Response) {
    this.#router = router
    this.response = response
    this.#body = response.body!.getReader()
    void this.#read()
  }

  of(tag: string): Frame[] {
    return this.frames.filter(([one]) => one === tag)
  }

  /** Sends the elements of a body, each frame as its text. */
  say(...frames: Frame[]): Promise<Response> {
    return this.post(JSON.stringify(frames.map((frame) => JSON.stringify(frame))))
  }

  /** One POST; without a number of its own it has the next. */
  post(body: BodyInit, { link, seq, headers }: PostInit = {}): Promise<Response> {
    if (seq === undefined) this.#seq += 1
    const request = new Request('http://localhost/link', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'parley-link': link ?? this.opening?.link ?? '',
        'parley-seq': String(seq ?? this.#seq),
        ...headers,
      },
      body,
    })
    return insideOf(this.#router).fetch(request, '/link')
  }

  /** Takes no more bytes, from the next piece on. */
  stall(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    void this.#read()
  }

  /** Lets the response go. */
  hangUp(): Promise<void> {
    return this.#body.cancel()
  }

  async #read(): Promise<void> {
    const parser = createSseParser({
      onComment: (text) => this.comments.push(text),
      onBlock: ({ event, data }) => {
        if (event === 'parley.link') this.opening = JSON.parse(data)
        else if (event === 'parley.close') this.close = JSON.parse(data)
        else if (event === 'parley.bytes') this.binary.push(data)
        else this.frames.push(JSON.parse(data))
      },
    })
    while (!this.#isPaused) {
      const { done, value } = await this.#body.read()
      if (value) parser.feed(value)
      if (!done) continue
      this.hasEnded = true
      return
    }
  }
}

export async function openLink(router: object, headers: Record<string, string> = {}): Promise<LinkPeer> {
  const request = new Request('http://localhost/link', { headers })
  return new LinkPeer(router, await insideOf(router).fetch(request, '/link'))
}
