/**
 * Looks over the shoulder of one reader: every event after its start comes exactly once and in order, or stands in
 * a gap; nothing that excludes its client comes at all. It counts in entries of the topic: where a reader is, is how
 * many of them are behind it.
 */
import type { Journal } from './journal.js'
import type { Promised } from './promises.js'
import type { LogRecord, Stored, TopicRecord } from './record.js'

/** Where a reader starts, as the world knows it. */
export type Start = 'now' | 'first' | { readonly last: number } | { readonly position: string }

export interface ReaderCheckOptions {
  readonly journal: Journal
  readonly record: LogRecord
  readonly topic: TopicRecord
  /** Names it in faults. */
  readonly label: string
  /** The client that may be excluded. */
  readonly client: string | undefined
  readonly start: Start
  /** So many entries its client knew of on this topic when it began. */
  readonly clientAt: number
  /** The one event that it listens for; all of them where it is left out. */
  readonly only?: string
  /** No other server passes on the same events. */
  readonly seesOneServer: boolean
  /** Its own buffer may run over. */
  readonly mayOverflow: boolean
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
  /** Everything before was given, excluded, lost, or lay in a gap; unknown until something came. */
  #at: number | undefined
  /** Until something came: everything from here on is owed. */
  #owedFrom: number | undefined
  /** Gaps that were told to the topic's listener, not to this reader alone. */
  readonly #heard: { readonly from: number; readonly to: number }[] = []
  #volatileAt = -1
  delivered = 0
  gaps = 0

  constructor(options: ReaderCheckOptions) {
    this.#options = options
    const { start, topic, record } = options
    if (typeof start === 'object' && 'position' in start)
      this.#at = topic.count(record.place(start.position)!)
  }

  event({ name, data: { n, but }, position }: Item): void {
    const { client, only } = this.#options
    this.delivered++
    if (only !== undefined && name !== only)
      this.#fault('reader', `heard '${name}', and listens for '${only}'`)
    if (but !== undefined && but === client) this.#fault('except', `got event ${n}, which excludes it`)
    if (position === undefined) this.#volatile(name, n)
    else this.#stored(name, n, position)
  }

  /** A gap of this reader alone. */
  gap(gap: Gap): void {
    this.gaps++
    const { from, to } = this.#judge(gap)
    if (this.#at !== undefined) {
      if (this.#between(from, this.#at).some(({ isLost }) => !isLost))
        this.#fault('gap', `got a gap after ${gap.after}, and has had events from there on`)
      this.#miss(this.#between(this.#at, from))
    }
    this.#at = Math.max(this.#at ?? 0, to)
  }

  /** A gap that was told to everybody who listens to events by name. */
  heard(gap: Gap): void {
    this.#heard.push(this.#judge(gap))
  }

  /** Its topic is live: whatever is stored from now on is owed to it. */
  live(): void {
    this.#owedFrom ??= this.#options.topic.entries.length
  }

  /** Whether all that is owed is here. */
  get isComplete(): boolean {
    return !this.#open.some((entry) => this.#isMissed(entry))
  }

  /** All that is owed should be here by now. */
  finish(): void {
    this.#miss(this.#open)
  }

  // ------------------------------------------------------------------------------------------------------------

  #stored(name: string, n: number, position: string): void {
    const { topic, record } = this.#options
    const place = record.place(position)
    const entry = place === undefined ? undefined : topic.at(place)
    if (!entry || entry.name !== name || entry.n !== n) {
      this.#fault('order', `got '${name}' ${n} at ${position}, where something else is stored`)
      return
    }
    if (this.#at === undefined) this.#begin(entry)
    else if (entry.index < this.#at)
      this.#fault(entry.index === this.#at - 1 ? 'once' : 'order', `got event ${n}, and is ahead of it`)
    else this.#miss(this.#between(this.#at, entry.index))
    this.#at = Math.max(this.#at ?? 0, entry.index + 1)
  }

  /** Whether there is reason for a gap; and which entries lie in it. */
  #judge({ after, first, reason }: Gap): { readonly from: number; readonly to: number } {
    const { record, topic, mayOverflow } = this.#options
    const [start, end] = [record.place(after), record.place(first)]
    if (start === undefined || end === undefined) {
      this.#fault('gap', `got a gap from ${after} to ${first}, which never were`)
      return { from: 0, to: 0 }
    }
    const [from, to] = [topic.count(start), topic.count(end)]
    if (reason === 'overflow') {
      if (!mayOverflow) this.#fault('gap', 'got a gap of an overflow, and has no buffer')
      return { from, to }
    }
    // a log that rolled back says so for what its node had heard of, too, from other topics; and readers of one stream
    // hear its reason
    if (end <= start && !record.isPast(start))
      this.#fault('gap', `got a gap '${reason}' from ${after} to ${first}, and missed nothing`)
    const had = topic.entries.slice(Math.max(from, topic.gone), to).find(({ isLost }) => !isLost)
    if (had) this.#fault('gap', `got a gap up to ${first}, and event ${had.n} in it can be had`)
    return { from, to }
  }

  /** What should come, as far as it is not excluded. */
  get #open(): readonly Stored[] {
    const everything = this.#between(this.#at ?? 0, Number.POSITIVE_INFINITY)
    return this.#at === undefined ? everything.filter((entry) => this.#isOwedFirst(entry)) : everything
  }

  /** The first event of a reader that did not name a position. */
  #begin({ index, n }: Stored): void {
    const { start, clientAt } = this.#options
    this.#miss(this.#between(0, index).filter((entry) => this.#isOwedFirst(entry)))
    if (start === 'now' && index < clientAt)
      this.#fault('reader', `began after now, and got event ${n} from before`)
    if (typeof start !== 'object' || !('last' in start)) return
    const old = this.#between(index, clientAt).filter(({ isLost }) => !isLost).length
    if (old > start.last) this.#fault('reader', `asked for the last ${start.last}, and got ${old}`)
  }

  /** Whether an entry is owed to a reader that has had nothing yet. */
  #isOwedFirst({ index }: Stored): boolean {
    const { topic, start } = this.#options
    if (this.#owedFrom !== undefined && index >= this.#owedFrom) return true
    if (start === 'now' || index < topic.gone) return false
    if (start === 'first') return true
    return typeof start === 'object' && 'last' in start && topic.entries.length - index <= start.last
  }

  #volatile(name: string, n: number): void {
    const { topic, seesOneServer } = this.#options
    // servers pass one on in their own time, so one that was met at the server before may come again at the next
    const after = seesOneServer ? this.#volatileAt : -1
    const index = topic.volatile.findIndex((item, i) => i > after && item.n === n)
    if (topic.volatile[index]?.name !== name)
      this.#fault('order', `got the volatile '${name}' ${n} out of order, or nobody emitted it`)
    else this.#volatileAt = index
  }

  #between(from: number, to: number): readonly Stored[] {
    return this.#options.topic.entries.slice(from, to)
  }

  #miss(entries: readonly Stored[]): void {
    const missed = entries.filter((entry) => this.#isMissed(entry))
    const [first] = missed
    if (!first) return
    const more = missed.length === 1 ? '' : `, and ${missed.length - 1} more after it`
    this.#fault('once', `never got event ${first.n} at ${first.offset}${more}`)
  }

  #isMissed({ index, name, but, isLost }: Stored): boolean {
    const { client, only } = this.#options
    if (isLost || (but !== undefined && but === client) || (only !== undefined && name !== only)) return false
    return !this.#heard.some(({ from, to }) => index >= from && index < to)
  }

  #fault(promise: Promised, what: string): void {
    this.#options.journal.fault(promise, `${this.#options.label} ${what}`)
  }
}
