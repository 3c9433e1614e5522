/** Whether a request may come from where it says it comes from. A pure rule: the same for every transport. */

/** What a request says of its origin. */
export interface OriginFacts {
  readonly origin: string | null
  readonly host: string | null
  readonly fetchSite: string | null
  /** Whether it carries cookies. */
  readonly cookie: boolean
}

/**
 * `Origin`, where present, must have the host and port of `Host`, or stand in `allowed`; `null` is refused. The
 * scheme is not compared: TLS may end in front of this server. Absent, `Sec-Fetch-Site` must be absent,
 * `same-origin` or `none`. `'*'` allows every origin, but never together with cookies.
 */
export function originAllowed(facts: OriginFacts, allowed: readonly string[]): boolean {
  const { origin, host, fetchSite } = facts
  if (origin === null) return fetchSite === null || fetchSite === 'same-origin' || fetchSite === 'none'
  return isSameHost(origin, host) || isForeignAllowed(facts, allowed)
}

/** Whether the origin is another one, and allowed: such answers carry CORS headers. */
export function isForeignAllowed({ origin, cookie }: OriginFacts, allowed: readonly string[]): boolean {
  if (origin === null || origin === 'null') return false
  return allowed.includes(origin) || (allowed.includes('*') && !cookie)
}

function isSameHost(origin: string, host: string | null): boolean {
  if (host === null || !URL.canParse(origin)) return false
  const url = new URL(origin)
  if (url.host === host) return true
  // `Host: example.com:443` and `Origin: https://example.com` name the same place
  return URL.canParse(`${url.protocol}//${host}`) && new URL(`${url.protocol}//${host}`).host === url.host
}
