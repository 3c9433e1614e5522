import type { Database, Statement } from 'bun:sqlite'
import type { OnceRecord } from '../log.js'

interface OnceRow {
  readonly request: string
  readonly result: string | null
}

/** The statements on what became of calls that must not run twice. */
export class OnceRows {
  readonly #find: Statement<OnceRow, [key: string, now: number]>
  readonly #put: Statement<unknown, [key: string, request: string, result: string | null, until: number]>
  readonly #expire: Statement<unknown, [now: number, most: number]>

  constructor(db: Database) {
    this.#find = db.prepare('SELECT request, result FROM once WHERE key = ?1 AND until > ?2')
    this.#put = db.prepare(
      `INSERT INTO once (key, request, result, until) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT (key) DO UPDATE SET request = ?2, result = ?3, until = ?4`,
    )
    this.#expire = db.prepare(
      'DELETE FROM once WHERE rowid IN (SELECT rowid FROM once WHERE until <= ?1 ORDER BY until LIMIT ?2)',
    )
  }

  find(key: string, now: number): OnceRecord | undefined {
    const row = this.#find.get(key, now)
    if (!row) return undefined
    const { request, result } = row
    return { request, ...(result !== null && { result }) }
  }

  put(key: string, { request, result }: OnceRecord, until: number): void {
    this.#put.run(key, request, result ?? null, Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(until)))
  }

  /** Deletes what is known no more, `most` at once; gives how many that were. */
  expire(now: number, most: number): number {
    return this.#expire.run(now, most).changes
  }
}
