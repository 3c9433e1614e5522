/** The server's ends of the sockets of a world: as a runtime's WebSockets, without a runtime. */
import type { RouterInside } from '@parley/server/internal'
import type { FrameData, LinkEnd } from '@parley/shared/internal'
import type { Accept } from '@parley/shared/testing'
import type { Owner } from './token.js'

/**
 * `plain`: each event is sent to each socket. `native`: sockets subscribe, and the server publishes once, as in Bun.
 * `limited`: a socket loses what comes on top of its limit, as under a host's own.
 */
export type SocketKind = 'plain' | 'native' | 'limited'

/** Bytes that a limited socket queues. */
const limitedBytes = 16_384

export type Connection = ReturnType<RouterInside['accept']>

/** Who is connected, once it was let in. */
export function clientOf({ context }: Connection): string | undefined {
  return (context as Owner | undefined)?.client
}

/** Hears what comes to a server's end of a connection, and goes from it, as it does. */
export interface Edge {
  received(connection: Connection, data: FrameData): void
  sent(connection: Connection, data: FrameData): void
  /** @param isByServer else its client closed it, or nobody. */
  ended(connection: Connection, code: number, isByServer: boolean): void
}

export interface Sockets {
  readonly accept: Accept
  /** Those that are open on the server's side. */
  readonly open: ReadonlySet<Connection>
}

export function acceptSockets(inside: RouterInside, kind: SocketKind, edge: Edge): Sockets {
  const group = new Group()
  const open = new Set<Connection>()
  const accept: Accept = (end) => {
    let connection: Connection | undefined
    const gone = (): void => {
      group.leave(end)
      if (connection) open.delete(connection)
    }
    const request = new Request('http://parley.test/realtime', { headers: { upgrade: 'websocket' } })
    const native = {
      group,
      subscribe: (topic: string) => group.subscribe(topic, end),
      unsubscribe: (topic: string) => group.unsubscribe(topic, end),
    }
    return {
      opened() {
        connection = inside.accept(
          {
            send(data: FrameData) {
              if (connection) edge.sent(connection, data)
              if (kind === 'limited' && end.buffered() > limitedBytes) return false
              end.send(data)
              return true
            },
            close(code, reason) {
              if (connection && open.has(connection)) edge.ended(connection, code, true)
              gone()
              end.close(code, reason)
            },
            buffered: () => end.buffered(),
            ...(kind === 'limited' ? { capacity: limitedBytes } : {}),
            ...(kind === 'native' ? { native } : {}),
          },
          request,
        )
        open.add(connection)
      },
      received(data) {
        if (!connection) return
        edge.received(connection, data)
        connection.received(data)
      },
      closed(code, reason) {
        if (connection && open.has(connection)) edge.ended(connection, code, false)
        gone()
        connection?.closed(code, reason)
      },
    }
  }
  return { accept, open }
}

/** Publishes to the sockets that subscribed, in the order of everything else that goes to them. */
class Group {
  readonly #topics = new Map<string, Set<LinkEnd>>()

  subscribe(topic: string, end: LinkEnd): void {
    const members = this.#topics.get(topic) ?? new Set()
    this.#topics.set(topic, members.add(end))
  }

  unsubscribe(topic: string, end: LinkEnd): void {
    const members = this.#topics.get(topic)
    members?.delete(end)
    if (members?.size === 0) this.#topics.delete(topic)
  }

  leave(end: LinkEnd): void {
    for (const topic of [...this.#topics.keys()]) this.unsubscribe(topic, end)
  }

  publish(topic: string, data: FrameData): number {
    const members = this.#topics.get(topic)
    if (!members) return 0
    let isQueued = false
    for (const end of members) {
      isQueued ||= end.buffered() > 0
      end.send(data)
    }
    return isQueued ? -1 : data.length
  }
}
