/** What is true of the events of a world: everything that the log ever took, as its tail told, and what of it is left. */
import type { Log, TailItem } from '@parley/server'
import { parsePosition } from '@parley/shared/internal'
import type { Journal } from './journal.js'

export interface Stored {
  /** Its number among all entries of its topic. */
  readonly index: number
  readonly place: number
  readonly offset: number
  readonly name: string
  readonly n: number
  /** The client that must not get it. */
  readonly but: string | undefined
  readonly at: number
  /** The log lost its tail, and this with it. */
  isLost: boolean
}

/** Places rise over all epochs: so many offsets fit into one. */
const epochPlaces = 1e9

interface Era {
  readonly epoch: string
  /** Offsets of this epoch are above it. */
  readonly start: number
  /** Nothing is left of the epochs before. */
  readonly isFresh: boolean
}

/** What one topic ever stored, in order, and what it passed on without storing. */
export class TopicRecord {
  readonly entries: Stored[] = []
  readonly volatile: { readonly name: string; readonly n: number }[] = []
  readonly #record: LogRecord
  /** Entries before this index were pushed out by newer ones. */
  #trimmed = 0
  /** How many from there on are not lost. */
  #alive = 0

  constructor(record: LogRecord) {
    this.#record = record
  }

  add(entry: Stored): void {
    this.entries.push(entry)
    this.#alive++
    while (this.#alive > this.#record.window.keep) if (!this.entries[this.#trimmed++]!.isLost) this.#alive--
  }

  loseAbove(place: number): void {
    for (let i = this.entries.length - 1; i >= 0; i--) {
      const entry = this.entries[i]!
      if (entry.place <= place || entry.isLost) continue
      entry.isLost = true
      if (i >= this.#trimmed) this.#alive--
    }
  }

  /** How many entries lie at or before a place. */
  count(place: number): number {
    return firstWhere(this.entries, (entry) => entry.place > place)
  }

  at(place: number): Stored | undefined {
    const entry = this.entries[this.count(place) - 1]
    return entry?.place === place ? entry : undefined
  }

  /** Entries before this index can perhaps no longer be had: there are too many after them, or they are too old. */
  get gone(): number {
    const { forMs } = this.#record.window
    const oldest = this.#record.now - forMs
    return Math.max(
      this.#trimmed,
      firstWhere(this.entries, ({ at }) => at >= oldest),
    )
  }
}

function firstWhere(entries: readonly Stored[], holds: (entry: Stored) => boolean): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(entries[middle]!)) high = middle
    else low = middle + 1
  }
  return low
}

export interface LogRecordOptions {
  readonly journal: Journal
  /** What a topic keeps. */
  readonly window: { readonly keep: number; readonly forMs: number }
  /** Time of the log. */
  readonly now: () => number
}

/** Everything that a log stored, by topic. */
export class LogRecord {
  readonly window: LogRecordOptions['window']
  readonly #options: LogRecordOptions
  readonly #topics = new Map<string, TopicRecord>()
  readonly #stored = new Map<number, Stored>()
  readonly #eras: Era[] = []
  /** Who emitted an event, and the last one of each that was stored. */
  readonly #emitters = new Map<number, string>()
  readonly #lastOf = new Map<string, number>()
  #newestAt = Number.NEGATIVE_INFINITY

  constructor(options: LogRecordOptions) {
    this.#options = options
    this.window = options.window
  }

  topic(key: string): TopicRecord {
    const known = this.#topics.get(key) ?? new TopicRecord(this)
    this.#topics.set(key, known)
    return known
  }

  get stored(): number {
    return this.#stored.size
  }

  /** What time it is, or was, for the log at the latest. */
  get now(): number {
    return Math.max(this.#newestAt, this.#options.now())
  }

  isStored(n: number): boolean {
    return this.#stored.has(n)
  }

  /** Whether an event is stored there: what its emitter is told. */
  isAt(n: number, position: string): boolean {
    return this.#stored.get(n)?.place === this.place(position)
  }

  /** An event is about to be emitted by a process. */
  emits(n: number, process: string): void {
    this.#emitters.set(n, process)
  }

  /** The position of an entry, in the epoch that took it. */
  positionOf({ place, offset }: Stored): string {
    return `${this.#eras[Math.floor(place / epochPlaces)]!.epoch}-${offset}`
  }

  /** Where a position stands among all; undefined for one of an epoch that never was. */
  place(text: string): number | undefined {
    const position = parsePosition(text)
    let era = this.#eras.findIndex(({ epoch }) => epoch === position?.epoch)
    if (!position || era === -1) return undefined
    // what is not above the start of an epoch is the same in the one before
    while (era > 0 && !this.#eras[era]!.isFresh && position.offset <= this.#eras[era]!.start) era--
    return era * epochPlaces + position.offset
  }

  /** Whether the log began another epoch after the one of a place. */
  isPast(place: number): boolean {
    return Math.floor(place / epochPlaces) < this.#eras.length - 1
  }

  /** Follows a log that holds nothing yet. */
  follow(log: Log, epoch: string): void {
    this.#loseAll()
    this.#eras.push({ epoch, start: 0, isFresh: true })
    void log.tail((item) => this.#take(item))
  }

  #loseAll(): void {
    for (const topic of this.#topics.values()) topic.loseAbove(-1)
  }

  #take(item: TailItem): void {
    const { journal } = this.#options
    journal.happened++
    if (item.type === 'volatile') {
      const { n } = payloadOf(item.item.data.json)
      this.topic(item.item.topic).volatile.push({ name: item.item.name, n })
    } else if (item.type === 'epoch') {
      journal.note(() => `log: epoch ${item.epoch} after ${item.head}`)
      const survived = this.place(`${this.#eras.at(-1)!.epoch}-${item.head}`)!
      for (const topic of this.#topics.values()) topic.loseAbove(survived)
      this.#eras.push({ epoch: item.epoch, start: item.head, isFresh: false })
    } else if (item.type === 'entry') {
      const { topic, offset, name, data, at } = item.entry
      const { n, but } = payloadOf(data.json)
      journal.note(() => `log: ${offset} ${topic} ${name} ${n}${but ? ` but ${but}` : ''}`)
      const earlier = this.#stored.get(n)
      if (earlier && !earlier.isLost) journal.fault('stored', `event ${n} was stored twice`)
      this.#checkOrder(n, earlier !== undefined)
      const record = this.topic(topic)
      const place = (this.#eras.length - 1) * epochPlaces + offset
      const entry = { index: record.entries.length, place, offset, name, n, but, at, isLost: false }
      this.#newestAt = Math.max(this.#newestAt, at)
      this.#stored.set(n, entry)
      record.add(entry)
    }
  }

  #checkOrder(n: number, isAgain: boolean): void {
    const process = this.#emitters.get(n)!
    const last = this.#lastOf.get(process) ?? 0
    if (n < last && !isAgain)
      this.#options.journal.fault('emits', `event ${n} of ${process} was stored after its event ${last}`)
    this.#lastOf.set(process, Math.max(n, last))
  }
}

/** What every event of these worlds carries. */
function payloadOf(json: string): { readonly n: number; readonly but?: string } {
  return JSON.parse(json)
}
