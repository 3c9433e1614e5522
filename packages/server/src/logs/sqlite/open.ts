import type { Database } from 'bun:sqlite'
import { utimesSync } from 'node:fs'
import { ParleyError } from '@parley/shared'
import { type Clock, systemClock } from '@parley/shared/internal'
import { randomEpoch } from '../epoch-name.js'
import type { EpochHistory } from '../epochs.js'
import type { Log } from '../log.js'
import { Tails } from '../tails.js'
import { badFile, cannotStart, cannotWork } from './faults.js'
import { type OpenFile, openFile, pragma } from './file.js'
import { addEpoch, highestOffset, readHistory } from './history.js'
import { keptItsTail, type Synchronous } from './last-run.js'
import { loseAbove } from './lose.js'
import { SqliteLog } from './sqlite-log.js'
import { Store } from './store.js'

export interface SqliteLogOptions {
  /**
   * When an append counts as written. `'full'`: the disk has it; a power cut takes nothing. `'normal'`, the default:
   * the operating system has it; a crash of the process takes nothing, a power cut may take the last seconds.
   * `'off'`: the same, and a power cut may damage the file.
   */
  readonly synchronous?: Synchronous
  /** Largest size of the file, in bytes, at least 1 MiB; beyond it an append fails as on a full disk. Default: none. */
  readonly maxBytes?: number
  /** Time and chance. Default: the system's. */
  readonly clock?: Clock
  /** Is told what a listener of `tail` threw; must not throw. Default: one line on the console. */
  readonly onListenerError?: (error: unknown) => void
}

/** A log on a file, and what only tests may do to it. */
export interface OpenSqliteLog {
  readonly log: Log
  /** What a power cut does: everything above an offset (by default nothing) is lost, and a new epoch begins there. */
  newEpoch(survived?: number): string
  /** What it holds in memory at this moment. */
  inspect(): { readonly topics: number; readonly ids: number; readonly tails: number }
  /** What SQLite says of itself: 2 is `full`, 1 `normal`, 0 `off`. */
  synchronous(): unknown
}

const smallest = 1_048_576

export function openSqliteLog(
  path: string,
  {
    synchronous = 'normal',
    maxBytes,
    clock = systemClock,
    onListenerError = (error) => console.error('parley: a listener of the log threw', error),
  }: SqliteLogOptions = {},
): OpenSqliteLog {
  checkOptions(synchronous, maxBytes)
  const { db, history } = start(path, synchronous, maxBytes, clock)
  const tails = new Tails(onListenerError)
  let store = new Store(db, history, clock.now())
  const ending = { seal: () => seal(path, db, clock.now()) }
  const name = `sqliteLog(${JSON.stringify(path)}, { synchronous: '${synchronous}' })`
  const log = new SqliteLog({ path, name, isSafe: synchronous !== 'off', store, clock, tails, ending })
  return {
    log,
    newEpoch(survived = store.head) {
      const epoch = randomEpoch(clock)
      const shorter = db.transaction(() => {
        loseAbove(db, survived)
        return addEpoch(db, readHistory(db), epoch, survived)
      })()
      store = new Store(db, shorter, clock.now())
      log.restart(store)
      return epoch
    },
    inspect: () => ({ ...store.inspect(), tails: tails.size }),
    synchronous: () => pragma(db, 'synchronous'),
  }
}

function checkOptions(synchronous: string, maxBytes: number | undefined): void {
  if (!['full', 'normal', 'off'].includes(synchronous)) {
    throw new ParleyError('BAD_OPTIONS', `synchronous is 'full', 'normal' or 'off', not '${synchronous}'.`)
  }
  if (maxBytes !== undefined && !(maxBytes >= smallest)) {
    throw new ParleyError('BAD_OPTIONS', `maxBytes is at least ${smallest}, not ${maxBytes}.`)
  }
}

/** Opens the file, decides on its epoch and puts on the disk that it is in use. */
function start(
  path: string,
  synchronous: Synchronous,
  maxBytes: number | undefined,
  clock: Clock,
): { db: Database; history: EpochHistory } {
  let file: OpenFile | undefined
  try {
    file = openFile(path)
    const { db } = file
    pragma(db, 'synchronous = FULL')
    pragma(db, 'journal_size_limit = 16777216') // of the write-ahead log after a burst
    const history = db.transaction(beginRun).immediate(file, synchronous, clock)
    // so that the file itself says it is in use, whatever becomes of the write-ahead log
    checkpoint(path, db)
    pragma(db, `synchronous = ${synchronous}`)
    if (maxBytes !== undefined) {
      pragma(db, `max_page_count = ${Math.floor(maxBytes / Number(pragma(db, 'page_size')))}`)
    }
    return { db, history }
  } catch (error) {
    file?.db.close(true)
    throw cannotStart(path, error)
  }
}

function beginRun({ db, last, found }: OpenFile, synchronous: Synchronous, clock: Clock): EpochHistory {
  const [first, ...others] = readHistory(db)
  db.query(
    `INSERT INTO run (one, synchronous, home, sealed, forgotten) VALUES (1, ?1, ?2, NULL, 0)
     ON CONFLICT (one) DO UPDATE SET synchronous = ?1, home = ?2, sealed = NULL`,
  ).run(synchronous, found.home)
  if (first && last && keptItsTail(last, found)) return [first, ...others]
  const before = first ? [first, ...others] : []
  return addEpoch(db, before, randomEpoch(clock), highestOffset(db, before))
}

/** Marks the stop as a clean one. Every commit is on the disk before the mark is. */
function seal(path: string, db: Database, now: number): void {
  const sealed = Math.floor(now)
  try {
    pragma(db, 'synchronous = FULL')
    checkpoint(path, db)
    db.query('UPDATE run SET sealed = ?1').run(sealed)
    checkpoint(path, db)
  } catch (error) {
    throw cannotWork(path, error)
  } finally {
    db.close(true)
  }
  try {
    utimesSync(path, sealed / 1_000, sealed / 1_000)
  } catch {
    // only the owner of a file may; without the mark the next start opens a new epoch, which costs nobody an event
  }
}

/** Moves everything from the write-ahead log into the file, and that onto the disk. */
function checkpoint(path: string, db: Database): void {
  const row = db.query<{ busy: number }, []>('PRAGMA wal_checkpoint(TRUNCATE)').get()
  if (row?.busy !== 0) throw badFile(path, 'could not be brought up to date.')
}
