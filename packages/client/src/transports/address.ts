/** Where a server is reached, from the one address that an application gives. */
import { ParleyError } from '@parley/shared'

/**
 * @param url Of the server's endpoint: `ws:`, `wss:`, `http:` or `https:`; relative to the page where there is one.
 * @throws ParleyError `BAD_OPTIONS`
 */
export function webSocketUrl(url: string | URL): string {
  return addressOf(url, 'ws').href
}

/**
 * The address of what is served below the endpoint, as `link`, over HTTP.
 *
 * @throws ParleyError `BAD_OPTIONS`
 */
export function httpUrl(url: string | URL, below: string): string {
  const address = addressOf(url, 'http')
  address.pathname = `${address.pathname.replace(/\/$/, '')}/${below}`
  return address.href
}

function addressOf(url: string | URL, scheme: 'ws' | 'http'): URL {
  const base = typeof location === 'undefined' ? undefined : location.href
  let parsed: URL
  try {
    parsed = new URL(url, base)
  } catch (cause) {
    const advice =
      base === undefined ? '; there is no page that it could be relative to: give the whole address' : ''
    throw new ParleyError('BAD_OPTIONS', `url: '${url}' is no address${advice}`, { cause })
  }
  if (!/^(ws|http)s?:$/.test(parsed.protocol))
    throw new ParleyError('BAD_OPTIONS', `url: '${url}' is not of http, https, ws or wss`)
  parsed.protocol = parsed.protocol.replace(/^(ws|http)/, scheme)
  parsed.hash = ''
  return parsed
}
