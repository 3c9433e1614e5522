import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Log } from '../../../src/logs/log.js'
import { type OpenSqliteLog, openSqliteLog, type SqliteLogOptions } from '../../../src/logs/sqlite/open.js'

/** A folder that is gone when the test is over. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'parley-log-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** A log that is closed when the test is over, if it was not before. */
export function openLog(path: string, options: SqliteLogOptions = {}): OpenSqliteLog {
  const open = openSqliteLog(path, options)
  onTestFinished(() => open.log.close())
  return open
}

/** Opens a log, looks at it and closes it again. */
export async function withLog<T>(
  path: string,
  options: SqliteLogOptions,
  look: (log: Log) => Promise<T>,
): Promise<T> {
  const { log } = openSqliteLog(path, options)
  try {
    return await look(log)
  } finally {
    await log.close()
  }
}
