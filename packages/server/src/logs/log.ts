/**
 * The contract for whoever writes a log. A log keeps the recent events of all topics of a program and tells every
 * node about new ones. The suite in test/logs/log-suite.ts has a test for each MUST.
 *
 *  1. Offsets MUST rise over the whole log, from 1: an entry appended later has a higher offset, whatever its topic.
 *     They need not be dense. They MUST stay below 2^53. `at` MUST NOT fall from one entry to the next, also where
 *     the wall clock is set back.
 *  2. Appends started one after the other by one process MUST be numbered in that order.
 *  3. The same entry id for the same topic and event name MUST be stored once within `appendDedupMs`, also while the
 *     first append is still under way; the repeat resolves to the first one's position. The same id elsewhere is
 *     another entry: an application may use an order's id for two events.
 *  4. An append MUST NOT resolve before a read could return the entry (as far as its retention keeps it).
 *  5. `tail` MUST pass on every entry with an offset above its `head`, once, in the order of offsets, and none at or
 *     below it. Volatile items keep their order among the appends of one process. The listener may be called before
 *     the promise of `tail` resolves, and MUST NOT be called after `close`. One that throws MUST NOT keep the item
 *     from another, nor fail the append.
 *  6. `read` MUST return a topic's entries in the order of offsets, none twice, none skipped; where some after the
 *     position can no longer be had, the page MUST say so in `gap`, and MUST NOT say so when nothing was missed.
 *     There are two exceptions, in which a log may say so without knowing: on a topic that it holds no more (see
 *     below), and where `until` lies below the newest of the lost entries, because what was lost below `until` it
 *     no longer knows; a position at or above the newest lost entry MUST get no gap.
 *  7. A page MUST hold at least one entry unless it is `done`, and no more than its bounds allow beyond the first.
 *     A log MAY end a page earlier than they allow.
 *  8. A log that may have lost its tail MUST open a new epoch and remember the offset at which each epoch began, and
 *     tells its tails. A position of an older epoch is good if its offset is not above the start of the next one,
 *     else `reset`. So is one of an unknown epoch, and one of the current epoch above the log's head. A clean
 *     restart MUST keep the epoch.
 *  9. Retention is told with each append and read, and the last one told holds: entries beyond it MUST NOT be
 *     returned. An entry is expired when it is older than `forMs`. On a `latest` topic a newer entry of the same
 *     name replaces the older one, and that is no gap; should the topic become a window, the newest entry that was
 *     replaced counts as the newest that is lost.
 * 10. After `close`, every call but `close` MUST reject with `CLOSED`.
 *
 * A log may also remember what became of calls that must not run twice (`once`), if it can promise this:
 *
 * 11. `begin` MUST record its key unless it is recorded already, and then give what is known of it: of any that ask
 *     for one key at the same time, in whatever process, one alone is given `undefined`. Once it has resolved to that,
 *     neither a crash of the process nor one of its machine MUST take the record: the call's handler runs next.
 * 12. `finish` MUST store the result and everything that the call emitted together, or nothing of it: no reader and no
 *     tail is shown an event whose result cannot be found. The events are numbered and told in the order given, and
 *     are appended as MUST 3 says. Where it rejects, what `begin` recorded MUST still be there.
 * 13. A record MUST be found until `keepMs` have passed since `begin`, or since `finish` where that was called, also
 *     after a clean restart; after that it MUST NOT be found, and its room is given back, little by little.
 *
 * A log may also keep descriptions of the contracts that were served over it (`contracts`):
 *
 * 14. What `save` kept MUST be found by every node, and after a restart, as far as the log's events are. Of more than
 *     16 the ones that were saved longest ago may go.
 *
 * Where a page begins:
 * - at a position that is good: at it, or, where later entries were lost, after a gap whose `first` is the offset of
 *   the newest lost entry (or `until`, where that is lower);
 * - at a position that is `reset`: after a gap. A reader at an older epoch the log knows had everything up to where
 *   the next one began, so `first` is that place: what came before is not given twice. Of any other reader nothing
 *   is known, so `first` lies before all that still exists (on a topic that lost entries, at the newest of those);
 * - `'first'`: before all that still exists, without a gap; `{ last: n }`: before the n newest entries, of those not
 *   above `until`. On a `latest` topic `{ last }` means `'first'`. `{ last: 0 }` elsewhere asks for the position alone.
 *
 * A log whose memory is bounded may give up whole topics, the `latest` ones last. It then remembers one number, the
 * highest offset that it ever gave up: on a topic that it holds no more a position at or above that is good, and one
 * below is `trimmed` up to there, whether or not that topic ever lost an entry.
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
  /** Makes the append idempotent, within the topic and the event name. */
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
  /** When the log took it, in ms since 1970. Never lower than that of an entry before it. */
  readonly at: number
}

/** An event that is passed on and not kept. */
export interface VolatileItem {
  readonly topic: string
  readonly name: string
  readonly data: Encoded
  /** Fingerprint of the event's schema where it was emitted. */
  readonly schema: string
  readonly except?: string
}

/** What a tail passes on. */
export type TailItem =
  | { readonly type: 'entry'; readonly entry: Entry }
  | { readonly type: 'volatile'; readonly item: VolatileItem }
  /** The log opened a new epoch at `head`: offsets that follow belong to it, are above `head`, and may repeat ones that were lost. */
  | { readonly type: 'epoch'; readonly epoch: string; readonly head: number }
  /** A `latest` topic had to be given up for lack of memory. */
  | { readonly type: 'evicted'; readonly topic: string }

export interface Tail {
  readonly epoch: string
  /** Offset of the newest entry when the tail began; 0 for an empty log. */
  readonly head: number
  /** Ends it: the listener is not called again. A second call does nothing. */
  close(): void
}

export interface ReadBounds {
  /** Most entries; less than 1 counts as 1. */
  readonly limit: number
  /** Most bytes of payload of all entries together; the first entry is given whatever its size. */
  readonly bytes: number
  /** Nothing above this offset of the current epoch. */
  readonly until?: number
}

/** Entries after `after` and up to `first`, included, can no longer be had; what follows `first` is whole. */
export interface LogGap {
  /** The position that was asked for, as it was given. */
  readonly after: Position
  readonly first: Position
  readonly reason: GapReason
}

export interface Page {
  /** Stands before the entries. */
  readonly gap?: LogGap
  /** Where the reading began: a position before the first entry, after the gap; reading from it gives these entries again. */
  readonly start: Position
  readonly entries: readonly Entry[]
  /**
   * Everything of the topic after `start` and up to here was given: the last entry, or when `done` the log's head (or
   * `until`, where that is lower). So a topic without entries has the log's head as its position. Never below `start`.
   */
  readonly position: Position
  /** Nothing was left above `position` (and up to `until`) when the log was read. */
  readonly done: boolean
}

/** What is known of a call that must not run twice. */
export interface OnceRecord {
  /** What `begin` was given: tells one request from another under the same key. */
  readonly request: string
  /** What it came to; absent where that was never stored. */
  readonly result?: string
}

/** What a call emitted, in its place in the order. */
export type OnceEmit =
  | { readonly type: 'entry'; readonly entry: NewEntry }
  | { readonly type: 'volatile'; readonly item: VolatileItem }

/** Remembers what became of calls that must not run twice. Keys, requests and results are opaque to it. */
export interface OnceStore {
  find(key: string): Promise<OnceRecord | undefined>
  /** Records that a call is about to run, for `keepMs`; or gives what is recorded already. */
  begin(key: string, request: string, keepMs: number): Promise<OnceRecord | undefined>
  /** Stores what it came to, for `keepMs` from now, and what it emitted. */
  finish(key: string, record: Required<OnceRecord>, keepMs: number, emits: readonly OnceEmit[]): Promise<void>
}

/** Keeps descriptions of the contracts that were served. They are opaque to it. */
export interface ContractStore {
  find(fingerprint: string): Promise<string | undefined>
  /** Keeps a description, in the place of the one of the same fingerprint. */
  save(fingerprint: string, description: string): Promise<void>
}

/** See the top of this file for what each method promises. All positions that a log gives are of its current epoch. */
export interface Log {
  /** What errors call it, such as `memoryLog()`. Default: `the log`. */
  readonly name?: string
  /** Absent where it cannot promise what calls with `once` need: a hub refuses a contract that has any. */
  readonly once?: OnceStore
  /** Absent where it keeps nothing longer than the process lives. */
  readonly contracts?: ContractStore
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
