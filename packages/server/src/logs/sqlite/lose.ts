import type { Database } from 'bun:sqlite'

/**
 * Takes the end of a log away, as a power cut does that the disk was not ready for: there SQLite goes back to an
 * earlier commit, and here the same is done to an open file. In a transaction.
 */
export function loseAbove(db: Database, offset: number): void {
  db.query('DELETE FROM entries WHERE seq > ?1').run(offset)
  db.query('DELETE FROM ids WHERE seq > ?1').run(offset)
  db.query('UPDATE run SET forgotten = min(forgotten, ?1)').run(offset)
  db.query('UPDATE topics SET lost = min(lost, ?1), replaced = min(replaced, ?1)').run(offset)
  db.run(`UPDATE topics SET (entries, bytes) =
    (SELECT count(*), ifnull(sum(bytes), 0) FROM entries WHERE topic = topics.id AND seq > lost)`)
}
