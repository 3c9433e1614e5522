/** What is true of the events of a world: a log that writes down everything it stores. */
import type { Log } from '@parley/server'
import { z } from 'zod'
import type { Journal } from './journal.js'

/** The epoch of the only log in a world. */
export const epoch = 'sim'

export interface Stored {
  readonly offset: number
  readonly name: string
  readonly n: number
  /** The client that must not get it. */
  readonly but: string | undefined
}

/** What one topic ever stored, in order, and what it passed on without storing. */
export class TopicRecord {
  readonly keep: number
  readonly entries: Stored[] = []
  readonly volatile: Omit<Stored, 'offset'>[] = []

  constructor(keep: number) {
    this.keep = keep
  }

  at(offset: number): Stored | undefined {
    const index = this.#above(offset - 1)
    const entry = this.entries[index]
    return entry?.offset === offset ? entry : undefined
  }

  /** Those with an offset above `after` and below `before`. */
  between(after: number, before: number): readonly Stored[] {
    return this.entries.slice(this.#above(after), this.#above(before - 1))
  }

  /** Offset of the newest entry; 0 where there is none. */
  get newest(): number {
    return this.entries.at(-1)?.offset ?? 0
  }

  /** Offset of the newest entry that can no longer be had; 0 where there is none. */
  get newestLost(): number {
    return this.entries[this.entries.length - this.keep - 1]?.offset ?? 0
  }

  /** How many entries have this offset or a higher one. */
  countFrom(offset: number): number {
    return this.entries.length - this.#above(offset - 1)
  }

  /** Index of the first entry above an offset. */
  #above(offset: number): number {
    let low = 0
    let high = this.entries.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.entries[middle]!.offset > offset) high = middle
      else low = middle + 1
    }
    return low
  }
}

const payload = z.object({ n: z.number(), but: z.string().optional() })

/** Everything that a log stored, by topic. */
export class LogRecord {
  readonly #journal: Journal
  readonly #keep: number
  readonly #topics = new Map<string, TopicRecord>()
  readonly #offsets = new Map<number, number>()

  constructor(journal: Journal, keep: number) {
    this.#journal = journal
    this.#keep = keep
  }

  topic(key: string): TopicRecord {
    const known = this.#topics.get(key) ?? new TopicRecord(this.#keep)
    this.#topics.set(key, known)
    return known
  }

  /** Where the event with this number is stored. */
  offsetOf(n: number): number | undefined {
    return this.#offsets.get(n)
  }

  get stored(): number {
    return this.#offsets.size
  }

  /** The log, watched. */
  watch(log: Log): Log {
    return {
      append: async (entry) => {
        const { n, but } = payload.parse(JSON.parse(entry.data.json))
        const position = await log.append(entry)
        const { offset } = position
        if (this.#offsets.has(n)) this.#journal.fault(`event ${n} was stored twice`)
        this.#offsets.set(n, offset)
        this.topic(entry.topic.key).entries.push({ offset, name: entry.name, n, but })
        this.#journal.note(`log: ${offset} ${entry.topic.key} ${entry.name} ${n}${but ? ` but ${but}` : ''}`)
        return position
      },
      publish: (item) => {
        const { n, but } = payload.parse(JSON.parse(item.data.json))
        this.topic(item.topic).volatile.push({ name: item.name, n, but })
        return log.publish(item)
      },
      read: (topic, from, bounds) => log.read(topic, from, bounds),
      tail: (listener) => log.tail(listener),
      close: () => log.close(),
    }
  }
}
