/**
 * Connections of clients whose WebSocket never opens: `GET {path}/link` answers with an event stream that carries
 * frames down, and each `POST {path}/link` brings some up. docs/PROTOCOL.md, Fallback.
 *
 * Promise: a connection over a link is one over a socket. Frames are taken in the order of their POSTs' numbers, each
 * once; a POST counts only where it names the secret that the stream began with.
 */
import { encodeDown, Fault, linkHeader, parseUpBody, seqHeader } from '@parley/shared/internal'
import { type Failure, failure } from '../failure.js'
import { readText } from './body.js'
import type { Connection } from './connection.js'
import type { HubCore } from './core.js'
import { corsHeaders, originRefusal, preflight } from './cors.js'
import { encodeOnce } from './encode-once.js'
import { LinkSocket } from './link-socket.js'
import { errorResponse } from './respond.js'
import type { ServerSocket } from './socket.js'

/** What a client that is gone is called (RFC 6455, 7.1.5). */
const abnormal = 1006

const utf8 = new TextEncoder()

interface OpenLink {
  readonly connection: Connection
  readonly socket: LinkSocket
  /** Number of the POST that is expected. */
  next: number
}

export type AcceptLink = (socket: ServerSocket, request: Request) => Connection

export class Links {
  readonly #core: HubCore
  readonly #accept: AcceptLink
  /** By the secret that names it. */
  readonly #open = new Map<string, OpenLink>()
  readonly #encode = encodeOnce((data) => utf8.encode(encodeDown({ type: 'frame', data })))

  constructor(core: HubCore, accept: AcceptLink) {
    this.#core = core
    this.#accept = accept
  }

  /** Answers a request to `{path}/link`. */
  async answer(request: Request): Promise<Response> {
    const { allowedOrigins, report, contract } = this.#core
    if (request.method === 'OPTIONS') return preflight(request, allowedOrigins, report)
    const headers = corsHeaders(request, allowedOrigins)
    headers.set('parley-contract', contract.fingerprint)
    if (request.method !== 'GET' && request.method !== 'POST') {
      headers.set('allow', 'GET, POST, OPTIONS')
      const why = 'a link is opened with GET, and takes frames with POST'
      return errorResponse({ ...failure('BAD_REQUEST', why), status: 405 }, headers)
    }
    const refusal = originRefusal(request, allowedOrigins, report)
    if (refusal !== undefined) return errorResponse(failure('FORBIDDEN', refusal), headers)
    if (request.method === 'GET') return this.#down(request, headers)
    headers.set('cache-control', 'no-store')
    const refused = await this.#up(request)
    return refused ? errorResponse(refused, headers) : new Response(null, { status: 204, headers })
  }

  /** Most bytes of the body of a POST: a frame of the largest size, with each of its characters escaped. */
  get #bodyBytes(): number {
    return 2 * this.#core.topics.limits.frameBytes + 1_024
  }

  #down(request: Request, headers: Headers): Response {
    // nobody will read the response, and so nobody would ever end it
    if (request.signal.aborted) return errorResponse(failure('ABORTED', 'the client is gone'), headers)
    const { topics, ticker } = this.#core
    const link = topics.clock.secret()
    let connection: Connection | undefined
    const socket = new LinkSocket({
      limits: topics.limits,
      ticker,
      now: ticker.now(),
      headers,
      first: encodeDown({ type: 'link', link, bodyBytes: this.#bodyBytes }),
      encode: this.#encode,
      events: {
        drained: () => connection?.drained(),
        gone: () => connection?.closed(abnormal, ''),
        over: () => this.#open.delete(link),
      },
    })
    connection = this.#accept(socket, request)
    // a hub that was closed lets nobody in
    if (!socket.isOver) this.#open.set(link, { connection, socket, next: 1 })
    return socket.response
  }

  /** Takes the frames of a POST. @returns Why it does not. */
  async #up(request: Request): Promise<Failure | undefined> {
    const { headers } = request
    const type = (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
    // it is what makes a browser ask first, for a foreign page
    if (type !== 'application/json')
      return failure('UNSUPPORTED_MEDIA_TYPE', 'content type must be application/json')
    const link = this.#open.get(headers.get(linkHeader) ?? '')
    if (!link) return failure('NOT_FOUND', `there is no such link, or no more: ${linkHeader} names none`)
    const text = headers.get(seqHeader) ?? ''
    if (!/^[1-9][0-9]{0,14}$/.test(text))
      return failure('BAD_REQUEST', `${seqHeader} is a whole number from 1 on`)
    const seq = Number(text)
    const early = outOfTurn(link, seq)
    if (early) return early === 'repeat' ? undefined : early
    const body = await this.#read(request, link)
    if ('code' in body) return body
    // others may have come while this one was read, a copy of it among them
    if (link.socket.isOver) return failure('NOT_FOUND', 'the link was closed meanwhile')
    const late = outOfTurn(link, seq)
    if (late) return late === 'repeat' ? undefined : late
    link.next += 1
    for (const frame of body.frames) link.connection.received(frame)
    if (body.close) {
      link.connection.closed(body.close.code, body.close.reason)
      link.socket.end()
    }
    return undefined
  }

  /** The body, or why it is none: then the link is over, as a socket would be. */
  async #read(request: Request, link: OpenLink) {
    let text: string | undefined
    try {
      text = await readText(request, this.#bodyBytes)
    } catch {
      return failure('ABORTED', 'the upload broke off') // it may come again
    }
    if (text === undefined) {
      const why = `a POST of over ${this.#bodyBytes} bytes`
      link.connection.close('TOO_LARGE', why)
      return failure('TOO_LARGE', why)
    }
    const body = parseUpBody(text)
    if (!(body instanceof Fault)) return body
    const message = `a client broke the protocol: ${body.why}`
    this.#core.report({ kind: 'protocol', path: '/link', message })
    link.connection.close(body.close, body.why)
    return failure(body.close === 'TOO_LARGE' ? 'TOO_LARGE' : 'PROTOCOL', body.why)
  }
}

/** A proxy, or the client, may send a POST again; one that is missing can no longer be had in its place. */
function outOfTurn({ next }: OpenLink, seq: number): Failure | 'repeat' | undefined {
  if (seq < next) return 'repeat'
  if (seq === next) return undefined
  return failure('CONFLICT', `POST ${seq} came where ${next} was expected: the link has a hole`)
}
