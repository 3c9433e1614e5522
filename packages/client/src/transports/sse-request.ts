/** The requests of one topic over SSE: the stream's, and the finite ones that bring a reader up to date. */
import { type From, formatPosition, type Position } from '@parley/shared/internal'
import type { SseRequest } from './sse.js'

/** Headers of each request; a function is asked anew for each. */
export type HeadersOption = HeadersInit | (() => HeadersInit | Promise<HeadersInit>)

/** The application's headers, and ours, which come first. */
export async function headersOf(
  given: HeadersOption | undefined,
  ours: Record<string, string>,
): Promise<Headers> {
  const result = new Headers(typeof given === 'function' ? await given() : given)
  for (const [name, value] of Object.entries(ours)) result.set(name, value)
  return result
}

export interface SseRoute {
  readonly url: string
  /** The topic's params. */
  readonly query: URLSearchParams
  readonly headers: HeadersOption | undefined
  readonly credentials: RequestCredentials | undefined
  /** The contract's fingerprint. */
  readonly contract: string
}

/** The stream of events from a place on; `resume` is where an earlier response was. */
export function streamRequest(route: SseRoute, from: From, resume: Position | undefined): SseRequest {
  if (!resume) return request(route, { from: formatFrom(from) })
  return request(route, {}, { 'last-event-id': formatPosition(resume) })
}

/** Everything from a place up to a position, and no more. */
export function readRequest(route: SseRoute, from: From, until: Position): SseRequest {
  return request(route, { from: formatFrom(from), until: formatPosition(until) })
}

/** As a query field; "now" has none. */
function formatFrom(from: From): string | undefined {
  if (from === 'now') return undefined
  if (from === 'first') return from
  return 'last' in from ? `last:${from.last}` : formatPosition(from)
}

function request(
  { url, query, headers, credentials, contract }: SseRoute,
  fields: { readonly from?: string | undefined; readonly until?: string },
  own: Record<string, string> = {},
): SseRequest {
  const all = new URLSearchParams(query)
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) all.set(name, value)
  const search = all.toString()
  return {
    // by hand: a relative address stays one, for the page to resolve
    url: search === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${search}`,
    credentials,
    headers: () => headersOf(headers, { accept: 'text/event-stream', 'parley-contract': contract, ...own }),
  }
}
