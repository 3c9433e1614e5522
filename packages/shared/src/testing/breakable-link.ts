import type { Clock } from '../clock.js'
import type { Link } from '../link.js'
import { type Accept, dialer } from './accept.js'
import { Connection, type Network } from './connection.js'

export interface BreakableLinkOptions {
  /** Each frame travels for 0 to this many ms, by chance, and never overtakes one before it. Default 0. */
  readonly delayMs?: number
}

/** What a breakable link has seen since it was made. */
export interface LinkCounts {
  /** Calls of `connect`, refused ones included. */
  readonly attempts: number
  /** Connections that opened. */
  readonly opened: number
  /** Connections that neither side has given up. */
  readonly open: number
  /** Frames that arrived, both ways together. */
  readonly delivered: number
  /** Frames that were handed over and can no longer arrive, both ways together. */
  readonly lost: number
}

/** A link that a test can break, in each of the ways in which a network does. */
export interface BreakableLink extends Link {
  /** Every connection breaks: frames under way are lost, and both sides are told 1006, each in its own time. */
  cut(): void
  /**
   * Every connection that exists now goes dead in silence: whatever is sent, a close included, is swallowed both
   * ways, and neither side is told. New connections are not affected. A later `cut()` ends it.
   */
  halfOpen(): void
  /** From now on nothing arrives, on any connection: frames wait, and `buffered()` grows. */
  stall(): void
  /** What waited travels on, in order. */
  resume(): void
  /** Whether new connections fail with 1006. Those that are open are not affected. */
  refuse(refusing: boolean): void
  counts(): LinkCounts
}

/**
 * Joins a client to a server over a link that can be broken. All that happens on it happens in timers of `clock`,
 * never inside the call that caused it: after `cut()` or a `send` let time pass, `await clock.advance(0)` at least.
 *
 * @param to the link to break, such as `router.link(...)`; or a function that answers a connection, and then the
 *   server's own `buffered()` grows, too, while the link is stalled. The server's side of a wrapped link learns of
 *   a cut by `close(1006, '')`, so the link must be one in memory: a WebSocket takes no such code.
 * @param clock usually `virtualClock()`; its `random()` decides the delays.
 *
 * @example
 * const clock = virtualClock()
 * const link = breakableLink(router.link({ context }), clock, { delayMs: 50 })
 * const client = createClient(contract, { transport: link })
 * link.cut()
 * await clock.runUntil(() => client.connection.getSnapshot().status === 'open')
 */
export function breakableLink(
  to: Link | Accept,
  clock: Clock,
  { delayMs = 0 }: BreakableLinkOptions = {},
): BreakableLink {
  const dial = dialer(to)
  const connections = new Set<Connection>()
  const counts = { opened: 0, delivered: 0, lost: 0 }
  let attempts = 0
  let stalled = false
  let refusing = false

  const network: Network = {
    clock,
    counts,
    travelMs: () => (delayMs > 0 ? Math.floor(clock.random() * (delayMs + 1)) : 0),
    stalled: () => stalled,
    ended: (connection) => connections.delete(connection),
  }

  return {
    connect(events) {
      attempts++
      const connection = new Connection(network, events, refusing ? undefined : dial)
      connections.add(connection)
      return connection.end
    },
    cut() {
      for (const connection of connections) connection.cut()
    },
    halfOpen() {
      for (const connection of connections) connection.deaden()
    },
    stall() {
      stalled = true
    },
    resume() {
      stalled = false
      for (const connection of connections) connection.resume()
    },
    refuse(value) {
      refusing = value
    },
    counts() {
      let open = 0
      for (const connection of connections) if (connection.open) open++
      return { attempts, ...counts, open }
    },
  }
}
