/** A router in a server of Node's, whose sockets are those of `ws`. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { subprotocol } from '@parley/shared/internal'
import { type WebSocket, WebSocketServer } from 'ws'
import { insideOf, type Router, type RouterInside } from '../../router.js'
import { encodeOnce } from '../../shell/encode-once.js'
import { acceptSocket, normalPath, restOf, upgradeRefusal } from '../mount.js'
import { answer } from './answer.js'
import { targetOf, toRequest } from './request.js'
import { NodeSocket, type ReadyFrame, readyFrame } from './socket.js'

/** What a socket that failed is said to be closed with (RFC 6455, 7.1.5). */
const abnormal = 1006

export interface NodeHandlerOptions {
  /** Where the router lives: the whole path, also where a host's own router takes a part of it off. Default: `/realtime`. */
  readonly path?: string
}

export interface NodeHandler {
  /**
   * Answers what is under the path: calls, messages, events and the fallback link. False at once for any other, of
   * which nothing was touched. It must come before whatever reads bodies.
   */
  handle(req: IncomingMessage, res: ServerResponse): boolean
  /** Takes a WebSocket under the path, for `server.on('upgrade')`. False at once for any other: it is the application's. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /**
   * The same as `handle` for a host that has a `Request` and sends a `Response` by itself, such as Hono; `undefined`
   * at once for a path of the application's. That host then decides how long a client may take no byte.
   */
  fetch(request: Request): Promise<Response> | undefined
}

/**
 * Mounts a router into a `node:http` or `node:https` server that is already there. Needs the package `ws`.
 *
 * @example
 * const realtime = nodeHandler(router, { path: '/realtime' })
 * const server = createServer((req, res) => realtime.handle(req, res) || app(req, res))
 * server.on('upgrade', (req, socket, head) => realtime.upgrade(req, socket, head) || socket.destroy())
 */
export function nodeHandler<Context>(
  router: Router<Context>,
  { path = '/realtime' }: NodeHandlerOptions = {},
): NodeHandler {
  const inside = insideOf(router)
  const base = normalPath(path)
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: inside.core.topics.limits.frameBytes,
    handleProtocols: () => subprotocol,
  })
  const ready = encodeOnce(readyFrame)
  const answering = { report: inside.core.report, stalledMs: inside.core.topics.limits.stalledMs }
  const fetchRest = (request: Request, rest: string): Promise<Response> =>
    inside.fetch(request, rest === '' ? '/' : rest)
  return {
    handle(req, res) {
      const rest = restOf(targetOf(req), base)
      if (rest === undefined) return false
      void answer(req, res, answering, (request) => fetchRest(request, rest))
      return true
    },
    upgrade(req, socket, head) {
      const rest = restOf(targetOf(req), base)
      if (rest === undefined) return false
      if (req.headers.upgrade?.toLowerCase() !== 'websocket') {
        // Node tells of it here alone, with its body unread; h2c is what `curl --http2` offers
        refuseUpgrade(socket, 400, 'this server upgrades to a WebSocket only: ask without an `Upgrade`')
        return true
      }
      const refusal = upgradeRefusal(rest, req.headers['sec-websocket-protocol'])
      if (refusal) {
        refuseUpgrade(socket, refusal.status, refusal.why)
        return true
      }
      const gone = new AbortController()
      let request: Request
      try {
        request = toRequest(req, gone.signal)
      } catch {
        refuseUpgrade(socket, 400, 'this is no request')
        return true
      }
      sockets.handleUpgrade(req, socket, head, (ws) => {
        ws.once('close', () => gone.abort())
        open(inside, ws, socket, request, ready)
      })
      return true
    },
    fetch(request) {
      const rest = restOf(request.url, base)
      return rest === undefined ? undefined : fetchRest(request, rest)
    },
  }
}

function open(
  inside: RouterInside,
  ws: WebSocket,
  raw: Duplex,
  request: Request,
  ready: (data: string | Uint8Array) => ReadyFrame,
): void {
  const socket = new NodeSocket({ ws, raw, ready, drained: () => connection?.drained() })
  const connection = acceptSocket(inside, socket, request)
  // the other side broke the protocol, or is gone: what `ws` closes it with is its own affair
  ws.on('error', ({ message }) => connection?.closed(abnormal, message))
  ws.on('close', (code, reason) => connection?.closed(code, reason.toString()))
  // one buffer to a message: what `ws` gives unless it is told otherwise
  ws.on('message', (data: Buffer, isBinary) => connection?.received(isBinary ? data : data.toString()))
}

/** Answers an upgrade without one. */
export function refuseUpgrade(socket: Duplex, status: number, why: string): void {
  socket.on('error', () => {}) // a client that is gone needs no answer
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...['content-type: text/plain', `content-length: ${Buffer.byteLength(why)}`, 'connection: close'],
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${why}`, () => socket.destroy())
}
