/** The origin rule over HTTP, and the CORS answers that follow from it. */
import { isForeignAllowed, type OriginFacts, originAllowed } from '../core/origin.js'

const allowedHeaders =
  'accept, authorization, content-type, idempotency-key, last-event-id, parley-client, parley-contract, parley-within'

function originFacts(request: Request): OriginFacts {
  const { headers } = request
  return {
    origin: headers.get('origin'),
    host: headers.get('host') ?? new URL(request.url).host,
    fetchSite: headers.get('sec-fetch-site'),
    cookie: headers.has('cookie'),
  }
}

/** Whether the request may come from where it says it comes from. */
export function mayCome(request: Request, allowed: readonly string[]): boolean {
  return originAllowed(originFacts(request), allowed)
}

/** The headers that let a page of an allowed foreign origin read the answer. */
export function corsHeaders(request: Request, allowed: readonly string[]): Headers {
  const headers = new Headers({ vary: 'Origin' })
  const facts = originFacts(request)
  if (facts.origin === null || !isForeignAllowed(facts, allowed)) return headers
  const named = allowed.includes(facts.origin)
  headers.set('access-control-allow-origin', named ? facts.origin : '*')
  // never for '*': a page of any origin must not act with the user's cookies
  if (named) headers.set('access-control-allow-credentials', 'true')
  headers.set('access-control-expose-headers', 'parley-contract, retry-after')
  return headers
}

/** The answer to OPTIONS. */
export function preflight(request: Request, allowed: readonly string[]): Response {
  if (!mayCome(request, allowed)) return new Response(null, { status: 403 })
  const headers = corsHeaders(request, allowed)
  headers.set('access-control-allow-methods', 'GET, POST')
  headers.set('access-control-allow-headers', allowedHeaders)
  headers.set('access-control-max-age', '600')
  return new Response(null, { status: 204, headers })
}
