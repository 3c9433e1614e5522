import type { Database, Statement } from 'bun:sqlite'

/** Descriptions of so many contracts are kept, those that were served last. */
const most = 64

/** The statements on the contracts that were served. */
export class ContractRows {
  readonly #find: Statement<{ readonly description: string }, [fingerprint: string]>
  readonly #put: Statement<unknown, [fingerprint: string, description: string]>
  readonly #drop: Statement<unknown, [most: number]>

  constructor(db: Database) {
    this.#find = db.prepare('SELECT description FROM contracts WHERE fingerprint = ?1')
    // what is replaced gets a new rowid: the highest one was served last
    this.#put = db.prepare('INSERT OR REPLACE INTO contracts (fingerprint, description) VALUES (?1, ?2)')
    this.#drop = db.prepare(
      'DELETE FROM contracts WHERE rowid NOT IN (SELECT rowid FROM contracts ORDER BY rowid DESC LIMIT ?1)',
    )
  }

  find(fingerprint: string): string | undefined {
    return this.#find.get(fingerprint)?.description
  }

  put(fingerprint: string, description: string): void {
    this.#put.run(fingerprint, description)
    this.#drop.run(most)
  }
}
