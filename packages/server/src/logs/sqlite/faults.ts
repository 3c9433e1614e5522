/** What SQLite says, as an error that names the file and how to mend it. */
import { ParleyError } from '@parley/shared'

export const mendDamage =
  'Put a backup in its place; or move it away, with its -wal, to begin with an empty log, in which every reader is told `gap: reset`.'

/** By the beginning of SQLite's result code: extended codes go on after it.  */
const faults: readonly (readonly [code: string, fault: string])[] = [
  [
    'SQLITE_BUSY',
    'is in use by another process, or by another log of this one, and a file belongs to one log. Stop the other, or give each a file of its own.',
  ],
  [
    'SQLITE_READONLY',
    'cannot be written. Give the user of this process write access to the file and to its folder.',
  ],
  ['SQLITE_FULL', 'has no more room: its disk, or its `maxBytes`, is full. Make room, or raise `maxBytes`.'],
  ['SQLITE_CORRUPT', `is damaged. ${mendDamage}`],
  ['SQLITE_ERROR', `does not hold what a log of its version holds. ${mendDamage}`],
  [
    'SQLITE_NOTADB',
    'is no log: it is not a SQLite database, or a damaged one. Give another path, or put a backup in its place.',
  ],
  [
    'SQLITE_CANTOPEN',
    'cannot be opened. Check that the path names a file in a folder that this process may write to.',
  ],
  [
    'SQLITE_IOERR',
    'cannot be read or written: the disk or its file system failed. Look for errors of the disk in the system log.',
  ],
]

/** SQLite's own word for what went wrong, such as `SQLITE_BUSY`; undefined for any other error. */
function resultCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' && error.code.startsWith('SQLITE_') ? error.code : undefined
}

function describe(path: string, error: unknown): string {
  const code = resultCode(error)
  const fault = faults.find(([prefix]) => code?.startsWith(prefix))?.[1]
  const said = error instanceof Error ? error.message : String(error)
  return fault ? `The log ${path} ${fault} (${code}: ${said})` : `The log ${path} failed: ${said}`
}

/** A file that cannot be this log: thrown by `sqliteLog`, before anything was written to it. */
export function badFile(path: string, what: string): ParleyError<'BAD_OPTIONS'> {
  return new ParleyError('BAD_OPTIONS', `The log ${path} ${what}`)
}

/** What SQLite refused while the log was opened. */
export function cannotStart(path: string, error: unknown): ParleyError {
  if (error instanceof ParleyError) return error
  return new ParleyError('BAD_OPTIONS', describe(path, error), { cause: error })
}

/**
 * What SQLite refused while the log was in use. INTERNAL, because the message names a path of the server: whoever
 * called a handler that fails with it is told the id of the report alone.
 */
export function cannotWork(path: string, error: unknown): ParleyError {
  if (error instanceof ParleyError) return error
  return new ParleyError('INTERNAL', describe(path, error), { cause: error })
}

/** Room may come back by itself, as entries expire. */
export function isFull(error: unknown): boolean {
  return resultCode(error) === 'SQLITE_FULL'
}
