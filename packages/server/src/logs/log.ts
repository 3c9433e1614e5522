/**
 * The contract for whoever writes a log. A log keeps the recent events of all topics of a program and tells every
 * node about new ones. The suite in test/logs/log-suite.ts checks each MUST.
 *
 * 1. Offsets MUST rise over the whole log: an entry appended later has a higher offset, whatever its topic. They
 *    need not be dense. They MUST stay below 2^53.
 * 2. Appends started one after the other by one process MUST be numbered in that order.
 * 3. The same entry id within 2 minutes MUST be stored once; the repeat resolves to the first one's position.
 * 4. An append MUST NOT resolve before a read could return the entry.
 * 5. `tail` MUST pass on every entry with an offset above its `head`, once, in the order of offsets. Volatile
 *    items keep their order among the appends of one process.
 * 6. `read` MUST return a topic's entries in the order of offsets, none twice, none skipped; where some can no
 *    longer be had, the page MUST say so in `gap`, and MUST NOT say so when nothing was missed.
 * 7. A page MUST hold at least one entry unless it is `done`, and no more than its bounds allow beyond the first.
 * 8. A log that may have lost its tail MUST open a new epoch and remember the offset at which each epoch began:
 *    a position of an older epoch is good if its offset is not above the start of the next one, else `reset`.
 * 9. Retention is told with each append and read: entries beyond it MUST NOT be returned.
 * 10. After `close`, every call MUST reject with `CLOSED`.
 */
import type { Encoded, GapReason, Position } from '@parley/shared/internal'

/** What is kept of a topic: the newest entry per event name, or a window by count, age and bytes. */
export type Retention = 'latest' | { readonly last: number; readonly forMs: number; readonly bytes: number }

export interface LogTopic {
  readonly key: string
  readonly retention: Retention
}

export interface NewEntry {
  readonly topic: LogTopic
  /** Makes the append idempotent. */
  readonly id: string
  /** The event's name. */
  readonly name: string
  readonly data: Encoded
  /** Fingerprint of the event's schema when it was written. */
  readonly schema: string
  /** Client id that must not see this event. */
  readonly except?: string
}

export interface Entry extends Omit<NewEntry, 'topic'> {
  /** Key of the topic. */
  readonly topic: string
  readonly offset: number
  /** When the log took it, in ms since 1970. */
  readonly at: number
}

/** An event that is passed on and not kept. */
export interface VolatileItem {
  readonly topic: string
  readonly name: string
  readonly data: Encoded
  readonly except?: string
}

/** What a tail passes on. */
export type TailItem =
  | { readonly type: 'entry'; readonly entry: Entry }
  | { readonly type: 'volatile'; readonly item: VolatileItem }
  /** The log opened a new epoch: offsets that follow belong to it. */
  | { readonly type: 'epoch'; readonly epoch: string; readonly head: number }
  /** A `latest` topic had to be given up for lack of memory. */
  | { readonly type: 'evicted'; readonly topic: string }

export interface Tail {
  readonly epoch: string
  /** Offset of the newest entry when the tail began; 0 for an empty log. */
  readonly head: number
  close(): void
}

export interface ReadBounds {
  /** Most entries. */
  readonly limit: number
  /** Most bytes of payload, beyond the first entry. */
  readonly bytes: number
  /** Nothing above this offset. */
  readonly until?: number
}

export interface LogGap {
  readonly after: Position
  readonly first: Position
  readonly reason: GapReason
}

export interface Page {
  /** Stands before the entries. */
  readonly gap?: LogGap
  /** Where the reading began: the position before the first entry, after the gap. */
  readonly start: Position
  readonly entries: readonly Entry[]
  /** Everything of the topic up to here was given; when `done`, the log's head (or `until`, where that is lower). */
  readonly position: Position
  /** Nothing was left above `position` when the log was read. */
  readonly done: boolean
}

export interface Log {
  append(entry: NewEntry): Promise<Position>
  /** Passes a volatile event to every tail, and keeps nothing. */
  publish(item: VolatileItem): Promise<void>
  read(
    topic: LogTopic,
    from: Position | 'first' | { readonly last: number },
    bounds: ReadBounds,
  ): Promise<Page>
  /** Begins to pass on what is appended from now on, by any node. */
  tail(listener: (item: TailItem) => void): Promise<Tail>
  close(): Promise<void>
}
