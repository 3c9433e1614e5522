import type { Loss } from '../kept-topic.js'
import type { Retention } from '../log.js'

/** A topic as its row has it. */
export interface TopicRow {
  readonly id: number
  readonly key: string
  readonly keep_ms: number | null
  readonly lost: number
  readonly lost_why: Loss['reason']
  readonly replaced: number
  readonly entries: number
  readonly bytes: number
  readonly touched: number
}

/** The column holds whole numbers, and a window may have no end. */
export function wholeMs(ms: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(ms))
}

/** What deciding whether an entry stays takes of it. */
export interface Oldest {
  readonly seq: number
  readonly at: number
  readonly bytes: number
}

/** Where a topic gets what it does not hold in memory. */
export interface TopicEntries {
  /** The oldest entries above an offset, in their order. */
  oldest(topic: number, above: number): Oldest[]
  /** Deletes all above an offset but the newest of each name; gives the highest offset that was deleted, or 0. */
  replaceOlder(topic: number, above: number): number
  /** How many entries there are above an offset, and their bytes. */
  count(topic: number, above: number): { readonly entries: number; readonly bytes: number }
}

/**
 * One topic of the file: what it lost and how much it keeps. Its entries stay on the disk; what it lost is let go of
 * here at once, and deleted there later, many at a time.
 */
export class StoredTopic {
  readonly id: number
  readonly key: string
  /** When its row was last written for a change. */
  touched: number
  readonly #stored: TopicEntries
  #keepMs: number | null
  #loss: Loss
  #replaced: number
  #entries: number
  #bytes: number
  /** The oldest entries that it keeps, as far as they were looked up. */
  #oldest: Oldest[] = []
  #next = 0
  /** Entries that are lost and may be on the disk still. */
  #undeleted = 1

  constructor(row: TopicRow, stored: TopicEntries) {
    this.id = row.id
    this.key = row.key
    this.touched = row.touched
    this.#stored = stored
    this.#keepMs = row.keep_ms
    this.#loss = { offset: row.lost, reason: row.lost_why }
    this.#replaced = row.replaced
    this.#entries = row.entries
    this.#bytes = row.bytes
  }

  get loss(): Loss {
    return this.#loss
  }

  get latest(): boolean {
    return this.#keepMs === null
  }

  get entries(): number {
    return this.#entries
  }

  get undeleted(): number {
    return this.#undeleted
  }

  row(): TopicRow {
    return {
      id: this.id,
      key: this.key,
      keep_ms: this.#keepMs,
      lost: this.#loss.offset,
      lost_why: this.#loss.reason,
      replaced: this.#replaced,
      entries: this.#entries,
      bytes: this.#bytes,
      touched: this.touched,
    }
  }

  /** An entry was stored. */
  added(bytes: number): void {
    this.#entries++
    this.#bytes += bytes
  }

  /** An entry of a `latest` topic was deleted, because a newer one of its name was stored. */
  replacedBy(older: { readonly seq: number; readonly bytes: number }): void {
    this.#entries--
    this.#bytes -= older.bytes
    this.#replaced = Math.max(this.#replaced, older.seq)
  }

  /** Whether to heed a retention takes more than letting go of the oldest: entries in the middle are to be deleted. */
  mustReplace(retention: Retention): boolean {
    return retention === 'latest' && !this.latest
  }

  /** Lets go of what lies beyond the retention at a time. Whether anything changed. */
  retain(retention: Retention, now: number): boolean {
    if (retention === 'latest') {
      if (this.latest) return false
      this.#becomeLatest()
      return true
    }
    const keepMs = wholeMs(retention.forMs)
    const changed = keepMs !== this.#keepMs
    if (this.latest) this.#becomeWindow()
    this.#keepMs = keepMs
    const expired = this.expire(now)
    let trimmed = false
    while (this.#entries > retention.last || this.#bytes > retention.bytes) trimmed = this.#drop('trimmed')
    return changed || expired || trimmed
  }

  /** Lets go of what is too old, or of the first `most` of that. Whether there was any. */
  expire(now: number, most: number = Number.POSITIVE_INFINITY): boolean {
    if (this.#keepMs === null) return false
    const since = now - this.#keepMs
    let dropped = 0
    while (dropped < most && this.#entries > 0 && this.#first().at < since) {
      this.#drop('expired')
      dropped++
    }
    return dropped > 0
  }

  /** All that it lost is gone from the disk, too, or this many entries at least are not. */
  deleted(left: number): void {
    this.#undeleted = left
  }

  #first(): Oldest {
    if (this.#next === this.#oldest.length) {
      this.#oldest = this.#stored.oldest(this.id, this.#loss.offset)
      this.#next = 0
    }
    return this.#oldest[this.#next]!
  }

  #drop(reason: Loss['reason']): true {
    const { seq, bytes } = this.#first()
    this.#next++
    this.#entries--
    this.#bytes -= bytes
    this.#loss = { offset: seq, reason }
    this.#undeleted++
    return true
  }

  #becomeLatest(): void {
    this.#replaced = Math.max(this.#replaced, this.#stored.replaceOlder(this.id, this.#loss.offset))
    this.#keepMs = null
    this.#recount()
  }

  /** A window is whole from its first entry on, and what was replaced is a hole in it. */
  #becomeWindow(): void {
    if (this.#replaced > this.#loss.offset) {
      this.#loss = { offset: this.#replaced, reason: 'trimmed' }
      this.#undeleted++
    }
    this.#replaced = 0
    this.#recount()
  }

  #recount(): void {
    const { entries, bytes } = this.#stored.count(this.id, this.#loss.offset)
    this.#entries = entries
    this.#bytes = bytes
    this.#oldest = []
    this.#next = 0
  }
}
