/** What Ereo's server has no option for: the limits of its sockets, and what they were closed with. */
import { ParleyError } from '@parley/shared'
import { limits } from '@parley/shared/internal'
import {
  type BunServer,
  type BunSocket,
  hostLimits,
  type SocketHost,
  type SocketLimits,
  serveSockets,
  socketLimits,
} from '../bun/sockets.js'
import { type Answering, carefully } from './requests.js'
import type { EreoSockets } from './route.js'

/** The server of `createServer`, from `@ereo/server`. */
export interface EreoServer {
  getServer(): BunServer | null
}

/** What is private in an Ereo server; looked at with care. */
interface Inside {
  readonly fetchHandler?: unknown
  readonly wsUpgradeHandlers?: unknown
  readonly options?: { readonly websocket?: Partial<EreoSockets> }
}

interface Mount {
  readonly path: string
  readonly wsConfig: Partial<EreoSockets>
}

/** Ereo by itself closes it with 1000, and warns in its log. */
const nobodys = 'no route has this socket: upgrade it in the GET of a file that exports `websocket`'

/** Bun's options of sockets; they hold for every socket of the server. */
export type EreoSocketOptions = SocketLimits

/**
 * Gives the sockets of an Ereo server what Ereo itself has no option for: limits, and to each `close` its code and reason,
 * also to those of other routes. Without it all of Parley works, but a frame may have 16 MiB before it is refused, an
 * event is sent to one socket after the other, and a page that is closed is taken for a link that broke: it is present
 * for 15 s more; and each spelling of an address that a stranger asks an upgrade at stays in the server for good. Call it
 * once, right after `start()`.
 *
 * @param options Bun's, for every socket of the server. Default: frames up to 1 MiB, whatever `limits.frameBytes` of a hub
 * is, and nothing ever dropped by Bun.
 * @throws ParleyError `BAD_OPTIONS` before the server has started, and where it is of an Ereo that is built differently.
 * @example
 * const server = createServer({ port: 3000 })
 * server.setRouter(await createFileRouter({ routesDir }))
 * await server.start()
 * completeEreo(server)
 */
export function completeEreo(server: EreoServer, options: EreoSocketOptions = {}): void {
  const bun = server.getServer()
  if (!bun)
    throw new ParleyError('BAD_OPTIONS', 'completeEreo: the server has not started: call it after start()')
  const { fetchHandler, wsUpgradeHandlers: mounts, options: own } = server as Inside
  if (typeof fetchHandler !== 'function' || !Array.isArray(mounts)) {
    const message =
      'completeEreo: this Ereo server is built differently from that of @ereo/server 0.2.43; leave the call out, and ' +
      'what it is for, or take that version'
    throw new ParleyError('BAD_OPTIONS', message)
  }
  const mountOf = (type: string): Partial<EreoSockets> | undefined =>
    (mounts as readonly Mount[]).find(({ path }) => path === type)?.wsConfig
  const opened = new WeakMap<BunSocket, Partial<EreoSockets>>()
  const theirs = (ws: BunSocket): Partial<EreoSockets> | undefined => {
    const known = opened.get(ws)
    if (known) return known
    const type = (ws.data as { readonly _wsType?: string } | undefined)?._wsType
    if (type === undefined) return undefined
    return (type === 'hmr' ? own?.websocket : undefined) ?? mountOf(type)
  }

  const sockets = { ...socketLimits(limits.frameBytes), ...options }
  const host: SocketHost = {
    group: { publish: (topic, data) => bun.publish(topic, data) },
    ...hostLimits(sockets),
  }
  bun.reload({
    fetch: carefully(fetchHandler as Answering<BunServer>, mounts) as never,
    websocket: {
      ...sockets,
      ...serveSockets(host, {
        open(ws) {
          const mount = theirs(ws)
          if (!mount) return ws.close(1011, nobodys)
          opened.set(ws, mount)
          mount.open?.(ws)
        },
        message: (ws, message) => theirs(ws)?.message?.(ws, message),
        close: (ws, code, reason) => theirs(ws)?.close?.(ws, code, reason),
        drain: (ws) => theirs(ws)?.drain?.(ws),
      }),
    },
  })
}
