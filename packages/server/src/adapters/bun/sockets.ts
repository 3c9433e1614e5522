/** Bun's sockets as connections of a router, whoever's server they are in. */
import { type FrameData, subprotocol } from '@parley/shared/internal'
import type { Server, ServerWebSocket, WebSocketHandler } from 'bun'
import type { NativeGroup, NativeSocket } from '../../fanout/member.js'
import type { RouterInside } from '../../router.js'
import type { Connection } from '../../shell/connection.js'
import type { ServerSocket } from '../../shell/socket.js'
import { acceptSocket } from '../mount.js'

/** A server of Bun's, whoever's it is. */
export type BunServer = Server<unknown>

/** A socket of it. */
export type BunSocket = ServerWebSocket<unknown>

/** Tells our sockets from those of the application: `ws.data` of ours holds this. */
const ours: unique symbol = Symbol('parley')

interface SocketData {
  readonly [ours]: RouterInside
  readonly request: Request
  /** Of the server that took it; nothing where that is not known until it opens. */
  readonly host: SocketHost | undefined
  connection: Connection | undefined
}

/** What the server of a socket allows. */
export interface SocketHost {
  /** Its sockets, where an event may be published to all of them at once. */
  readonly group?: NativeGroup | undefined
  /** Bytes that may be queued for one socket before Bun drops what comes on top; nothing: any. */
  readonly capacity?: number | undefined
  /** The largest frame that Bun lets through; nothing: as large as the router takes. */
  readonly frameBytes?: number | undefined
}

/**
 * Seconds that a stalled SSE reader is kept; the heartbeat keeps every other. A finite time-out with a heartbeat lets go
 * of it; 0 never would.
 */
export const sseIdleSeconds = 30
/** Bun's own limit, of what is queued and of a frame, where a host sets none. */
const bunLimitBytes = 16 * 1_048_576

/** Bun's options of sockets; they hold for every socket of a server. */
export type SocketLimits = Pick<
  WebSocketHandler<unknown>,
  | 'idleTimeout'
  | 'maxPayloadLength'
  | 'backpressureLimit'
  | 'closeOnBackpressureLimit'
  | 'sendPings'
  | 'perMessageDeflate'
>

/** The options under which sockets keep all promises; `frameBytes` is the largest frame that they take. */
export function socketLimits(frameBytes: number): SocketLimits {
  return {
    /** In seconds; silence is noticed earlier, by our own heartbeat. */
    idleTimeout: 120,
    sendPings: true,
    backpressureLimit: 0,
    maxPayloadLength: frameBytes,
  }
}

/** What a host's options let through. Under a limit Bun drops what comes on top of it; 0 means none. */
export function hostLimits({
  backpressureLimit = bunLimitBytes,
  maxPayloadLength = bunLimitBytes,
}: SocketLimits): Pick<SocketHost, 'capacity' | 'frameBytes'> {
  return { capacity: backpressureLimit || undefined, frameBytes: maxPayloadLength }
}

/** What an upgrade is asked for with. */
export function upgradeOptions(
  inside: RouterInside,
  request: Request,
  host?: SocketHost,
): { readonly data: SocketData; readonly headers: Readonly<Record<string, string>> } {
  const data: SocketData = { [ours]: inside, request, host, connection: undefined }
  return { data, headers: { 'sec-websocket-protocol': subprotocol } }
}

/** What a socket is to us; nothing where it is the application's. */
export function dataOf(ws: BunSocket): SocketData | undefined {
  const { data } = ws
  return typeof data === 'object' && data !== null && ours in data ? (data as SocketData) : undefined
}

/** What is done with sockets. */
export interface SocketHandlers {
  open?(ws: BunSocket): void
  message?(ws: BunSocket, message: string | Buffer): void
  close?(ws: BunSocket, code: number, reason: string): void
  drain?(ws: BunSocket): void
}

/** Serves our sockets, and leaves all others to the application. `host` is theirs who do not know it from their upgrade. */
export function serveSockets(host: SocketHost, others: SocketHandlers = {}): Required<SocketHandlers> {
  return {
    open(ws) {
      const data = dataOf(ws)
      if (!data) return others.open?.(ws)
      if (ws.readyState !== 1) return
      data.connection = acceptSocket(data[ours], socketOf(ws, data.host ?? host), data.request)
    },
    message(ws, message) {
      const data = dataOf(ws)
      if (!data) return others.message?.(ws, message)
      data.connection?.received(message)
    },
    close(ws, code, reason) {
      const data = dataOf(ws)
      if (!data) return others.close?.(ws, code, reason)
      data.connection?.closed(code, reason)
    },
    drain(ws) {
      const data = dataOf(ws)
      if (!data) return others.drain?.(ws)
      data.connection?.drained()
    },
  }
}

/** A Bun socket as the connection sees it. */
function socketOf(ws: BunSocket, { group, capacity, frameBytes }: SocketHost): ServerSocket {
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
    ...(capacity === undefined && group ? { native: nativeOf(ws, group) } : {}),
    ...(capacity === undefined ? {} : { capacity }),
    ...(frameBytes === undefined ? {} : { frameBytes }),
  }
}

function nativeOf(ws: BunSocket, group: NativeGroup): NativeSocket {
  return {
    group,
    subscribe: (topic) => ws.subscribe(topic),
    unsubscribe: (topic) => ws.unsubscribe(topic),
  }
}
