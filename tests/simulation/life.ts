/**
 * One life of a client: its program from start to end, with the real `createClient` and `createSubscriber`, and all that
 * its application does. What an application would keep between two lives, its person keeps.
 */
import { createClient } from '@parley/client'
import { type Link, ParleyError, type Report } from '@parley/shared'
import type { FrameData } from '@parley/shared/testing'
import { FallbackLink } from '../../packages/client/src/transports/fallback.js'
import { Asking } from './asking.js'
import type { Asks } from './asks.js'
import type { Attendance } from './attendance.js'
import type { WorldContract } from './contract.js'
import type { Journal } from './journal.js'
import type { Line } from './line.js'
import { type Between, elements, linkThrough, repeating } from './links.js'
import { keyOf, origin } from './node.js'
import type { Process } from './process.js'
import { type ReaderKind, type Source, type WorldClient, WorldReader } from './reader.js'
import type { ReaderCheck, Start } from './reader-check.js'
import type { LogRecord } from './record.js'
import { makeToken } from './token.js'
import { Visits } from './visits.js'
import { Ways } from './ways.js'
import type { Weather } from './weather.js'

export interface LifeOptions {
  readonly process: Process
  readonly journal: Journal
  readonly contract: WorldContract
  readonly weather: Weather
  readonly line: Line
  readonly asks: Asks
  readonly attendance: Attendance
  /** Whose it is. */
  readonly member: string
  readonly record: LogRecord
  readonly trueNow: () => number
  /** Told of each position that came, by room. */
  readonly heard: (id: string, position: string) => void
}

export interface Manner {
  readonly throws: boolean
  readonly stopAfter: number
  readonly dawdleMs: number
}

/** Why the server closes on a client, where the world wants it to. */
export const closedByWorld = 'the world says so'

/** What a client may say of a world that is as rough as it should be. */
const expected: readonly Report['kind'][] = [
  'listener-failed',
  'refused',
  'gap-unheard',
  'handler-failed',
  'unreachable',
  'contract',
]

export class Life {
  readonly name: string
  readonly client: WorldClient
  readonly asking: Asking
  readonly visits: Visits
  readonly readers = new Set<WorldReader>()
  /** Whose its next credentials are. */
  member: string
  readonly #options: LifeOptions
  readonly #ways: Ways
  #readersMade = 0

  constructor(options: LifeOptions) {
    const { process, journal, contract, weather, line, asks, attendance, member } = options
    this.name = process.name
    this.#options = options
    this.member = member
    const fallsBack = process.random() < weather.fallback
    if (fallsBack) attendance.cannotSee(this.name)
    let link = fallsBack ? fallbackOver(line, process) : line.linkOf(process)
    if (weather.repeats > 0) link = linkThrough(link, () => repeating(weather.repeats, process.random))
    this.client = createClient(contract, {
      transport: linkThrough(link, () => this.#watch()),
      clock: process,
      auth: () => this.#auth(),
      onReport: (report) => this.#reported(report),
    })
    const mayFail = (code: string): boolean =>
      this.#mayEnd(code) || (code === 'FORBIDDEN' && weather.mood.mayHide)
    this.visits = new Visits({ journal, attendance, client: this.client, name: this.name, mayFail })
    this.#follow()
    const auth = (): Promise<string> => this.#auth()
    const fetch = line.fetchOf(process)
    const isCalm = (): boolean => weather.mood.isCalm
    this.asking = new Asking({ client: this.client, process, journal, contract, asks, fetch, auth, isCalm })
    this.#ways = new Ways({
      contract,
      process,
      fetch,
      room: (id) => this.client.room({ id }),
      auth,
      reported: (report) => this.#reported(report),
      gap: (source, id, gap) => this.#heardGap(source, id, gap),
    })
  }

  // --- what its application does ------------------------------------------------------------------------------

  read(id: string, by: 'socket' | 'subscriber', kind: ReaderKind, start: Start, manner: Manner): void {
    const { journal, record, contract, weather, process, heard } = this.#options
    const way = by === 'socket' ? this.#ways.room(id) : this.#ways.subscriber(id)
    const label = `${this.name}.${by === 'socket' ? '' : 'sse.'}${kind}${++this.#readersMade}`
    journal.note(() => `${label} begins at ${JSON.stringify(start)} of ${id}`)
    const topic = record.topic(keyOf(contract, id))
    try {
      const reader = new WorldReader({
        journal,
        record,
        topic,
        label,
        kind,
        start,
        source: way.source,
        ...manner,
        client: by === 'socket' ? this.name : undefined,
        clientAt: way.at,
        seesOneServer: !weather.isShared,
        dawdle: async () => {
          if (manner.dawdleMs > 0 && !weather.mood.isCalm)
            await process.wait(process.random() * manner.dawdleMs)
        },
        heard: (position) => {
          way.at = Math.max(way.at, topic.count(record.place(position) ?? 0))
          heard(id, position)
        },
        mayEnd: (code) => this.#mayEnd(code),
      })
      this.readers.add(reader)
    } catch (error) {
      if (!(error instanceof ParleyError && this.isClosed)) throw error
    }
  }

  /** Sends a volatile message. */
  hint(id: string): void {
    if (!this.isClosed) this.client.room({ id }).send('hint', { k: 0 })
  }

  /** Does about what was refused what a user would: opens the connection again, lets go of a route. */
  mend(): void {
    if (this.#ways.isRefused || this.visits.isRefused || this.isClosed) this.client.connection.open()
    for (const { source } of this.#ways.closeRefused()) this.#stopAllOf(source)
  }

  /** All readers leave, and it closes what it has open. */
  leave(): void {
    for (const reader of this.here) reader.stop()
    this.visits.leave()
    this.#ways.close()
  }

  /** Its program is gone. */
  end(): void {
    for (const reader of this.here) reader.abandon()
    this.visits.abandon()
    this.#options.asks.abandoned(this.name)
  }

  // --- what the world asks ------------------------------------------------------------------------------------

  get isClosed(): boolean {
    return this.client.connection.getSnapshot().status === 'closed'
  }

  /** Readers that have not left. */
  get here(): readonly WorldReader[] {
    return [...this.readers].filter(({ isOver }) => !isOver)
  }

  /** Whether every room that is read is live, and every reader has all that it is owed. */
  get isUpToDate(): boolean {
    return this.here.every((reader) => this.#isLive(reader) && reader.check.isComplete)
  }

  /** Tells readers of live rooms that all that follows is theirs. */
  noteLive(): void {
    for (const reader of this.here) if (reader.status === 'live') reader.check.live()
  }

  // ------------------------------------------------------------------------------------------------------------

  /** A response ends with its credentials, and its client comes back, ever more slowly where they are short-lived. */
  #isLive({ status, source }: WorldReader): boolean {
    const comesBack =
      status === 'joining' && this.#options.weather.expiresMs > 0 && !this.#ways.isSocket(source)
    return status === 'live' || comesBack
  }

  #stopAllOf(source: Source): void {
    for (const reader of this.here) if (reader.source === source) reader.stop()
  }

  #heardGap(source: Source, id: string, gap: Parameters<ReaderCheck['heard']>[0]): void {
    const { journal } = this.#options
    journal.note(() => `${this.name}: ${id}: gap ${gap.reason} after ${gap.after} up to ${gap.first}`)
    for (const reader of this.here)
      if (reader.kind === 'on' && reader.source === source) reader.check.heard(gap)
  }

  async #auth(): Promise<string> {
    const { process, weather, trueNow } = this.#options
    if (weather.mood.slowMs > 0) await process.wait(process.random() * weather.mood.slowMs)
    if (process.random() < weather.mood.auth) throw new Error('no credentials today')
    return makeToken({ client: this.name, member: this.member }, trueNow(), weather.expiresMs)
  }

  #mayEnd(code: string): boolean {
    const { mood, expiresMs, ousts } = this.#options.weather
    if (code === 'FORBIDDEN') return mood.mayRefuse
    return (
      code === 'CLOSED' || (code === 'DISCONNECTED' && ousts) || (code === 'UNAUTHENTICATED' && expiresMs > 0)
    )
  }

  #reported({ kind, message }: Report): void {
    const { journal } = this.#options
    journal.note(() => `${this.name} reports: ${kind} ${message}`)
    if (!expected.includes(kind)) journal.fault('quiet', `${this.name} reports ${kind}: ${message}`)
  }

  #follow(): void {
    const { journal, asks } = this.#options
    const { connection } = this.client
    let wasOpen = false
    connection.subscribe(() => {
      const state = connection.getSnapshot()
      journal.note(() => `${this.name}: ${JSON.stringify(state)}`)
      if (wasOpen && state.status !== 'open') asks.lost(this.name)
      wasOpen = state.status === 'open'
      if (state.status === 'reconnecting' && state.lastError.code === 'INTERNAL') {
        const { message } = state.lastError
        if (message !== closedByWorld) journal.fault('quiet', `${this.name} was closed on: ${message}`)
      }
      if (state.status === 'closed' && state.final && !this.#mayEnd(state.code))
        journal.fault('quiet', `${this.name} was closed for good: ${state.code} ${state.reason}`)
    })
  }

  /** Sees what is handed to a socket. */
  #watch(): Between {
    const { asks, journal, weather } = this.#options
    const wire = weather.halls.length > 0 ? this.visits.newWire() : undefined
    return {
      up: (data, pass) => {
        wire?.up(data)
        journal.note(() => `${this.name} > ${shown(data)}`)
        const input = inputs.get(String(data).slice(2, 6))
        if (input !== undefined) asks.handed((elements(data)[input] as { k: number }).k)
        pass(data)
      },
      down: (data, pass) => {
        journal.note(() => `${this.name} < ${shown(data)}`)
        wire?.down(data)
        pass(data)
      },
    }
  }
}

/** A link for a client that gets no WebSocket. Each connection stays with the server that it was led to. */
function fallbackOver(line: Line, process: Process): Link {
  const rest = { url: `${origin}/realtime`, clock: process, headers: undefined, credentials: undefined }
  return {
    connect: (events) => new FallbackLink({ ...rest, fetch: line.fetchOf(process, true) }).connect(events),
  }
}

/** Where the input stands in the frames that ask for something, by the first letters of their tags. */
const inputs: ReadonlyMap<string, number> = new Map([
  ['send', 6],
  ['call', 4],
  ['stre', 5],
])

/** A frame for the trace, without what only fills it. */
function shown(data: FrameData): string {
  return String(data).replace(/x{9,}/, '…')
}
