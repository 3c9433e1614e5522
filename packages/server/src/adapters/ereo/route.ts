/** A router as routes of an EreoJS application. */
import { insideOf, type Router } from '../../router.js'
import { urlOf } from '../../shell/address.js'
import {
  type BunServer,
  type BunSocket,
  hostLimits,
  serveSockets,
  sseIdleSeconds,
  upgradeOptions,
} from '../bun/sockets.js'
import { isEventStream, normalPath, restOf, upgradeRefusal } from '../mount.js'

/** What Ereo gives a route's handler. */
export interface EreoArgs {
  readonly request: Request
  readonly context: { get(key: string): unknown }
}

type EreoHandler = (args: EreoArgs) => Promise<Response | undefined>

/** What a route file exports. */
export interface EreoRoute {
  readonly GET: EreoHandler
  readonly POST: EreoHandler
  readonly OPTIONS: EreoHandler
  readonly websocket: EreoSockets
}

/** The socket handlers that Ereo calls. It gives `close` neither code nor reason; `completeEreo` does. */
export interface EreoSockets {
  open(ws: BunSocket): void
  message(ws: BunSocket, message: string | Buffer): void
  close(ws: BunSocket, code?: number, reason?: string): void
  drain(ws: BunSocket): void
}

export interface EreoRouteOptions {
  /** Where the route file is: `/api/ws` for `routes/api/ws.ts`. */
  readonly path: string
}

/**
 * A router as two route files, which export the same: the path itself, and all below it. Ereo's middleware runs before
 * each request, an upgrade included. `completeEreo` gives its sockets the limits and the close codes that Ereo leaves out.
 *
 * @example
 * // routes/api/ws.ts, where the WebSocket is
 * export const { GET, POST, OPTIONS, websocket } = ereoRoute(router, { path: '/api/ws' })
 * @example
 * // routes/api/ws/[part]/[...rest].ts: calls, messages and events over HTTP
 * export { GET, OPTIONS, POST } from '../../ws.js'
 */
export function ereoRoute<Context>(router: Router<Context>, { path }: EreoRouteOptions): EreoRoute {
  const inside = insideOf(router)
  const base = normalPath(path)

  const answer: EreoHandler = async ({ request, context }) => {
    const rest = restOf(request.url, base)
    if (rest === undefined) {
      const { pathname } = urlOf(request)
      return inWords(404, `${pathname} is not below ${base}, which is the \`path\` that ereoRoute was given`)
    }
    const server = context.get('server') as Pick<BunServer, 'upgrade'> & Partial<BunServer>
    if (request.headers.get('upgrade')?.toLowerCase() === 'websocket') {
      const refusal = upgradeRefusal(rest, request.headers.get('sec-websocket-protocol'))
      if (refusal) return inWords(refusal.status, refusal.why)
      const isUpgraded = server.upgrade(request, upgradeOptions(inside, request))
      return isUpgraded ? undefined : inWords(400, 'the upgrade failed')
    }
    // an upgrade's server has nothing but `upgrade`
    if (isEventStream(rest, request.method)) server.timeout?.(request, sseIdleSeconds)
    return inside.fetch(request, rest === '' ? '/' : rest)
  }

  return { GET: answer, POST: answer, OPTIONS: answer, websocket: sockets }
}

/** Ereo loses the type that Bun gives to a text of its own accord, and a browser then saves a file. */
const inWords = (status: number, why: string): Response =>
  new Response(why, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } })

/** Under Ereo's own limit, which has no option: whoever loses an event there reads it from the log. */
const host = hostLimits({})

const ours = serveSockets(host, {
  // a socket of this path that Ereo upgraded past our `GET` is nobody's
  open: (ws) => ws.close(1011, 'not upgraded by the route'),
})

const sockets: EreoSockets = {
  ...ours,
  // as of a link that broke: the session is kept for its client to come back
  close: (ws, code = 1006, reason = '') => ours.close(ws, code, reason),
}
