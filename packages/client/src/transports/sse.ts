/** One event stream, by fetch: from the request to its end, whichever way it ends. */
import type { Report } from '@parley/shared'
import { createSseParser, Fault, type ReceivedBlock } from '@parley/shared/internal'

/** `fetch`, as far as it is used here. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface SseRequest {
  readonly url: string
  /** Asked at each request; a failure is a failed request. */
  readonly headers: () => Promise<Headers>
  readonly credentials: RequestCredentials | undefined
}

/** How a response ended. */
export type SseEnd =
  /** To be asked for again. `notice`: what a developer should know; that of the network at the first attempt alone. */
  | { readonly type: 'lost'; readonly retryAfterMs?: number; readonly notice?: Notice }
  /** Not to be asked for again. `isTold`: a Parley server says so, and no status of somebody else's page. */
  | { readonly type: 'refused'; readonly code: string; readonly message: string; readonly isTold: boolean }

type Notice = Pick<Report, 'kind' | 'message' | 'error'>

export interface StreamEvents {
  /** The response is an event stream. */
  opened?(): void
  /** Bytes came. */
  heard?(): void
  /** `retry:` came. */
  advised?(ms: number): void
  /** @returns How the stream ends with this block, if it does. */
  block(block: ReceivedBlock): SseEnd | Fault | undefined
  /** Called at most once; nothing follows. */
  ended(end: SseEnd): void
}

/** Asks for a response and reads it to its end. The result lets go of it at once: nothing is told after that. */
export function readStream(
  fetch: Fetch,
  now: () => number,
  request: SseRequest,
  events: StreamEvents,
): () => void {
  const aborter = new AbortController()
  let body: ReadableStreamDefaultReader<Uint8Array> | undefined
  let isOver = false
  const letGo = (): void => {
    isOver = true
    aborter.abort()
    // a fetch that is not the runtime's own may know of no signal once it has answered
    body?.cancel().catch(ignore)
  }
  const end = (how: SseEnd): void => {
    if (isOver) return
    letGo()
    events.ended(how)
  }

  const lose = (): void => end({ type: 'lost' })

  const parser = createSseParser({
    onBlock(block) {
      if (isOver) return
      const last = events.block(block)
      if (last) end(last instanceof Fault ? refusal(last) : last)
    },
    onRetry: (ms) => {
      if (!isOver) events.advised?.(ms)
    },
  })

  async function run(): Promise<void> {
    const headers = await attempt(request.headers, (error) => {
      const message = 'the headers for a request could not be had; it is tried again'
      end({ type: 'lost', notice: { kind: 'handler-failed', message, error } })
    })
    if (!headers || isOver) return
    const { url, credentials } = request
    const init: RequestInit = {
      headers,
      cache: 'no-store',
      signal: aborter.signal,
      ...(credentials ? { credentials } : {}),
    }
    // what fails from here on is the network: the ordinary reason to try again
    const response = await attempt(
      () => fetch(url, init),
      (error) => {
        const message = `${url} could not be reached`
        end({ type: 'lost', notice: { kind: 'unreachable', message, error } })
      },
    )
    if (!response) return
    if (isOver) {
      response.body?.cancel().catch(ignore)
      return
    }
    if (response.status !== 200 || !isEventStream(response)) {
      const how = await attempt(() => endOf(response, url, now()), lose)
      if (how) end(how)
      return
    }
    events.opened?.()
    body = response.body?.getReader()
    while (!isOver) {
      const piece = await attempt(async () => body?.read(), lose)
      if (isOver) return
      if (!piece || piece.done) return lose()
      events.heard?.()
      const fault = parser.feed(piece.value)
      if (fault) end(refusal(fault))
    }
  }

  void run()
  return letGo
}

/** What `run` resolves to; `undefined` where it failed, and `failed` knows. */
async function attempt<T>(run: () => Promise<T>, failed: (cause: unknown) => void): Promise<T | undefined> {
  try {
    return await run()
  } catch (cause) {
    failed(cause)
    return undefined
  }
}

/** Letting go of a body may fail because it already broke: there is nobody whom that would concern. */
export function ignore(): void {}

function refusal(fault: Fault): SseEnd {
  return { type: 'refused', code: fault.close, message: fault.why, isTold: true }
}

function isEventStream({ headers }: Response): boolean {
  return headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() === 'text/event-stream'
}

/** Statuses that pass: the request itself was in order. */
const passing = new Set([408, 425, 429])

/** The codes of errors that some proxy, and not a Parley server, answered with. */
const codes: Readonly<Record<number, string>> = {
  204: 'CLOSED', // an EventSource takes it as the end, too
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
}

/** What a response means that is no event stream. A 200 is a page in its place, perhaps a proxy's: it may pass. */
async function endOf(response: Response, url: string, now: number): Promise<SseEnd> {
  const { status, headers } = response
  if (status === 200 || status >= 500 || passing.has(status)) {
    response.body?.cancel().catch(ignore)
    const retryAfterMs = readRetryAfter(headers.get('retry-after'), now)
    const what = `${url} answered with ${headers.get('content-type') ?? 'no content type'}`
    const message = `${what} and not with an event stream; it is tried again. Is it an SSE route of Parley?`
    return {
      type: 'lost',
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(status === 200 ? { notice: { kind: 'protocol', message } } : {}),
    }
  }
  const error = errorIn(await response.text())
  return {
    type: 'refused',
    code: error?.code ?? codes[status] ?? 'BAD_REQUEST',
    message: error?.message ?? `the server answered ${status}`,
    isTold: error !== undefined,
  }
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function readRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}

/** The error of an answer by a Parley server. */
export function errorIn(body: string): { readonly code: string; readonly message: string } | undefined {
  try {
    const { code, message } = JSON.parse(body).error
    return typeof code === 'string' ? { code, message: String(message ?? '') } : undefined
  } catch {
    return undefined // somebody else's page
  }
}
