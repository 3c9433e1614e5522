/**
 * Whether a file still holds everything that its last log told anybody.
 *
 * - After a clean stop it does, if it is the very file that was closed. A log that is closed writes down a time and
 *   gives the file that modification time: whoever writes to the file later, or puts an older copy in its place,
 *   changes it.
 * - After an unclean stop it does if every commit was on the disk before it was told (`full`), the write-ahead log is
 *   still there, and the file was not exchanged.
 *
 * Where that is not so, nothing need be lost; but it cannot be ruled out, and a new epoch begins. That costs a reader
 * nothing: positions up to where it begins stay good.
 */
import { type Stats, statSync } from 'node:fs'

export type Synchronous = 'full' | 'normal' | 'off'

/** What the last log left about itself in the file. */
export interface LastRun {
  readonly synchronous: Synchronous
  readonly home: string
  readonly sealed: number | null
}

/** What the file system says of the file, before this log writes to it. */
export interface FoundFile {
  readonly home: string
  readonly modifiedMs: number
  /** Bytes of its write-ahead log. */
  readonly walBytes: number
}

export function findFile(path: string): FoundFile {
  const file = statSync(path)
  const wal = statSync(walOf(path), { throwIfNoEntry: false })
  return { home: homeOf(file), modifiedMs: file.mtimeMs, walBytes: wal?.size ?? 0 }
}

export function walOf(path: string): string {
  return `${path}-wal`
}

/** Tells a file from a copy of it. An inode's number is given out again, with another time of birth. */
function homeOf({ ino, birthtimeMs }: Stats): string {
  return `${ino}-${birthtimeMs}`
}

/** It is the very file that a log closed, and nobody wrote to it since. */
export function isSealed(last: LastRun, found: FoundFile): boolean {
  // a modification time is set through a number of seconds, which has no exact milliseconds
  const untouched = last.sealed !== null && Math.abs(found.modifiedMs - last.sealed) < 2
  return untouched && found.home === last.home && found.walBytes === 0
}

export function keptItsTail(last: LastRun, found: FoundFile): boolean {
  if (last.sealed !== null) return isSealed(last, found)
  return last.synchronous === 'full' && found.home === last.home && found.walBytes > 0
}
