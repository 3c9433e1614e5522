import type { Database, Statement } from 'bun:sqlite'
import type { Entry, ReadBounds } from '../log.js'
import type { ReadFrom } from '../page.js'
import { unpackBlobs } from './blobs.js'
import type { StoredTopic } from './stored-topic.js'

/** A page ends after so many entries, whatever its bounds allow: the event loop waits for it. */
const mostPerPage = 500

interface IdRow {
  readonly seq: number
  readonly at: number
  readonly topic: string
  readonly name: string
  readonly id: string
}

interface EntryRow {
  readonly seq: number
  readonly at: number
  readonly name: string
  readonly id: string
  readonly schema: string
  readonly not_to: string | null
  readonly json: string
  readonly meta: string | null
  readonly blobs: Uint8Array | null
}

interface Size {
  readonly seq: number
  readonly bytes: number
}

type EntryColumns = [
  ...[seq: number, topic: number, at: number, bytes: number, name: string, id: string, schema: string],
  ...[except: string | null, json: string, meta: string | null, blobs: Uint8Array | null],
]

/** The statements on entries and on their ids. */
export class Rows {
  readonly #db: Database
  readonly #insert: Statement<unknown, EntryColumns>
  readonly #insertId: Statement<unknown, [number, number, string, string, string]>
  readonly #deleteIds: Statement<unknown, [before: number, head: number, most: number]>
  readonly #named: Statement<Size, [topic: number, above: number, name: string]>
  readonly #delete: Statement<unknown, [seq: number]>
  readonly #sizes: Statement<Size, [topic: number, above: number, upTo: number, most: number]>
  readonly #page: Statement<EntryRow, [topic: number, above: number, upTo: number]>
  readonly #backwards: Statement<{ seq: number }, [topic: number, above: number, upTo: number, skip: number]>
  readonly #forget: Statement<unknown, [offset: number]>

  constructor(db: Database) {
    this.#db = db
    this.#insert = db.prepare(
      `INSERT INTO entries (seq, topic, at, bytes, name, id, schema, not_to, json, meta, blobs)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)`,
    )
    this.#insertId = db.prepare('INSERT INTO ids (seq, at, topic, name, id) VALUES (?1, ?2, ?3, ?4, ?5)')
    this.#deleteIds = db.prepare(
      `DELETE FROM ids WHERE seq < ?2 AND seq <=
       (SELECT max(seq) FROM (SELECT seq, at FROM ids ORDER BY seq LIMIT ?3) WHERE at <= ?1)`,
    )
    this.#named = db.prepare('SELECT seq, bytes FROM entries WHERE topic = ?1 AND seq > ?2 AND name = ?3')
    this.#delete = db.prepare('DELETE FROM entries WHERE seq = ?1')
    this.#sizes = db.prepare(
      'SELECT seq, bytes FROM entries WHERE topic = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq LIMIT ?4',
    )
    this.#page = db.prepare(
      `SELECT seq, at, name, id, schema, not_to, json, meta, blobs FROM entries
       WHERE topic = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq`,
    )
    this.#backwards = db.prepare(
      `SELECT seq FROM entries WHERE topic = ?1 AND seq > ?2 AND seq <= ?3
       ORDER BY seq DESC LIMIT 1 OFFSET ?4`,
    )
    this.#forget = db.prepare('UPDATE run SET forgotten = ?1')
  }

  insert(topic: number, entry: Entry, bytes: number, blobs: Uint8Array | null): void {
    const { offset, at, name, id, schema, except, data } = entry
    const { json, meta } = data
    this.#insert.run(offset, topic, at, bytes, name, id, schema, except ?? null, json, meta ?? null, blobs)
    this.#insertId.run(offset, at, entry.topic, name, id)
  }

  /** Deletes the entries with a name, and says which those were. */
  takeNamed(topic: number, above: number, name: string): Size[] {
    const older = this.#named.all(topic, above, name)
    for (const { seq } of older) this.#delete.run(seq)
    return older
  }

  /** The offset that lies before all that a reader without a position asked for. */
  before(topic: StoredTopic, from: ReadFrom, latest: boolean, end: number): number {
    const lost = topic.loss.offset
    if (from === 'first' || latest || !('last' in from)) return lost
    const last = Math.floor(from.last)
    if (last <= 0) return end
    if (last >= topic.entries) return lost
    const first = this.#backwards.get(topic.id, lost, end, last - 1)
    return first ? first.seq - 1 : lost
  }

  /** The entries above an offset and up to another, as far as the bounds allow. */
  page(
    topic: StoredTopic,
    above: number,
    upTo: number,
    { limit, bytes }: ReadBounds,
  ): { entries: Entry[]; done: boolean } {
    const most = Math.min(mostPerPage, Math.max(1, limit))
    // an index has the sizes: what does not fit is not read
    const sizes = this.#sizes.all(topic.id, above, upTo, most + 1)
    let taken = 0
    let sum = 0
    for (const size of sizes) {
      sum += size.bytes
      if (taken > 0 && (taken >= most || sum > bytes)) break
      taken++
    }
    const last = sizes[taken - 1]
    if (!last) return { entries: [], done: true }
    const entries = this.#page.all(topic.id, above, last.seq).map((row) => entryOf(topic.key, row))
    return { entries, done: taken === sizes.length }
  }

  newestId(): IdRow | null {
    return this.#db.query<IdRow, []>('SELECT * FROM ids ORDER BY seq DESC LIMIT 1').get()
  }

  /** In the order of their offsets, which is that of their times. */
  idsSince(at: number): Iterable<IdRow> {
    return this.#db.query<IdRow, [number]>('SELECT * FROM ids WHERE at > ?1 ORDER BY seq').iterate(at)
  }

  /** Deletes ids of up to a time, `most` at once, but never the newest. */
  deleteIds(upTo: number, head: number, most: number): void {
    this.#deleteIds.run(upTo, head, most)
  }

  /** The highest offset that a topic had which is remembered no more. */
  forgotten(): number {
    return this.#db.query<{ forgotten: number }, []>('SELECT forgotten FROM run').get()!.forgotten
  }

  forget(offset: number): void {
    this.#forget.run(offset)
  }
}

function entryOf(topic: string, row: EntryRow): Entry {
  const { seq, at, name, id, schema, not_to, json, meta, blobs } = row
  const data = {
    json,
    ...(meta !== null && { meta }),
    ...(blobs !== null && { blobs: unpackBlobs(blobs) }),
  }
  return { topic, id, name, data, schema, ...(not_to !== null && { except: not_to }), offset: seq, at }
}
