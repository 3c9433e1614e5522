import type { FrameData, LinkEnd, LinkEvents } from '../link.js'
import type { Answer, Dial } from './accept.js'
import { Lane, type LaneNetwork } from './lane.js'

/** What the connections of one breakable link share. */
export interface Network extends LaneNetwork {
  readonly counts: { opened: number; delivered: number; lost: number }
  /** Both sides are through with a connection. */
  ended(connection: Connection): void
}

/** One side: the lane towards it, and whether it has closed or was told that the other did. */
interface Side {
  readonly lane: Lane
  over: boolean
  received(data: FrameData): void
  closed(code: number, reason: string): void
}

/** What an abnormal end is called (RFC 6455, 7.1.5). */
const abnormal = 1006

/** One connection: a lane each way, and what each side was told. Without a `dial` it is refused. */
export class Connection {
  /** The client's end. */
  readonly end: LinkEnd
  readonly #network: Network
  readonly #client: Side
  readonly #server: Side
  #dead = false

  constructor(network: Network, events: LinkEvents, dial: Dial | undefined) {
    let answer: Answer | undefined
    this.#network = network
    this.#client = {
      lane: new Lane(network),
      over: false,
      received: (data) => events.received(data),
      closed: (code, reason) => events.closed(code, reason),
    }
    this.#server = {
      lane: new Lane(network),
      over: !dial,
      received: (data) => answer?.received(data),
      closed: (code, reason) => answer?.closed(code, reason),
    }
    const end = this.#endOf(this.#client, this.#server)
    this.end = { ...end, buffered: () => end.buffered() + (answer?.buffered() ?? 0) }
    if (!dial) {
      this.cut()
      return
    }
    const opened = () => {
      if (this.#dead || this.#server.over) return
      this.#client.lane.push(0, () => {
        if (this.#client.over) return
        network.counts.opened++
        events.opened()
      })
    }
    this.#server.lane.push(0, () => {
      answer = dial({ ...this.#endOf(this.#server, this.#client), opened })
    })
  }

  /** Neither side has given it up. */
  get open(): boolean {
    return !this.#client.over && !this.#server.over
  }

  /** Breaks it: both sides are told, each in its own time. */
  cut(): void {
    this.deaden()
    for (const side of [this.#client, this.#server]) {
      if (side.over) continue
      this.#network.clock.after(this.#network.travelMs(), () => this.#tell(side, abnormal, ''))
    }
  }

  /** Swallows everything from now on, what is under way included. */
  deaden(): void {
    this.#dead = true
    this.#lose(this.#client.lane)
    this.#lose(this.#server.lane)
  }

  resume(): void {
    this.#client.lane.resume()
    this.#server.lane.resume()
  }

  #endOf(own: Side, peer: Side): LinkEnd {
    return {
      send: (data) => {
        if (!own.over) this.#carry(peer, data)
      },
      close: (code, reason) => {
        if (own.over) return
        this.#finish(own)
        if (!this.#dead) peer.lane.push(0, () => this.#tell(peer, code, reason))
      },
      buffered: () => (own.over ? 0 : peer.lane.bytes),
    }
  }

  #carry(to: Side, data: FrameData): void {
    if (this.#dead) {
      this.#network.counts.lost++
      return
    }
    // as a socket does: the sender may use its buffer again
    const frame = typeof data === 'string' ? data : data.slice()
    to.lane.push(byteLength(frame), () => {
      if (to.over) {
        this.#network.counts.lost++
        return
      }
      this.#network.counts.delivered++
      to.received(frame)
    })
  }

  #tell(side: Side, code: number, reason: string): void {
    if (side.over) return
    this.#finish(side)
    side.closed(code, reason)
  }

  /** Nothing reaches this side any more. What it sent before travels on. */
  #finish(side: Side): void {
    side.over = true
    this.#lose(side.lane)
    if (this.#client.over && this.#server.over) this.#network.ended(this)
  }

  #lose(lane: Lane): void {
    this.#network.counts.lost += lane.clear()
  }
}

const utf8 = new TextEncoder()

/** Never 0, so that a frame without a byte is told from what is no frame: even that one has a header. */
function byteLength(data: FrameData): number {
  return Math.max(1, typeof data === 'string' ? utf8.encode(data).length : data.length)
}
