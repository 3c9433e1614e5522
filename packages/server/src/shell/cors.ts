/** The origin rule over HTTP, and the CORS answers that follow from it. */
import type { Report } from '@parley/shared'
import { isForeignAllowed, type OriginFacts, originAllowed } from '../core/origin.js'
import { urlOf } from './address.js'

const allowedHeaders =
  'accept, authorization, content-type, idempotency-key, last-event-id, parley-client, parley-contract, parley-link, parley-seq, parley-within'

function originFacts(request: Request): OriginFacts {
  const { headers } = request
  return {
    origin: headers.get('origin'),
    host: headers.get('host') ?? urlOf(request).host,
    fetchSite: headers.get('sec-fetch-site'),
    cookie: headers.has('cookie'),
  }
}

/** Is told of a refusal: a page cannot read it, and whoever serves it has to know. */
export type ReportRefusal = (report: Report) => void

/**
 * Why the request may not come from where it says it comes from, or nothing where it may. It is reported as well: a
 * browser keeps the answer from the page.
 */
export function originRefusal(
  request: Request,
  allowed: readonly string[],
  report: ReportRefusal,
): string | undefined {
  const facts = originFacts(request)
  if (originAllowed(facts, allowed)) return undefined
  const message = refusalOf(facts, allowed)
  report({ kind: 'refused', path: urlOf(request).pathname, message })
  return message
}

/** Short enough for the reason of a close. */
function refusalOf({ origin, cookie }: OriginFacts, allowed: readonly string[]): string {
  if (origin === null) return 'a page of another site asks without an Origin'
  const who = `origin ${origin.slice(0, 50)}`
  if (origin === 'null') return `${who}: a sandboxed page or file is never allowed`
  if (cookie && allowed.includes('*'))
    return `${who} sends cookies, which '*' does not take: name it in allowedOrigins`
  return `${who} is not in allowedOrigins`
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
export function preflight(request: Request, allowed: readonly string[], report: ReportRefusal): Response {
  if (originRefusal(request, allowed, report)) return new Response(null, { status: 403 })
  const headers = corsHeaders(request, allowed)
  headers.set('access-control-allow-methods', 'GET, POST')
  headers.set('access-control-allow-headers', allowedHeaders)
  headers.set('access-control-max-age', '600')
  return new Response(null, { status: 204, headers })
}
