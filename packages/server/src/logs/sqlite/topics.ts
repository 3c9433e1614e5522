import type { Database, Statement } from 'bun:sqlite'
import type { LogTopic } from '../log.js'
import { type Oldest, StoredTopic, type TopicEntries, type TopicRow, wholeMs } from './stored-topic.js'

/** Topics that are held in memory, beside those that wait to be written; about 4 KiB each at most. */
const mostHeld = 4_096
/** Oldest entries that are looked up at once. */
const oldestAtOnce = 64
/** Lost entries of a topic are deleted when there are so many, and so many at once at most. */
const deleteFrom = 32
const deleteAtOnce = 1_000
/** Topics that one step of the round looks at. */
const topicsAtOnce = 16
/** A topic that keeps nothing is remembered this long, so that only a reader from before is told of more than it missed. */
const rememberMs = 7 * 24 * 3_600_000

/** All topics of the file, those of late in memory. What changes of them is written by `flush`, in the next transaction. */
export class Topics {
  readonly #held = new Map<string, StoredTopic>()
  readonly #changed = new Set<StoredTopic>()
  readonly #find: Statement<TopicRow, [key: string]>
  readonly #after: Statement<{ id: number; key: string }, [id: number, most: number]>
  readonly #insert: Statement<{ id: number }, [string, number | null, number, number]>
  readonly #update: Statement<
    unknown,
    [number, number | null, number, string, number, number, number, number]
  >
  readonly #delete: Statement<unknown, [id: number]>
  readonly #deleteLost: Statement<unknown, [topic: number, upTo: number, most: number]>
  readonly #entries: TopicEntries
  #swept = 0

  constructor(db: Database) {
    this.#find = db.prepare('SELECT * FROM topics WHERE key = ?1')
    this.#after = db.prepare('SELECT id, key FROM topics WHERE id > ?1 ORDER BY id LIMIT ?2')
    this.#insert = db.prepare(
      `INSERT INTO topics (key, keep_ms, lost, lost_why, replaced, entries, bytes, touched)
       VALUES (?1, ?2, ?3, 'trimmed', 0, 0, 0, ?4) RETURNING id`,
    )
    this.#update = db.prepare(
      `UPDATE topics SET keep_ms = ?2, lost = ?3, lost_why = ?4, replaced = ?5, entries = ?6, bytes = ?7, touched = ?8
       WHERE id = ?1`,
    )
    this.#delete = db.prepare('DELETE FROM topics WHERE id = ?1')
    this.#deleteLost = db.prepare(
      `DELETE FROM entries WHERE seq IN
       (SELECT seq FROM entries WHERE topic = ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3)`,
    )
    this.#entries = entriesOf(db)
  }

  /** How many wait to be written. */
  get changed(): number {
    return this.#changed.size
  }

  get held(): number {
    return this.#held.size
  }

  find(key: string): StoredTopic | undefined {
    const held = this.#held.get(key)
    if (held) {
      // a Map remembers the order of insertion: whoever is used is moved to its end
      this.#held.delete(key)
      this.#held.set(key, held)
      return held
    }
    const row = this.#find.get(key)
    return row ? this.#hold(row) : undefined
  }

  /** The same, with a topic that need not be there yet: one that was forgotten lost what the log ever forgot. */
  open({ key, retention }: LogTopic, forgotten: number, now: number): StoredTopic {
    const found = this.find(key)
    if (found) return found
    const keepMs = retention === 'latest' ? null : wholeMs(retention.forMs)
    const { id } = this.#insert.get(key, keepMs, forgotten, now)!
    return this.#hold({
      id,
      key,
      keep_ms: keepMs,
      lost: forgotten,
      lost_why: 'trimmed',
      replaced: 0,
      entries: 0,
      bytes: 0,
      touched: now,
    })
  }

  /** What was changed is written by the next `flush`. */
  change(topic: StoredTopic): void {
    this.#changed.add(topic)
  }

  /** Writes what was changed. Call it in a transaction. */
  flush(now: number): void {
    for (const topic of this.#changed) {
      if (topic.undeleted >= deleteFrom) this.#deleteLostOf(topic)
      this.#write(topic, now)
    }
    this.#changed.clear()
  }

  /**
   * Goes on with the round through all topics: deletes what expired while nobody used them, and forgets those that
   * have kept nothing for long. Call it in a transaction.
   *
   * @param most entries that it lets go of, about, in a few topics.
   * @returns how many entries it deleted, and the highest offset of a topic that it forgot, or 0.
   */
  sweep(now: number, most: number): { readonly deleted: number; readonly forgotten: number } {
    let left = most
    let deleted = 0
    let forgotten = 0
    const round = this.#after.all(this.#swept, topicsAtOnce)
    for (const { id, key } of round) {
      if (left <= 0) return { deleted, forgotten }
      this.#swept = id
      const topic = this.find(key)!
      const before = topic.entries
      const expired = topic.expire(now, left)
      left -= before - topic.entries
      if (topic.undeleted > 0) deleted += this.#deleteLostOf(topic)
      if (expired) this.#write(topic, now)
      if (topic.entries > 0 || topic.undeleted > 0 || topic.touched > now - rememberMs) continue
      forgotten = Math.max(forgotten, topic.loss.offset)
      this.#delete.run(id)
      this.#held.delete(key)
      this.#changed.delete(topic)
    }
    if (round.length < topicsAtOnce) this.#swept = 0
    return { deleted, forgotten }
  }

  /** Looks at the file anew: a transaction failed. */
  clear(): void {
    this.#held.clear()
    this.#changed.clear()
  }

  #hold(row: TopicRow): StoredTopic {
    const topic = new StoredTopic(row, this.#entries)
    this.#held.set(row.key, topic)
    if (this.#held.size > mostHeld) this.#letGo(topic)
    return topic
  }

  /** Of the topic that was idle longest; what is not written yet is known here alone. */
  #letGo(current: StoredTopic): void {
    for (const [key, topic] of this.#held) {
      if (topic === current || this.#changed.has(topic)) continue
      this.#held.delete(key)
      return
    }
  }

  #deleteLostOf(topic: StoredTopic): number {
    const { changes } = this.#deleteLost.run(topic.id, topic.loss.offset, deleteAtOnce)
    topic.deleted(changes < deleteAtOnce ? 0 : deleteAtOnce)
    return changes
  }

  #write(topic: StoredTopic, now: number): void {
    topic.touched = now
    const row = topic.row()
    this.#update.run(
      row.id,
      row.keep_ms,
      row.lost,
      row.lost_why,
      row.replaced,
      row.entries,
      row.bytes,
      row.touched,
    )
  }
}

function entriesOf(db: Database): TopicEntries {
  const oldest = db.prepare<Oldest, [number, number, number]>(
    'SELECT seq, at, bytes FROM entries WHERE topic = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3',
  )
  const count = db.prepare<{ entries: number; bytes: number }, [number, number]>(
    'SELECT count(*) AS entries, ifnull(sum(bytes), 0) AS bytes FROM entries WHERE topic = ?1 AND seq > ?2',
  )
  const older = `FROM entries WHERE topic = ?1 AND seq > ?2 AND seq NOT IN
    (SELECT max(seq) FROM entries WHERE topic = ?1 AND seq > ?2 GROUP BY name)`
  const newestOlder = db.prepare<{ seq: number }, [number, number]>(
    `SELECT ifnull(max(seq), 0) AS seq ${older}`,
  )
  const deleteOlder = db.prepare<unknown, [number, number]>(`DELETE ${older}`)
  return {
    oldest: (topic, above) => oldest.all(topic, above, oldestAtOnce),
    count: (topic, above) => count.get(topic, above)!,
    replaceOlder(topic, above) {
      const { seq } = newestOlder.get(topic, above)!
      deleteOlder.run(topic, above)
      return seq
    },
  }
}
