/**
 * What joins one client to the servers: WebSockets and fetches over a network that can be cut, go dead in silence, stand
 * still, refuse, and part the client from one server. It outlives the client's program.
 */
import type { Link, LinkEnd, LinkEvents } from '@parley/shared/testing'
import { type Accept, type Dial, dialer } from '../../packages/shared/src/testing/accept.js'
import { Connection, type Network } from '../../packages/shared/src/testing/connection.js'
import type { Chance } from './chance.js'
import type { WorldClock } from './clock.js'
import { fetchOver } from './fetch-over.js'
import type { Process } from './process.js'

/** A server, as the network sees it. */
export interface Host {
  readonly process: Process
  readonly accept: Accept
  fetch(request: Request): Promise<Response>
}

export interface LineOptions {
  readonly clock: WorldClock
  readonly chance: Chance
  /** Most ms that a frame travels. */
  readonly delayMs: number
  /** The server that a connection made now leads to, if there is one. */
  readonly route: (chance: Chance) => Host | undefined
}

/** What joins two programs. */
export interface Wire {
  /** Breaks: both sides are told. */
  cut(): void
  /** Goes dead in silence. */
  deaden(): void
  /** What waited while nothing moved travels on. */
  resume(): void
}

export class Line {
  readonly #options: LineOptions
  readonly #wires = new Map<Wire, { readonly host: Host; readonly owner: Process }>()
  readonly #counts = { opened: 0, delivered: 0, lost: 0 }
  /** Servers that nothing gets to, by the name of their process. */
  readonly #parted = new Set<string>()
  #stalls = 0
  #refusals = 0

  constructor(options: LineOptions) {
    this.#options = options
  }

  counts(): { readonly opened: number; readonly delivered: number } {
    return this.#counts
  }

  /** The link of a client that runs in this process. */
  linkOf(owner: Process): Link {
    this.#follow(owner)
    return { connect: (events) => this.#connect(owner, events) }
  }

  /**
   * The `fetch` of a client that runs in this process.
   *
   * @param isSticky all of its requests go to one server, as a balancer does it that goes by a cookie.
   */
  fetchOf(owner: Process, isSticky = false): (url: string, init: RequestInit) => Promise<Response> {
    this.#follow(owner)
    let stuckTo: Host | undefined
    return (url, init) => {
      const host = stuckTo ? this.#back(stuckTo) : this.#route()
      if (isSticky) stuckTo ??= host
      let isOver = false
      const ended = (): void => {
        isOver = true
        if (fetched) this.#wires.delete(fetched.wire)
      }
      let fetched: ReturnType<typeof fetchOver> | undefined
      fetched = fetchOver({
        network: { ...this.#network(owner, host), ended },
        owner,
        host,
        request: new Request(url, init),
      })
      const { wire, response } = fetched
      if (host && !isOver) this.#wires.set(wire, { host, owner })
      if (host && this.#parted.has(host.process.name)) wire.deaden()
      return response
    }
  }

  // --- what goes wrong ----------------------------------------------------------------------------------------

  cut(): void {
    for (const wire of [...this.#wires.keys()]) wire.cut()
  }

  halfOpen(): void {
    for (const wire of this.#wires.keys()) wire.deaden()
  }

  stall(ms: number): void {
    this.#stalls++
    this.#options.clock.after(ms, () => {
      this.#stalls--
      this.resume()
    })
  }

  refuse(ms: number): void {
    this.#refusals++
    this.#options.clock.after(ms, () => this.#refusals--)
  }

  /** Nothing gets to a server, or back from it. */
  part(server: string, ms: number): void {
    this.#parted.add(server)
    for (const [wire, { host }] of this.#wires) if (host.process.name === server) wire.deaden()
    this.#options.clock.after(ms, () => this.#parted.delete(server))
  }

  /** A program is gone. Its machine says so to whoever is connected, unless that is gone as well. */
  lost(process: Process, isSilent: boolean): void {
    for (const [wire, { host, owner }] of [...this.#wires]) {
      if (host.process !== process && owner !== process) continue
      if (isSilent) wire.deaden()
      else wire.cut()
    }
  }

  resume(): void {
    for (const wire of [...this.#wires.keys()]) wire.resume()
  }

  // ------------------------------------------------------------------------------------------------------------

  #follow(owner: Process): void {
    owner.onWaking(() => this.resume())
  }

  #route(): Host | undefined {
    const { route, chance } = this.#options
    return this.#refusals > 0 ? undefined : route(chance)
  }

  #back(host: Host): Host | undefined {
    return this.#refusals > 0 || host.process.isDead ? undefined : host
  }

  #network(owner: Process, host: Host | undefined): Omit<Network, 'ended'> {
    const { clock, chance, delayMs } = this.#options
    return {
      clock,
      counts: this.#counts,
      travelMs: () => (delayMs > 0 ? chance.below(delayMs + 1) : 0),
      stalled: () => this.#stalls > 0 || owner.isAsleep || (host?.process.isAsleep ?? false),
    }
  }

  #connect(owner: Process, events: LinkEvents): LinkEnd {
    const host = this.#route()
    const ended = (wire: Wire): boolean => this.#wires.delete(wire)
    const network: Network = { ...this.#network(owner, host), ended }
    const connection = new Connection(network, whileAlive(owner, events), host && dialOf(host))
    if (host) this.#wires.set(connection, { host, owner })
    if (host && this.#parted.has(host.process.name)) connection.deaden()
    return connection.end
  }
}

/** A dead program hears nothing. */
function whileAlive<Events extends Omit<LinkEvents, 'opened'> & Partial<LinkEvents>>(
  process: Process,
  events: Events,
): Events {
  return {
    ...events,
    opened() {
      if (!process.isDead) events.opened?.()
    },
    received(data) {
      if (!process.isDead) events.received(data)
    },
    closed(code, reason) {
      if (!process.isDead) events.closed(code, reason)
    },
  }
}

function dialOf({ process, accept }: Host): Dial {
  return (end) => {
    // it went on its way to a server that is gone by now
    if (process.isDead) {
      end.close(1006, '')
      return { received() {}, closed() {}, buffered: () => 0 }
    }
    return whileAlive(process, dialer(accept)(end))
  }
}
