import { Database } from 'bun:sqlite'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { schemaVersion } from '../../../src/logs/sqlite/schema.js'
import { sqliteLog } from '../../../src/logs/sqlite.js'
import { appendAll, entryOf, readAll, topicOf } from '../suite/harness.js'
import { openLog, testFolder, withLog } from './folder.js'
import { spawnLog } from './spawned.js'

const room = topicOf('room', { last: 10_000, forMs: 3_600_000, bytes: 10_000_000 })

/** A file with a log that was closed cleanly. */
async function madeLog(entries = 3): Promise<string> {
  const path = join(testFolder(), 'events.db')
  const texts = Array.from({ length: entries }, (_, i) => `${i} ${'x'.repeat(100)}`)
  await withLog(path, { synchronous: 'off' }, (log) => appendAll(log, room, texts))
  return path
}

function changeFile(path: string, sql: string): void {
  const db = new Database(path)
  db.run(sql)
  db.close(true)
}

/** Opens it, and expects an error that names the path and has these words. */
function expectRefusal(path: string, words: RegExp): void {
  const before = statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path) : undefined
  expect(() => sqliteLog(path)).toThrow(
    expect.objectContaining({
      name: 'ParleyError',
      code: 'BAD_OPTIONS',
      message: expect.stringMatching(words),
    }),
  )
  expect(() => sqliteLog(path)).toThrow(path)
  if (before) expect(readFileSync(path).equals(before)).toBe(true)
}

describe('a file that cannot be the log is refused as it is:', () => {
  test('one that is no database', async () => {
    const path = join(testFolder(), 'events.db')
    writeFileSync(path, 'no database, but a text that somebody may need. '.repeat(50))
    expectRefusal(path, /not a SQLite database.*backup/)
  })

  test('one whose header is damaged', async () => {
    const path = await madeLog()
    const bytes = readFileSync(path)
    bytes.fill(0xff, 0, 64)
    writeFileSync(path, bytes)
    expectRefusal(path, /not a SQLite database/)
  })

  test('one whose pages are damaged', async () => {
    const path = await madeLog(400)
    const bytes = readFileSync(path)
    bytes.fill(0x5a, bytes.length - 40_960, bytes.length - 20_480)
    writeFileSync(path, bytes)
    expectRefusal(path, /is damaged.*backup.*gap: reset/)
  })

  test('one with a damaged page that nothing but a reader would meet', async () => {
    const path = await madeLog(400)
    const bytes = readFileSync(path)
    const page = Math.floor(bytes.indexOf('200 xxx') / 4096) * 4096
    bytes.fill(0x5a, page, page + 16)
    writeFileSync(path, bytes)
    expectRefusal(path, /is damaged/)
  })

  test('one that was cut short', async () => {
    const path = await madeLog(400)
    writeFileSync(path, readFileSync(path).subarray(0, 16_384))
    expectRefusal(path, /is damaged/)
  })

  test('one whose tables are gone', async () => {
    const path = await madeLog()
    changeFile(path, 'DROP TABLE run')
    expectRefusal(path, /does not hold what a log.*no such table: run/)
  })

  test('one that says nothing of its last run', async () => {
    const path = await madeLog()
    changeFile(path, 'DELETE FROM run')
    expectRefusal(path, /is damaged \(nothing is said of its last run\)/)
  })

  test('one of a newer version', async () => {
    const path = await madeLog()
    changeFile(path, `PRAGMA user_version = ${schemaVersion + 1}`)
    expectRefusal(
      path,
      new RegExp(`newer version of Parley .*is ${schemaVersion + 1}, .*${schemaVersion}\\)`),
    )
  })

  test('the database of something else', async () => {
    const path = join(testFolder(), 'events.db')
    changeFile(path, 'CREATE TABLE customers (name TEXT)')
    expectRefusal(path, /database of something else/)
  })

  test('one that is gone, with its write-ahead log left', async () => {
    const path = join(testFolder(), 'events.db')
    writeFileSync(`${path}-wal`, 'what was not moved into the file yet')
    expectRefusal(path, /is gone, but its .*-wal is there/)
  })

  test('a folder, and a path in a folder that is not there', async () => {
    const folder = testFolder()
    expectRefusal(folder, /is no file/)
    expectRefusal(join(folder, 'nowhere', 'events.db'), /is no folder. Make it first/)
  })

  test('no file at all', () => {
    for (const path of ['', ':memory:', 'file:events.db']) {
      expect(() => sqliteLog(path)).toThrow(/needs the path of a file/)
    }
  })
})

describe('a file that this process may not write to', () => {
  test.each([
    { what: 'the file', mode: 0o444, folderMode: 0o777, words: /is read-only\. Give the user/ },
    { what: 'its folder', mode: 0o666, folderMode: 0o555, words: /stands in a folder that is read-only/ },
  ])('is refused: $what is read-only', async ({ mode, folderMode, words }) => {
    const path = join(testFolder(), 'inside', 'events.db')
    mkdirSync(join(path, '..'))
    copyFileSync(await madeLog(), path)
    chmodSync(path, mode)
    chmodSync(join(path, '..'), folderMode)
    chmodSync(join(path, '../..'), 0o755)
    // to root everything is writable, so the other process becomes somebody else
    const uid = process.getuid?.() === 0 ? ['65534'] : []
    const other = spawnLog('open', path, ...uid)
    await other.until(1)
    await other.kill()
    expect(other.lines).toEqual([{ code: 'BAD_OPTIONS', message: expect.stringMatching(words) }])
    chmodSync(join(path, '..'), 0o755)
  })
})

describe('a file belongs to one log', () => {
  test('another process is refused while one has it, and welcome when that is closed or killed', async () => {
    const path = await madeLog()
    for (const end of ['finish', 'kill'] as const) {
      const holder = spawnLog('open', path)
      await holder.until(1)
      expect(holder.lines[0]).toHaveProperty('opened')
      expectRefusal(path, /in use by another process.*SQLITE_BUSY/)
      await holder[end]()
      const read = await withLog(path, {}, (log) => readAll(log, room, 'first'))
      expect(read.texts).toHaveLength(3)
    }
  })

  test('another process is refused while this one has it, and this one is not disturbed', async () => {
    const path = await madeLog()
    const { log } = openLog(path)
    const other = spawnLog('open', path)
    await other.until(1)
    await other.finish()
    expect(other.lines[0]).toMatchObject({ code: 'BAD_OPTIONS', message: expect.stringContaining('in use') })
    await log.append(entryOf(room, 'new'))
    expect((await readAll(log, room, 'first')).texts.at(-1)).toBe('new')
  })

  test('a second log of one process is refused too, and takes no lock away from the first', async () => {
    const path = await madeLog()
    openLog(path)
    expect(() => sqliteLog(path)).toThrow(/in use/)
    const other = spawnLog('open', path)
    await other.until(1)
    await other.finish()
    expect(other.lines[0]).toHaveProperty('code')
  })
})

describe('an empty log', () => {
  test.each(['no file', 'an empty file'])('begins where there is %s', async (what) => {
    const path = join(testFolder(), 'events.db')
    if (what === 'an empty file') writeFileSync(path, '')
    await withLog(path, {}, async (log) => {
      expect((await log.tail(() => {})).head).toBe(0)
      expect((await log.append(entryOf(room, 'a'))).offset).toBe(1)
    })
    expect((await withLog(path, {}, (log) => readAll(log, room, 'first'))).texts).toEqual(['a'])
  })
})

test('a damaged page of a file that nobody seems to have touched fails the read of it, and nothing else', async () => {
  const path = await madeLog(400)
  const { mtimeMs } = statSync(path)
  const bytes = readFileSync(path)
  const needle = bytes.indexOf('399 xxx')
  const page = Math.floor(needle / 4096) * 4096
  bytes.fill(0x5a, page, page + 16)
  writeFileSync(path, bytes)
  utimesSync(path, mtimeMs / 1_000, mtimeMs / 1_000)
  const { log } = openLog(path)
  await expect(log.read(room, { last: 1 }, { limit: 10, bytes: 10_000 })).rejects.toMatchObject({
    code: 'INTERNAL',
    message: expect.stringMatching(/is damaged.*SQLITE_CORRUPT/),
  })
  expect((await log.read(room, 'first', { limit: 10, bytes: 10_000 })).entries).toHaveLength(10)
})

test.each([
  { options: { synchronous: 'extra' as 'full' }, words: /synchronous is 'full', 'normal' or 'off'/ },
  { options: { maxBytes: 1_000 }, words: /maxBytes is at least/ },
  { options: { maxBytes: Number.NaN }, words: /maxBytes is at least/ },
])('the options $options are refused before a file is made', ({ options, words }) => {
  const path = join(testFolder(), 'events.db')
  expect(() => sqliteLog(path, options)).toThrow(words)
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined()
})
