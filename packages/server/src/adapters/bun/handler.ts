/**
 * A router in a Bun server. The socket limits are ours unless the application brings its own WebSocket handler: then
 * its limits hold for the whole server, and whoever loses an event under them reads it from the log.
 */
import { type FrameData, subprotocol } from '@parley/shared/internal'
import type { Server, ServerWebSocket, WebSocketHandler } from 'bun'
import type { NativeGroup, NativeSocket } from '../../fanout/member.js'
import { insideOf, type Router, type RouterInside } from '../../router.js'
import type { Connection } from '../../shell/connection.js'
import type { ServerSocket } from '../../shell/socket.js'
import { acceptSocket, normalPath, restOf, upgradeRefusal } from '../mount.js'

/** Tells our sockets from those of the application: `ws.data` of ours holds this. */
const ours = Symbol('parley')

interface SocketData {
  readonly [ours]: RouterInside
  readonly request: Request
  /** The sockets of the server that took it. */
  readonly group: NativeGroup
  connection: Connection | undefined
}

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

/** Seconds of silence after which Bun itself lets a socket go; ours is noticed earlier, by its heartbeat. */
const idleSeconds = 120
/** Bun's own limit where a host sets none. */
const bunBackpressureLimit = 16 * 1_048_576
/** Seconds that a stalled SSE reader is kept; the heartbeat keeps every other. */
const sseIdleSeconds = 30

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
  const groups = new WeakMap<object, NativeGroup>()
  const groupOf = (server: Server<Data>): NativeGroup => {
    const known = groups.get(server)
    if (known) return known
    const group: NativeGroup = { publish: (topic, data) => server.publish(topic, data) }
    groups.set(server, group)
    return group
  }

  // under a host's limit Bun drops what comes on top of it; 0 means none
  const capacity = mine ? (mine.backpressureLimit ?? bunBackpressureLimit) || undefined : undefined

  const handler = {
    ...(mine ?? {
      idleTimeout: idleSeconds,
      sendPings: true,
      backpressureLimit: 0,
      maxPayloadLength: inside.core.topics.limits.frameBytes,
    }),
    open(ws: ServerWebSocket<unknown>) {
      const data = dataOf(ws)
      if (!data) return mine?.open?.(ws as ServerWebSocket<Data>)
      if (ws.readyState !== 1) return
      data.connection = acceptSocket(data[ours], socketOf(ws, data.group, capacity), data.request)
    },
    message(ws: ServerWebSocket<unknown>, message: string | Buffer) {
      const data = dataOf(ws)
      if (!data) return mine?.message?.(ws as ServerWebSocket<Data>, message as never)
      data.connection?.received(message)
    },
    close(ws: ServerWebSocket<unknown>, code: number, reason: string) {
      const data = dataOf(ws)
      if (!data) return mine?.close?.(ws as ServerWebSocket<Data>, code, reason)
      data.connection?.closed(code, reason)
    },
    drain(ws: ServerWebSocket<unknown>) {
      const data = dataOf(ws)
      if (!data) return mine?.drain?.(ws as ServerWebSocket<Data>)
      data.connection?.drained()
    },
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
        return upgrade(inside, request, server, groupOf(server))
      }
      // a finite time-out with a heartbeat lets go of a stalled reader; 0 never would
      if (rest.startsWith('/events/') || (rest === '/link' && request.method === 'GET')) {
        server.timeout(request, sseIdleSeconds)
      }
      return inside.fetch(request, rest === '' ? '/' : rest)
    },
    websocket: handler as unknown as WebSocketHandler<Data>,
  }
}

function upgrade<Data>(
  inside: RouterInside,
  request: Request,
  server: Server<Data>,
  group: NativeGroup,
): Response {
  const data: SocketData = { [ours]: inside, request, group, connection: undefined }
  const upgraded = server.upgrade(request, {
    data,
    headers: { 'sec-websocket-protocol': subprotocol },
  } as never)
  return upgraded ? new Response(null) : new Response('the upgrade failed', { status: 400 })
}

function dataOf(ws: ServerWebSocket<unknown>): SocketData | undefined {
  const { data } = ws
  return typeof data === 'object' && data !== null && ours in data ? (data as SocketData) : undefined
}

/** A Bun socket as the connection sees it. */
function socketOf(
  ws: ServerWebSocket<unknown>,
  group: NativeGroup,
  capacity: number | undefined,
): ServerSocket {
  return {
    // 0 is a loss where there is a limit; after the close it means nothing
    send: (data: FrameData) => ws.send(data) !== 0 || ws.readyState !== 1,
    close(code, reason) {
      ws.close(code, reason)
    },
    buffered: () => ws.getBufferedAmount(),
    cork(burst) {
      ws.cork(burst)
    },
    // under a limit of the host's, a publish would lose without a word: there each socket is sent to
    ...(capacity === undefined ? { native: nativeOf(ws, group) } : { capacity }),
  }
}

function nativeOf(ws: ServerWebSocket<unknown>, group: NativeGroup): NativeSocket {
  return {
    group,
    subscribe: (topic) => ws.subscribe(topic),
    unsubscribe: (topic) => ws.unsubscribe(topic),
  }
}
