/**
 * A router in a Bun server. The socket limits are ours unless the application brings its own WebSocket handler: then
 * its limits hold for the whole server, and whoever loses an event under them reads it from the log.
 */
import type { Server, ServerWebSocket, WebSocketHandler } from 'bun'
import type { NativeGroup } from '../../fanout/member.js'
import { insideOf, type Router, type RouterInside } from '../../router.js'
import { isEventStream, normalPath, restOf, upgradeRefusal } from '../mount.js'
import {
  dataOf,
  hostLimits,
  type SocketHandlers,
  type SocketHost,
  serveSockets,
  socketLimits,
  sseIdleSeconds,
  upgradeOptions,
} from './sockets.js'

export interface BunHandlerOptions<Data> {
  /** Where the router lives. Default: `/realtime`. */
  readonly path?: string
  /** The application's own socket handler; its options then hold for the whole server. */
  readonly websocket?: WebSocketHandler<Data>
}

export interface BunHandler<Data> {
  /**
   * Answers what is under the path; `undefined` at once for any other. After an upgrade it is an empty response,
   * which Bun ignores.
   */
  fetch(request: Request, server: Server<Data>): Response | Promise<Response> | undefined
  /** For `Bun.serve({ websocket })`. */
  readonly websocket: WebSocketHandler<Data>
}

/**
 * Mounts a router into a server that is already there.
 *
 * @example
 * const realtime = bunHandler(router, { path: '/realtime' })
 * Bun.serve({
 *   fetch: (request, server) => realtime.fetch(request, server) ?? app(request),
 *   websocket: realtime.websocket,
 * })
 */
export function bunHandler<Context, Data = undefined>(
  router: Router<Context>,
  { path = '/realtime', websocket: mine }: BunHandlerOptions<Data> = {},
): BunHandler<Data> {
  const inside = insideOf(router)
  const base = normalPath(path)
  const limits = mine && hostLimits(mine)
  const hosts = new WeakMap<object, SocketHost>()
  const hostOf = (server: Server<Data>): SocketHost => {
    const known = hosts.get(server)
    if (known) return known
    const group: NativeGroup = { publish: (topic, data) => server.publish(topic, data) }
    const host: SocketHost = { group, ...limits }
    hosts.set(server, host)
    return host
  }
  const handler = {
    ...(mine ?? socketLimits(inside.core.topics.limits.frameBytes)),
    ...serveSockets({ ...limits }, mine as SocketHandlers | undefined),
    ping(ws: ServerWebSocket<unknown>, data: Buffer) {
      if (!dataOf(ws)) mine?.ping?.(ws as ServerWebSocket<Data>, data)
    },
    pong(ws: ServerWebSocket<unknown>, data: Buffer) {
      if (!dataOf(ws)) mine?.pong?.(ws as ServerWebSocket<Data>, data)
    },
  }

  return {
    fetch(request, server) {
      const rest = restOf(request.url, base)
      if (rest === undefined) return undefined
      if (request.headers.get('upgrade')?.toLowerCase() === 'websocket') {
        const refusal = upgradeRefusal(rest, request.headers.get('sec-websocket-protocol'))
        if (refusal) return new Response(refusal.why, { status: refusal.status })
        return upgrade(inside, request, server, hostOf(server))
      }
      if (isEventStream(rest, request.method)) server.timeout(request, sseIdleSeconds)
      return inside.fetch(request, rest === '' ? '/' : rest)
    },
    websocket: handler as unknown as WebSocketHandler<Data>,
  }
}

function upgrade<Data>(
  inside: RouterInside,
  request: Request,
  server: Server<Data>,
  host: SocketHost,
): Response {
  const upgraded = server.upgrade(request, upgradeOptions(inside, request, host) as never)
  return upgraded ? new Response(null) : new Response('the upgrade failed', { status: 400 })
}
