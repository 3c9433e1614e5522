/**
 * Where a request goes. Bun does not look at what a client writes for `Host`: then the address of a request is none, or
 * its path alone, and whoever parses it would throw what the client chose.
 */

/** What follows the host of an address: its path and query. */
export function pathAndQuery(url: string): string {
  if (url.startsWith('/')) return url
  const from = url.indexOf('/', url.indexOf('//') + 2)
  return from === -1 ? '/' : url.slice(from)
}

/** The address that was asked for; where its host is none, at a host of no meaning. */
export function urlOf({ url }: Request): URL {
  return URL.canParse(url) ? new URL(url) : new URL(`http://localhost${pathAndQuery(url)}`)
}
