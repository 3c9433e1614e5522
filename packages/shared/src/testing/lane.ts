import type { Clock } from '../clock.js'

interface Item {
  readonly bytes: number
  readonly arrive: () => void
  cancel: () => void
  due: boolean
}

/** What a lane asks of the network that it belongs to. */
export interface LaneNetwork {
  readonly clock: Clock
  /** How long the next item travels. */
  travelMs(): number
  stalled(): boolean
}

/** One direction of a connection: each item takes its time, and none overtakes one before it. */
export class Lane {
  readonly #network: LaneNetwork
  #queue: Item[] = []
  #bytes = 0

  constructor(network: LaneNetwork) {
    this.#network = network
  }

  /** Bytes under way. */
  get bytes(): number {
    return this.#bytes
  }

  push(bytes: number, arrive: () => void): void {
    const item: Item = { bytes, arrive, cancel: () => {}, due: false }
    item.cancel = this.#network.clock.after(this.#network.travelMs(), () => {
      item.due = true
      this.#flush()
    })
    this.#queue.push(item)
    this.#bytes += bytes
  }

  /** After a stall: what is due arrives. */
  resume(): void {
    if (this.#queue.some((item) => item.due)) this.#network.clock.after(0, () => this.#flush())
  }

  /** Loses what is under way; tells how many items had bytes in them. */
  clear(): number {
    const lost = this.#queue
    this.#queue = []
    this.#bytes = 0
    for (const item of lost) item.cancel()
    return lost.filter((item) => item.bytes > 0).length
  }

  #flush(): void {
    while (this.#queue[0]?.due && !this.#network.stalled()) {
      const item = this.#queue.shift()!
      this.#bytes -= item.bytes
      item.arrive()
    }
  }
}
