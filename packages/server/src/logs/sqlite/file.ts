import { Database } from 'bun:sqlite'
import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { badFile, mendDamage } from './faults.js'
import { type FoundFile, findFile, isSealed, type LastRun, walOf } from './last-run.js'
import { applicationId, migrations, schema, schemaVersion } from './schema.js'

/** A file that was locked for this process and found to be a log. */
export interface OpenFile {
  readonly db: Database
  readonly found: FoundFile
  /** Undefined for a new file. */
  readonly last: LastRun | undefined
}

/**
 * Opens a log's file, or makes it, and locks it until it is closed or the process ends. Nothing is written to a file
 * that is not a sound log of this version.
 */
export function openFile(path: string): OpenFile {
  checkPath(path)
  const db = new Database(path, { create: true, readwrite: true, strict: true })
  try {
    // the lock is taken by the first read; and so there is no shared memory file beside the log
    db.run('PRAGMA locking_mode = EXCLUSIVE')
    db.run('PRAGMA busy_timeout = 0')
    const isNew = !isLog(path, db)
    const found = findFile(path)
    const last = isNew ? undefined : lastRun(path, db)
    if (last && !isSealed(last, found)) checkPages(path, db)
    const mode = pragma(db, 'journal_mode = WAL')
    if (mode !== 'wal')
      throw badFile(path, `is on a file system that allows no write-ahead log (got ${mode}).`)
    if (!isNew) {
      db.transaction(() => migrate(path, db)).immediate()
      return { db, found, last }
    }
    db.transaction(() => db.run(schema)).immediate()
    return { db, found: findFile(path), last }
  } catch (error) {
    db.close(true)
    throw error
  }
}

export function pragma(db: Database, text: string): unknown {
  const row = db.query<Record<string, unknown>, []>(`PRAGMA ${text}`).get()
  return row === null ? undefined : Object.values(row)[0]
}

/** SQLite would tell these apart too, but by one word for several of them. */
function checkPath(path: string): void {
  if (path === '' || path.startsWith(':') || path.startsWith('file:')) {
    throw badFile(JSON.stringify(path), 'needs the path of a file; `memoryLog()` keeps events in memory.')
  }
  const folder = dirname(path)
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw badFile(path, `is to stand in ${folder}, which is no folder. Make it first.`)
  }
  const file = statSync(path, { throwIfNoEntry: false })
  if (file && !file.isFile()) throw badFile(path, 'is no file. Give the path of one.')
  const mayWrite = 'Give the user of this process write access to the file and to its folder.'
  if (file && !isWritable(path)) throw badFile(path, `is read-only. ${mayWrite}`)
  if (!isWritable(folder)) throw badFile(path, `stands in a folder that is read-only. ${mayWrite}`)
  const wal = statSync(walOf(path), { throwIfNoEntry: false })
  if ((file?.size ?? 0) === 0 && wal && wal.size > 0) {
    throw badFile(
      path,
      `is gone, but its ${walOf(path)} is there. Put a backup in its place, or remove that too.`,
    )
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false // that is its one way to say no
  }
}

/** Whether there is a log of this version in the file: false where there is nothing in it yet. */
function isLog(path: string, db: Database): boolean {
  const version = Number(pragma(db, 'user_version'))
  if (Number(pragma(db, 'page_count')) === 0) return false
  if (Number(pragma(db, 'application_id')) !== applicationId) {
    const tables = db.query('SELECT 1 FROM sqlite_schema').get()
    if (version === 0 && !tables) return false
    throw badFile(path, 'is the database of something else. Give another path.')
  }
  if (version > schemaVersion) {
    throw badFile(
      path,
      `was written by a newer version of Parley (its schema is ${version}, this one knows ${schemaVersion}). Install that version again, or give another path.`,
    )
  }
  return true
}

/** Step by step, from the version that it was written by to this one. */
function migrate(path: string, db: Database): void {
  for (let version = Number(pragma(db, 'user_version')); version < schemaVersion; version++) {
    const step = migrations.get(version)
    if (step === undefined) throw badFile(path, `is damaged (there is no version ${version}). ${mendDamage}`)
    db.run(step)
  }
}

function lastRun(path: string, db: Database): LastRun {
  const last = db.query<LastRun, []>('SELECT synchronous, home, sealed FROM run').get()
  if (!last) throw badFile(path, `is damaged (nothing is said of its last run). ${mendDamage}`)
  return last
}

/** About a millisecond for each MiB; left out where the file is as a log left it. */
function checkPages(path: string, db: Database): void {
  const said = pragma(db, 'quick_check(1)')
  if (said === 'ok') return
  const where = String(said).replace(/\s+/g, ' ')
  throw badFile(path, `is damaged (${where}). ${mendDamage}`)
}
