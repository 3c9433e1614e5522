import type { Log } from './log.js'
import { openSqliteLog, type SqliteLogOptions } from './sqlite/open.js'

export type { SqliteLogOptions }

/**
 * A log in a file, on SQLite as it is built into Bun: positions, entries and the ids of the last two minutes survive
 * a crash of the process and a restart. It belongs to one process, which holds a lock on it.
 *
 * Appends of one tick share one transaction. An append resolves, and readers are shown it, after the commit. Where the
 * log cannot rule out that a power cut took something it opens a new epoch at its next start, and readers who saw
 * more than is left are told `gap: reset`. See docs/logs/sqlite.md.
 *
 * @param path of the file; it is made if it is not there, its folder is not.
 * @throws ParleyError `BAD_OPTIONS` where an option is wrong, and where the file is in use, read-only, damaged, full,
 *   of a newer version or no log at all; it is then left as it is.
 *
 * @example
 * const hub = createHub(contract, { log: sqliteLog('./events.db'), ... })
 */
export function sqliteLog(path: string, options: SqliteLogOptions = {}): Log {
  return openSqliteLog(path, options).log
}
