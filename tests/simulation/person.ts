/** One client of a world: the real `createClient` behind a link that breaks, and all that its application does. */
import { createClient } from '@parley/client'
import { type Link, ParleyError } from '@parley/shared'
import { parsePosition } from '@parley/shared/internal'
import {
  type Accept,
  type BreakableLink,
  breakableLink,
  type FrameData,
  type VirtualClock,
} from '@parley/shared/testing'
import type { Ask, AskKind, Asks, Plan } from './asks.js'
import type { WorldContract } from './contract.js'
import type { Journal } from './journal.js'
import { type Between, elements, linkThrough, repeating } from './links.js'
import { type ReaderKind, type Room, type WorldClient, WorldReader } from './reader.js'
import type { Start } from './reader-check.js'
import type { LogRecord } from './record.js'
import type { Weather } from './weather.js'

export interface PersonOptions {
  readonly name: string
  readonly clock: VirtualClock
  readonly journal: Journal
  readonly contract: WorldContract
  readonly weather: Weather
  readonly accept: Accept
  readonly asks: Asks
  readonly record: LogRecord
  readonly keyOf: (room: string) => string
  /** A seam: what stands between the client and its link. */
  readonly tamper?: (() => Between) | undefined
}

/** Why the server closes on a client, where the world wants it to. */
export const closedByWorld = 'the world says so'

/** One that no reader of these worlds reaches. */
const never = Number.POSITIVE_INFINITY

export class Person {
  readonly name: string
  readonly link: BreakableLink
  readonly client: WorldClient
  readonly readers = new Set<WorldReader>()
  readonly #options: PersonOptions
  readonly #rooms = new Map<string, Room>()
  readonly #roomOf = new Map<WorldReader, string>()
  /** The newest position that came, by room. */
  readonly #at = new Map<string, number>()
  readonly #aborters = new Map<Ask, AbortController>()
  #readersMade = 0

  constructor(options: PersonOptions) {
    const { name, clock, journal, contract, weather, accept, asks, tamper } = options
    this.name = name
    this.#options = options
    this.link = breakableLink(accept, clock, { delayMs: weather.delayMs })
    let link: Link = this.link
    if (weather.repeats > 0) link = linkThrough(link, () => repeating(weather.repeats, clock.random))
    if (tamper) link = linkThrough(link, tamper)
    this.client = createClient(contract, {
      transport: linkThrough(link, () => this.#watch()),
      clock,
      auth: async () => {
        if (weather.mood.slowMs > 0) await this.#wait(clock.random() * weather.mood.slowMs)
        if (clock.random() < weather.mood.auth) throw new Error('no credentials today')
        return name
      },
      onReport({ kind, message }) {
        journal.note(`${name} reports: ${kind} ${message}`)
        // `handler-failed`: an `auth` that throws; that and a network that is away are part of the weather
        if (!['listener-failed', 'refused', 'gap-unheard', 'handler-failed', 'unreachable'].includes(kind))
          journal.fault(`${name} reports ${kind}: ${message}`)
      },
    })
    const { connection } = this.client
    let wasOpen = false
    connection.subscribe(() => {
      const state = connection.getSnapshot()
      journal.note(`${name}: ${JSON.stringify(state)}`)
      if (wasOpen && state.status !== 'open') asks.lost(name)
      if (state.status === 'reconnecting' && state.lastError.code === 'INTERNAL') {
        const { message } = state.lastError
        if (message !== closedByWorld) journal.fault(`${name} was closed on: ${message}`)
      }
      wasOpen = state.status === 'open'
    })
    for (const id of weather.rooms) {
      const room = this.client.room({ id })
      this.#rooms.set(id, room)
      room.onGap((gap) => {
        journal.note(`${name}: ${id}: gap after ${gap.after} up to ${gap.first}`)
        for (const reader of this.readers)
          if (reader.kind === 'on' && this.#roomOf.get(reader) === id) reader.check.heard(gap)
      })
    }
  }

  // --- what its application does ------------------------------------------------------------------------------

  read(
    id: string,
    kind: ReaderKind,
    start: Start,
    { throws = false, stopAfter = never, dawdleMs = 0 } = {},
  ): void {
    const { journal, record, keyOf, weather } = this.#options
    const label = `${this.name}.${kind}${++this.#readersMade}`
    journal.note(`${label} begins at ${JSON.stringify(start)} of ${id}`)
    try {
      const reader = new WorldReader({
        journal,
        label,
        kind,
        start,
        throws,
        stopAfter,
        record: record.topic(keyOf(id)),
        room: this.#rooms.get(id)!,
        client: this.name,
        clientAt: this.#at.get(id) ?? 0,
        dawdle: async () => {
          if (dawdleMs > 0 && !weather.mood.isCalm) await this.#wait(dawdleMs)
        },
        heard: (position) => {
          this.#at.set(id, Math.max(this.#at.get(id) ?? 0, parsePosition(position)?.offset ?? 0))
        },
        mayEnd: (code) => code === 'CLOSED' || (code === 'FORBIDDEN' && weather.mood.mayRefuse),
      })
      this.readers.add(reader)
      this.#roomOf.set(reader, id)
    } catch (error) {
      if (!(error instanceof ParleyError && this.isClosed)) throw error
    }
  }

  ask(kind: AskKind, id: string, plan: Plan, withinMs: number | undefined): void {
    const { asks, journal, keyOf } = this.#options
    const isMessage = kind === 'say' || kind === 'react'
    const ask = asks.add({
      kind,
      client: this.name,
      topic: isMessage ? keyOf(id) : undefined,
      plan,
      withinMs,
    })
    journal.note(`${this.name}: asks ${kind} ${ask.k} of ${id} within ${withinMs}: ${JSON.stringify(plan)}`)
    const aborter = new AbortController()
    this.#aborters.set(ask, aborter)
    const options = { signal: aborter.signal, withinMs }
    const room = this.#rooms.get(id)!
    const input = { k: ask.k }
    const answer: Promise<{ k: number } | undefined | void> =
      kind === 'say'
        ? room.send('say', input, options)
        : kind === 'react'
          ? room.send('react', input, options)
          : this.client[kind](input, options)
    answer.then(
      (value) => asks.settled(ask, { k: value?.k }),
      (error: unknown) =>
        asks.settled(ask, { code: error instanceof ParleyError ? error.code : String(error) }),
    )
  }

  /** Gives up the n-th of those that it waits for. */
  giveUp(n: number): void {
    const waiting = [...this.#aborters.keys()].filter(({ settled }) => settled === undefined)
    const ask = waiting[n % Math.max(1, waiting.length)]
    if (!ask) return
    this.#options.journal.note(`${this.name}: gives up ${ask.kind} ${ask.k}`)
    ask.aborted = true
    this.#aborters.get(ask)?.abort()
  }

  /** Sends a volatile message. */
  hint(id: string): void {
    if (!this.isClosed) this.#rooms.get(id)!.send('hint', { k: 0 })
  }

  // --- what the world asks ------------------------------------------------------------------------------------

  get isClosed(): boolean {
    return this.client.connection.getSnapshot().status === 'closed'
  }

  status(id: string): string {
    return this.#rooms.get(id)!.status.getSnapshot().status
  }

  /** Whether the server has refused a room that is read. */
  get isRefused(): boolean {
    return this.#options.weather.rooms.some((id) => this.status(id) === 'refused')
  }

  /** A position that this client could know of. */
  at(id: string): number {
    return this.#at.get(id) ?? 0
  }

  /** Whether every room that is read is live, and every reader has all that it is owed. */
  get isUpToDate(): boolean {
    return [...this.readers].every(
      (reader) =>
        reader.isOver || (this.status(this.#roomOf.get(reader)!) === 'live' && reader.check.isComplete),
    )
  }

  /** Tells readers of live rooms that all that follows is theirs. */
  noteLive(): void {
    for (const reader of this.readers) {
      if (!reader.isOver && this.status(this.#roomOf.get(reader)!) === 'live') reader.check.live()
    }
  }

  // ------------------------------------------------------------------------------------------------------------

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(ms, resolve))
  }

  /** Sees what is handed to a socket. */
  #watch(): Between {
    const { asks, journal } = this.#options
    return {
      up: (data, pass) => {
        const frame = elements(data)
        const input = frame[0] === 'send' ? frame[6] : frame[0] === 'call' ? frame[4] : undefined
        journal.note(`${this.name} > ${shown(data)}`)
        if (input !== undefined) asks.handed((input as { k: number }).k)
        pass(data)
      },
      down: (data, pass) => {
        journal.note(`${this.name} < ${shown(data)}`)
        pass(data)
      },
    }
  }
}

/** A frame for the trace, without what only fills it. */
function shown(data: FrameData): string {
  return String(data).replace(/x{9,}/, '…')
}
