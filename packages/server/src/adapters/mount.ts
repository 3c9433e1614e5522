/** What every adapter does in the same way: where a router is mounted, and which sockets come in. */
import { closeCodes, encodeCloseReason, subprotocol } from '@parley/shared/internal'
import type { RouterInside } from '../router.js'
import { pathAndQuery } from '../shell/address.js'
import type { Connection } from '../shell/connection.js'
import { originRefusal } from '../shell/cors.js'
import type { ServerSocket } from '../shell/socket.js'

/** With a slash in front and none behind. */
export function normalPath(path: string): string {
  return `/${path.split('/').filter(Boolean).join('/')}`
}

/** Where one is reached that listens there: at `localhost`, where that is every address of this machine. */
export function addressOf(hostname: string | undefined, port: number | undefined, path: string): string {
  const isAny = hostname === undefined || hostname === '0.0.0.0' || hostname === '::'
  const host = isAny ? 'localhost' : hostname.includes(':') ? `[${hostname}]` : hostname
  return `http://${host}:${port}${normalPath(path)}`
}

/** What follows the base in the path of an address, or nothing when it is elsewhere. */
export function restOf(url: string, base: string): string | undefined {
  const path = pathAndQuery(url).split('?', 1)[0]!
  if (base === '/') return path
  if (path === base) return ''
  return path.startsWith(`${base}/`) ? path.slice(base.length) : undefined
}

/** Whether a request is for a response that stays open. */
export function isEventStream(rest: string, method: string): boolean {
  return rest.startsWith('/events/') || (rest === '/link' && method === 'GET')
}

/** Why an upgrade is refused, with its status; nothing where it may be. `protocols` is `Sec-WebSocket-Protocol`. */
export function upgradeRefusal(
  rest: string,
  protocols: string | null | undefined,
): { readonly status: 400 | 404; readonly why: string } | undefined {
  if (rest !== '' && rest !== '/') return { status: 404, why: '' }
  const offered = (protocols ?? '').split(',').map((one) => one.trim())
  if (offered.includes(subprotocol)) return undefined
  return { status: 400, why: `offer the subprotocol ${subprotocol}` }
}

/** Takes a socket that has just opened, or closes it, where its origin is not allowed. */
export function acceptSocket(
  inside: RouterInside,
  socket: ServerSocket,
  request: Request,
): Connection | undefined {
  const why = originRefusal(request, inside.core.allowedOrigins, inside.core.report)
  if (why === undefined) return inside.accept(socket, request)
  // after the upgrade, because a refused upgrade tells a browser nothing
  socket.close(closeCodes.FORBIDDEN.code, encodeCloseReason({ code: 'FORBIDDEN', why }))
  return undefined
}
