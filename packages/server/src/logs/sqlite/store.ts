import type { Database, Statement } from 'bun:sqlite'
import { appendDedupMs, payloadBytes } from '@parley/shared/internal'
import { AppendIds } from '../append-ids.js'
import { currentEpoch, type EpochHistory } from '../epochs.js'
import type { Loss } from '../kept-topic.js'
import type { Entry, LogTopic, NewEntry, OnceRecord, Page, ReadBounds } from '../log.js'
import { beginAt, endOf, isPosition, makePage, type PageSource, type ReadFrom } from '../page.js'
import { packBlobs } from './blobs.js'
import { ContractRows } from './contract-rows.js'
import { isFull } from './faults.js'
import { OnceRows } from './once-rows.js'
import { Rows } from './rows.js'
import type { StoredTopic } from './stored-topic.js'
import { Topics } from './topics.js'

/** Ids that are remembered at most, at about 150 bytes each; at 4,000 appends a second some go before their time. */
const mostIds = 1_000_000
/** The file is tidied after so many appends and calls, or in the first transaction after so long. */
const tidyEveryAppends = 64
const tidyEveryMs = 1_000
/** So many topics whose losses are not written yet are written before the next read. */
const mostUnwritten = 256

/** What SQLite calls FULL: a commit waits for the disk. */
const full = 2

/** What an append came to: a new entry, or the offset of the one that it repeats. */
export type Stored = { readonly entry: Entry } | { readonly repeats: number }

/**
 * The events of a log in its file. Reads and writes at once; writes only within `transaction`. What is in memory
 * besides is a copy that a failed transaction throws away.
 */
export class Store {
  /** To be changed within a transaction. */
  readonly contracts: ContractRows
  readonly #rows: Rows
  readonly #topics: Topics
  readonly #once: OnceRows
  readonly #ids: AppendIds = new AppendIds(mostIds)
  readonly #begin: Statement
  readonly #commit: Statement
  readonly #db: Database
  readonly #history: EpochHistory
  /** As SQLite numbers it: how safe a transaction is that says nothing. */
  readonly #synchronous: number
  #head: number
  /** When the newest entry was taken: time does not go back in a log. */
  #headAt = Number.NEGATIVE_INFINITY
  #forgotten: number
  #untidy = 0
  #tidiedAt = Number.NEGATIVE_INFINITY

  constructor(db: Database, history: EpochHistory, now: number) {
    this.#db = db
    this.#history = history
    this.#begin = db.prepare('BEGIN IMMEDIATE')
    this.#commit = db.prepare('COMMIT')
    this.#rows = new Rows(db)
    this.#topics = new Topics(db)
    this.#once = new OnceRows(db)
    this.contracts = new ContractRows(db)
    this.#synchronous = db.query<{ synchronous: number }, []>('PRAGMA synchronous').get()!.synchronous
    this.#forgotten = this.#rows.forgotten()
    this.#head = history[history.length - 1]!.start
    const newest = this.#rows.newestId()
    if (newest) {
      this.#head = Math.max(this.#head, newest.seq)
      this.#headAt = newest.at
    }
    for (const { seq, at, topic, name, id } of this.#rows.idsSince(this.#later(now) - appendDedupMs)) {
      this.#ids.claim(topic, name, id, seq, at)
    }
  }

  get head(): number {
    return this.#head
  }

  get epoch(): string {
    return currentEpoch(this.#history)
  }

  /** What it holds in memory at this moment. */
  inspect(): { readonly topics: number; readonly ids: number } {
    return { topics: this.#topics.held, ids: this.#ids.size }
  }

  /** All of it is stored, or none; on the disk, as far as `synchronous` says, when this returns. */
  transaction<T>(now: number, work: () => T): T {
    const head = this.#head
    const headAt = this.#headAt
    const forgotten = this.#forgotten
    this.#begin.run()
    try {
      const result = work()
      this.#topics.flush(this.#later(now))
      this.#untidy += this.#head - head
      if (this.#untidy >= tidyEveryAppends || now - this.#tidiedAt >= tidyEveryMs) this.tidy(now)
      this.#commit.run()
      return result
    } catch (error) {
      // SQLite has rolled back by itself after some failures, and not after others
      if (this.#db.inTransaction) this.#db.run('ROLLBACK')
      this.#head = head
      this.#headAt = headAt
      this.#forgotten = forgotten
      this.#topics.clear()
      this.#ids.forgetAbove(head)
      throw error
    }
  }

  /** The same, and the disk has it when this returns, whatever `synchronous` says; all that was committed before, too. */
  durably<T>(now: number, work: () => T): T {
    if (this.#synchronous >= full) return this.transaction(now, work)
    // not prepared: SQLite does it when it compiles the statement
    this.#db.run(`PRAGMA synchronous = ${full}`)
    try {
      return this.transaction(now, work)
    } finally {
      this.#db.run(`PRAGMA synchronous = ${this.#synchronous}`)
    }
  }

  /** Stores an entry, unless it was stored of late. In a transaction. */
  append({ topic: { key, retention }, id, name, data, schema, except }: NewEntry, now: number): Stored {
    const at = this.#later(now)
    const offset = this.#head + 1
    const earlier = this.#ids.claim(key, name, id, offset, at)
    if (earlier !== undefined) return { repeats: earlier }

    const entry: Entry = { topic: key, id, name, data, schema, except, offset, at }
    const bytes = payloadBytes(data)
    const topic = this.#topics.open({ key, retention }, this.#forgotten, at)
    this.#topics.change(topic)
    if (topic.latest)
      for (const older of this.#rows.takeNamed(topic.id, topic.loss.offset, name)) topic.replacedBy(older)
    this.#rows.insert(topic.id, entry, bytes, data.blobs ? packBlobs(data.blobs) : null)
    this.#head = offset
    this.#headAt = at
    topic.added(bytes)
    topic.retain(retention, at)
    return { entry }
  }

  /** What is known of a call that must not run twice. */
  once(key: string, now: number): OnceRecord | undefined {
    return this.#once.find(key, this.#later(now))
  }

  /** Keeps what is known of one. In a transaction. */
  keepOnce(key: string, record: OnceRecord, keepMs: number, now: number): void {
    this.#once.put(key, record, this.#later(now) + keepMs)
    this.#untidy++
  }

  /** Whether reading a topic by this retention has to delete first. */
  mustReplace({ key, retention }: LogTopic): boolean {
    return this.#topics.find(key)?.mustReplace(retention) ?? false
  }

  /** Heeds a retention; in a transaction where it must replace. */
  retain({ key, retention }: LogTopic, now: number): StoredTopic | undefined {
    const topic = this.#topics.find(key)
    if (topic?.retain(retention, this.#later(now))) this.#topics.change(topic)
    return topic
  }

  /** Cuts a page, as `Log.read` promises it. */
  read(topic: LogTopic, from: ReadFrom, bounds: ReadBounds, now: number): Page {
    if (this.#topics.changed >= mostUnwritten) this.#writeLosses(now)
    const kept = this.retain(topic, now)
    const loss: Loss = kept?.loss ?? { offset: this.#forgotten, reason: 'trimmed' }
    const latest = topic.retention === 'latest'
    const source: PageSource = { history: this.#history, head: this.#head, loss, latest }
    const end = endOf(source, bounds)
    const begin = isPosition(from) ? beginAt(source, from, end) : undefined
    if (!kept) return makePage(source, from, begin, end, [], true)
    const after = begin?.offset ?? this.#rows.before(kept, from, latest, end)
    const { entries, done } = this.#rows.page(kept, after, end, bounds)
    return makePage(source, from, begin, end, entries, done)
  }

  /**
   * Deletes what is due: ids that are older than two minutes, outcomes that are known no more, and what expired in
   * topics that nobody uses. In a transaction. Gives the number of rows that it deleted and that may hold much.
   */
  tidy(now: number): number {
    const at = this.#later(now)
    // in the long run more than what was appended, so that it comes to an end
    const most = 4 * Math.max(this.#untidy, tidyEveryAppends)
    this.#rows.deleteIds(at - appendDedupMs, this.#head, most)
    const outcomes = this.#once.expire(at, most)
    const { deleted, forgotten } = this.#topics.sweep(at, most)
    if (forgotten > this.#forgotten) {
      this.#forgotten = forgotten
      this.#rows.forget(forgotten)
    }
    this.#untidy = 0
    this.#tidiedAt = now
    return deleted + outcomes
  }

  /** What reads let go of is in memory alone until the next transaction: here is one, where none comes. */
  #writeLosses(now: number): void {
    try {
      this.transaction(now, () => {})
    } catch (error) {
      // that was a copy, and the next read of each topic finds the same again: a full disk is no reason not to read
      if (!isFull(error)) throw error
    }
  }

  /** Time as the log has it: in whole milliseconds, and never going back. */
  #later(now: number): number {
    return Math.max(Math.floor(now), this.#headAt)
  }
}
