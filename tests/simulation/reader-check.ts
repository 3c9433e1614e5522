/**
 * Looks over the shoulder of one reader: every event after its start comes exactly once and in order, or stands in
 * a gap; nothing that excludes its client comes at all.
 */
import { parsePosition } from '@parley/shared/internal'
import type { Journal } from './journal.js'
import { epoch, type Stored, type TopicRecord } from './record.js'

/** Where a reader starts, as the world knows it. */
export type Start = 'now' | 'first' | { readonly last: number } | { readonly offset: number }

export interface ReaderCheckOptions {
  readonly journal: Journal
  readonly record: TopicRecord
  /** Names it in faults. */
  readonly label: string
  readonly client: string
  readonly start: Start
  /** The newest position that its client was given on this topic before. */
  readonly clientAt: number
  /** The one event that it listens for; all of them where it is left out. */
  readonly only?: string
}

interface Item {
  readonly name: string
  readonly data: { readonly n: number; readonly but?: string | undefined }
  readonly position: string | undefined
}

interface Gap {
  readonly after: string
  readonly first: string
  readonly reason: string
}

export class ReaderCheck {
  readonly #options: ReaderCheckOptions
  /** Everything up to here was given, excluded, or lay in a gap; unknown until something came. */
  #at: number | undefined
  /** Until something came: everything above this is owed. */
  #owedAfter: number | undefined
  /** Gaps that were told to the topic's listener, not to this reader alone. */
  readonly #heard: { readonly after: number; readonly first: number }[] = []
  readonly #seen = new Set<number>()
  #volatileAt = -1
  delivered = 0
  gaps = 0

  constructor(options: ReaderCheckOptions) {
    this.#options = options
    const { start } = options
    if (typeof start === 'object' && 'offset' in start) this.#at = start.offset
  }

  /** Up to where it has had everything. */
  get at(): number | undefined {
    return this.#at
  }

  event({ name, data: { n, but }, position }: Item): void {
    const { client, only } = this.#options
    this.delivered++
    if (only !== undefined && name !== only) this.#fault(`heard '${name}', and listens for '${only}'`)
    if (this.#seen.has(n)) this.#fault(`got event ${n} again`)
    this.#seen.add(n)
    if (but === client) this.#fault(`got event ${n}, which excludes it`)
    if (position === undefined) this.#volatile(name, n)
    else this.#stored(name, n, position)
  }

  #stored(name: string, n: number, position: string): void {
    const { record } = this.#options
    const entry = record.at(offsetOf(position))
    if (!entry || entry.name !== name || entry.n !== n) {
      this.#fault(`got '${name}' ${n} at ${position}, where something else is stored`)
      return
    }
    if (this.#at === undefined) this.#begin(entry)
    else if (entry.offset <= this.#at) this.#fault(`got event ${n} at ${entry.offset} after ${this.#at}`)
    else this.#miss(record.between(this.#at, entry.offset))
    this.#at = Math.max(this.#at ?? 0, entry.offset)
  }

  /** A gap of this reader alone. */
  gap({ after, first, reason }: Gap): void {
    const { record } = this.#options
    const [from, to] = [offsetOf(after), offsetOf(first)]
    this.gaps++
    if (reason !== 'trimmed') this.#fault(`got a gap '${reason}', and events are only ever trimmed here`)
    if (to <= from) this.#fault(`got a gap from ${from} to ${to}, in which there is nothing`)
    if (to > record.newestLost)
      this.#fault(`got a gap up to ${to}, and can have all above ${record.newestLost}`)
    if (this.#at !== undefined) {
      if (from < this.#at) this.#fault(`got a gap after ${from}, and has had everything up to ${this.#at}`)
      this.#miss(record.between(this.#at, from + 1))
    }
    this.#at = Math.max(this.#at ?? 0, to)
  }

  /** A gap that was told to everybody who listens to events by name. */
  heard({ after, first }: Gap): void {
    const [from, to] = [offsetOf(after), offsetOf(first)]
    if (to > this.#options.record.newestLost) this.#fault(`heard of a gap up to ${to}, which can be had`)
    this.#heard.push({ after: from, first: to })
  }

  /** Its topic is live: whatever is stored from now on is owed to it. */
  live(): void {
    this.#owedAfter ??= this.#options.record.newest
  }

  /** Whether all that is owed is here. */
  get isComplete(): boolean {
    return !this.#open.some((entry) => this.#isMissed(entry))
  }

  /** All that is owed should be here by now. */
  finish(): void {
    this.#miss(this.#open)
  }

  /** What should come, as far as it is not excluded. */
  get #open(): readonly Stored[] {
    const { record } = this.#options
    const everything = record.between(this.#at ?? 0, Number.POSITIVE_INFINITY)
    return this.#at === undefined ? everything.filter((entry) => this.#isOwedFirst(entry)) : everything
  }

  /** The first event of a reader that did not name a position. */
  #begin({ offset, n }: Stored): void {
    const { record, start, clientAt } = this.#options
    this.#miss(record.between(0, offset).filter((entry) => this.#isOwedFirst(entry)))
    if (start === 'now' && offset <= clientAt) this.#fault(`began after now, and got event ${n} from before`)
    if (typeof start !== 'object' || !('last' in start) || offset > clientAt) return
    const old = record.countFrom(offset) - record.countFrom(clientAt + 1)
    if (old > start.last) this.#fault(`asked for the last ${start.last}, and got ${old}`)
  }

  /** Whether an entry is owed to a reader that has had nothing yet. */
  #isOwedFirst({ offset }: Stored): boolean {
    const { record, start } = this.#options
    if (this.#owedAfter !== undefined && offset > this.#owedAfter) return true
    if (start === 'now' || offset <= record.newestLost) return false
    return (
      start === 'first' ||
      (typeof start === 'object' && 'last' in start && record.countFrom(offset) <= start.last)
    )
  }

  #volatile(name: string, n: number): void {
    const { volatile } = this.#options.record
    const index = volatile.findIndex((item, i) => i > this.#volatileAt && item.n === n)
    if (volatile[index]?.name !== name)
      this.#fault(`got the volatile '${name}' ${n} out of order, or nobody emitted it`)
    else this.#volatileAt = index
  }

  #miss(entries: readonly Stored[]): void {
    const missed = entries.filter((entry) => this.#isMissed(entry))
    const [first] = missed
    if (!first) return
    const more = missed.length === 1 ? '' : `, and ${missed.length - 1} more after it`
    this.#fault(`never got event ${first.n} at ${first.offset}${more}`)
  }

  #isMissed({ offset, name, but }: Stored): boolean {
    const { client, only } = this.#options
    if (but === client || (only !== undefined && name !== only)) return false
    return !this.#heard.some(({ after, first }) => offset > after && offset <= first)
  }

  #fault(what: string): void {
    this.#options.journal.fault(`${this.#options.label} ${what}`)
  }
}

/** The offset of a position of the world's one epoch; one that is no such position is below all. */
function offsetOf(text: string): number {
  const position = parsePosition(text)
  return position?.epoch === epoch ? position.offset : -1
}
