/** The ways to the events of each room that one client has: its socket, and a subscriber over SSE. */
import { createSubscriber } from '@parley/client'
import type { Report } from '@parley/shared'
import type { WorldContract } from './contract.js'
import { origin } from './node.js'
import type { Process } from './process.js'
import type { Source } from './reader.js'
import type { ReaderCheck } from './reader-check.js'

export interface Way {
  readonly id: string
  readonly source: Source
  /** How many of the topic's entries it knows of. */
  at: number
  close(): void
}

export interface WaysOptions {
  readonly contract: WorldContract
  readonly process: Process
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  readonly room: (id: string) => Source
  readonly auth: () => Promise<string>
  readonly reported: (report: Report) => void
  /** Told of what the listeners of a source are told. */
  readonly gap: (source: Source, id: string, gap: Parameters<ReaderCheck['heard']>[0]) => void
}

export class Ways {
  readonly #options: WaysOptions
  readonly #rooms = new Map<string, Way>()
  readonly #subscribers = new Map<string, Way>()

  constructor(options: WaysOptions) {
    this.#options = options
  }

  room(id: string): Way {
    const known = this.#rooms.get(id)
    if (known) return known
    const way = this.#way(id, this.#options.room(id), () => {})
    this.#rooms.set(id, way)
    return way
  }

  subscriber(id: string): Way {
    const known = this.#subscribers.get(id)
    if (known) return known
    const { contract, process, fetch, auth, reported } = this.#options
    const subscriber = createSubscriber(contract, 'room', {
      url: `${origin}/realtime/events/room`,
      params: { id },
      headers: async () => ({ authorization: `Bearer ${await auth()}` }),
      fetch,
      clock: process,
      onReport: reported,
    })
    const way = this.#way(id, subscriber, () => subscriber.close())
    this.#subscribers.set(id, way)
    return way
  }

  /** Whether the server has refused a room of the socket. */
  get isRefused(): boolean {
    return [...this.#rooms.values()].some(isRefused)
  }

  isSocket(source: Source): boolean {
    return [...this.#rooms.values()].some((way) => way.source === source)
  }

  /** Closes the subscribers that were refused, and gives them. */
  closeRefused(): readonly Way[] {
    const refused = [...this.#subscribers.values()].filter(isRefused)
    for (const way of refused) {
      way.close()
      this.#subscribers.delete(way.id)
    }
    return refused
  }

  close(): void {
    for (const way of this.#subscribers.values()) way.close()
    this.#subscribers.clear()
  }

  #way(id: string, source: Source, close: () => void): Way {
    source.onGap((gap) => this.#options.gap(source, id, gap))
    return { id, source, at: 0, close }
  }
}

function isRefused({ source }: Way): boolean {
  return source.status.getSnapshot().status === 'refused'
}
