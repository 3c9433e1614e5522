import type { Database } from 'bun:sqlite'
import { type EpochHistory, type EpochStart, openEpoch } from '../epochs.js'

export function readHistory(db: Database): readonly EpochStart[] {
  return db.query<EpochStart, []>('SELECT epoch, start FROM epochs ORDER BY n').all()
}

/** Adds an epoch that begins after `start`, and forgets those that are too many. In a transaction. */
export function addEpoch(
  db: Database,
  before: readonly EpochStart[],
  epoch: string,
  start: number,
): EpochHistory {
  const [first, ...others] = before
  const history: EpochHistory = first ? openEpoch([first, ...others], epoch, start) : [{ epoch, start }]
  db.query('INSERT INTO epochs (epoch, start) VALUES (?1, ?2)').run(epoch, start)
  db.query('DELETE FROM epochs WHERE n NOT IN (SELECT n FROM epochs ORDER BY n DESC LIMIT ?1)').run(
    history.length,
  )
  return history
}

/** The highest offset that was ever stored, and not lost since. */
export function highestOffset(db: Database, history: readonly EpochStart[]): number {
  const newest = db.query<{ seq: number }, []>('SELECT ifnull(max(seq), 0) AS seq FROM ids').get()!
  return Math.max(newest.seq, history.at(-1)?.start ?? 0)
}
