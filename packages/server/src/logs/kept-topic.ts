import { EntryRing } from './entry-ring.js'
import type { Entry, Retention } from './log.js'

/** The newest entry that a topic lost, and why. Offset 0: it lost none. */
export interface Loss {
  readonly offset: number
  readonly reason: 'expired' | 'trimmed'
}

/** What a topic and each of its entries weigh beside the payload: measured in Bun, rounded up. */
const topicOverhead = 600
const entryOverhead = 300

/** One topic in memory: its entries, what it lost, and the rule by which it keeps. */
export class KeptTopic {
  readonly key: string
  readonly ring: EntryRing = new EntryRing()
  #retention: Retention
  #loss: Loss
  /** The newest entry that another of its name replaced: a `latest` topic lost it, and a window would have it. */
  #replaced = 0

  constructor(key: string, retention: Retention, loss: Loss) {
    this.key = key
    this.#retention = retention
    this.#loss = loss
  }

  get loss(): Loss {
    return this.#loss
  }

  get latest(): boolean {
    return this.#retention === 'latest'
  }

  /** Memory that it takes, about. */
  get weight(): number {
    return topicOverhead + this.key.length + this.ring.length * entryOverhead + this.ring.bytes
  }

  /** The highest offset that was ever here. */
  get newest(): number {
    return this.ring.last()?.offset ?? this.#loss.offset
  }

  add(entry: Entry, size: number): void {
    if (this.latest) this.#replace(entry.name)
    this.ring.push(entry, size)
  }

  /** Lets go of what lies beyond the retention at a time. */
  retain(retention: Retention, now: number): void {
    if (retention !== this.#retention) this.#changeTo(retention)
    if (retention === 'latest') return
    while (this.ring.length > 0 && this.ring.at(0).at < now - retention.forMs) this.drop('expired')
    while (this.ring.length > retention.last || this.ring.bytes > retention.bytes) this.drop('trimmed')
  }

  /** Loses the oldest entry. */
  drop(reason: Loss['reason']): void {
    this.#loss = { offset: this.ring.shift().offset, reason }
  }

  /** Forgets that there ever was anything above an offset, as a log does that lost its tail. */
  cutAbove(offset: number): void {
    while (this.#newestKept > offset) this.ring.pop()
    if (this.#loss.offset > offset) this.#loss = { ...this.#loss, offset }
    this.#replaced = Math.min(this.#replaced, offset)
  }

  get #newestKept(): number {
    return this.ring.last()?.offset ?? 0
  }

  #replace(name: string): void {
    for (let i = this.ring.length - 1; i >= 0; i--) {
      if (this.ring.at(i).name !== name) continue
      this.#replaced = Math.max(this.#replaced, this.ring.remove(i).offset)
    }
  }

  #changeTo(retention: Retention): void {
    const wasLatest = this.latest
    this.#retention = retention
    if (wasLatest === this.latest) return
    if (this.latest) {
      const names = new Set<string>()
      for (let i = this.ring.length - 1; i >= 0; i--) {
        const { name } = this.ring.at(i)
        if (names.has(name)) this.#replaced = Math.max(this.#replaced, this.ring.remove(i).offset)
        names.add(name)
      }
      return
    }
    // a window is whole from its first entry on, and what was replaced is a hole in it
    while (this.ring.length > 0 && this.ring.at(0).offset < this.#replaced) this.ring.shift()
    if (this.#replaced > this.#loss.offset) this.#loss = { offset: this.#replaced, reason: 'trimmed' }
    this.#replaced = 0
  }
}
