/** Answers a GET for a topic with its events: for a hub's routes and for routes of one's own. */
import { ParleyError } from '@parley/shared'
import { type From, type Position, parsePosition, type Topic } from '@parley/shared/internal'
import { type Failure, failure, statusOf } from '../failure.js'
import type { Topics } from '../topics.js'
import { urlOf } from './address.js'
import type { Contracts } from './contracts.js'
import { corsHeaders, originRefusal, preflight } from './cors.js'
import type { Draining } from './draining.js'
import { SseResponse } from './sse.js'
import type { Ticker } from './ticker.js'

/** What answering needs: a hub has it, and so has a stand-alone emitter. */
export interface SseHost {
  readonly topics: Topics
  readonly ticker: Ticker
  readonly allowedOrigins: readonly string[]
  readonly fingerprint: string
  readonly contracts: Contracts
  readonly sse: Set<SseResponse>
  /** A hub's: whether it takes no reader any more, and when one may ask again. */
  readonly draining?: Pick<Draining, 'isOn' | 'delayMs'>
}

export interface Reading {
  readonly member?: string
  /** Ms since 1970. */
  readonly expiresAtMs?: number
  /** Asked last: whether the reader was sent away while it was looked at. */
  readonly refused?: () => Failure | undefined
}

/** Seconds after which a client may try an overloaded server again. */
export const retryAfterSeconds = 5

/** Answers for a topic that the route has chosen: the origin rule, then the events. `OPTIONS` is answered too. */
export async function respond(
  host: SseHost,
  topic: Topic,
  request: Request,
  reading: Reading = {},
): Promise<Response> {
  const { report } = host.topics
  if (request.method === 'OPTIONS') return preflight(request, host.allowedOrigins, report)
  const headers = corsHeaders(request, host.allowedOrigins)
  if (request.method !== 'GET') {
    headers.set('allow', 'GET, OPTIONS')
    return errorResponse({ ...failure('BAD_REQUEST', 'events are read with GET'), status: 405 }, headers)
  }
  const refusal = originRefusal(request, host.allowedOrigins, report)
  if (refusal !== undefined) return errorResponse(failure('FORBIDDEN', refusal), headers)
  return respondAllowed(host, topic, request, reading, headers)
}

/** The same once the request was found allowed. Once it has resolved, the reader's position is fixed. */
export async function respondAllowed(
  host: SseHost,
  topic: Topic,
  request: Request,
  reading: Reading,
  headers: Headers,
): Promise<Response> {
  if (isClosing(host)) return closing(host, headers)
  const query = urlOf(request).searchParams
  let start: { from: From; until: Position | undefined }
  try {
    start = { from: startFrom(request, query), until: position(query.get('until'), 'until') }
  } catch (error) {
    if (!(error instanceof ParleyError)) throw error
    return errorResponse({ code: error.code, message: error.message, status: statusOf(error.code) }, headers)
  }
  headers.set('parley-contract', host.fingerprint)
  const { refusal } = await host.contracts.check(request.headers.get('parley-contract'), topic.spec.path)
  if (refusal !== undefined) return errorResponse(failure('CONTRACT_MISMATCH', refusal), headers)
  try {
    await host.topics.open()
  } catch (error) {
    if (host.topics.closed) return closing(host, headers)
    host.topics.report({ kind: 'log-failed', path: topic.key, message: 'the log could not be opened', error })
    return errorResponse(failure('OVERLOADED', 'the log could not be opened'), headers, retryAfterSeconds)
  }
  if (isClosing(host)) return closing(host, headers)
  // nobody will read the response, and so nobody would ever end it
  if (request.signal.aborted) return errorResponse(failure('ABORTED', 'the reader is gone'), headers)
  const refused = reading.refused?.()
  if (refused) return errorResponse(refused, headers, refused.status === 503 ? retryAfterSeconds : undefined)
  const sse = new SseResponse({
    topics: host.topics,
    ticker: host.ticker,
    topic,
    ...start,
    expiresAtMs: reading.expiresAtMs,
    member: reading.member,
    headers,
    among: host.sse,
  })
  return sse.response
}

/** Whether nobody is let in any more. */
export function isClosing({ topics, draining }: Pick<SseHost, 'topics' | 'draining'>): boolean {
  return topics.closed || draining?.isOn === true
}

/** Says that nobody is. */
export function closing({ draining }: Pick<SseHost, 'draining'>, headers: Headers): Response {
  const afterS = draining ? Math.max(1, Math.ceil(draining.delayMs('newcomer') / 1_000)) : retryAfterSeconds
  return errorResponse(failure('OVERLOADED', 'the server is closing'), headers, afterS)
}

/** An error as JSON. */
export function errorResponse(
  error: Failure,
  headers: Headers = new Headers(),
  retryAfterSeconds?: number,
): Response {
  const { status, report, data, ...rest } = error
  headers.set('content-type', 'application/json')
  if (retryAfterSeconds !== undefined) headers.set('retry-after', String(retryAfterSeconds))
  const body = { ...rest, ...(report === undefined ? {} : { id: report }) }
  const text = JSON.stringify({ error: body })
  if (!data) return new Response(text, { status, headers })
  // the data is JSON text already
  const meta = data.meta === undefined ? '' : `,"meta":${data.meta}`
  return new Response(`${text.slice(0, -2)},"data":${data.json}${meta}}}`, { status, headers })
}

function startFrom(request: Request, query: URLSearchParams): From {
  const last = request.headers.get('last-event-id') || query.get('lastEventId')
  if (last) return position(last, 'Last-Event-ID') ?? 'now'
  const from = query.get('from')
  if (!from) return 'now'
  if (from === 'first') return 'first'
  const count = /^last:([0-9]{1,9})$/.exec(from)
  return count ? { last: Number(count[1]) } : (position(from, 'from') ?? 'now')
}

function position(text: string | null, name: string): Position | undefined {
  if (!text) return undefined
  const parsed = parsePosition(text)
  if (parsed) return parsed
  const shown = JSON.stringify(text.slice(0, 64))
  const other = name === 'from' ? ", or is 'last:50' or 'first'" : ''
  throw new ParleyError(
    'BAD_REQUEST',
    `${name} is no position: ${shown}. A position looks like k3v9x0q2-41${other}`,
  )
}
