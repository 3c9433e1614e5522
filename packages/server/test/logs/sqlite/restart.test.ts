import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Position } from '@parley/shared/internal'
import { virtualClock } from '@parley/shared/testing'
import { describe, expect, test } from 'vitest'
import { type FoundFile, keptItsTail, type LastRun } from '../../../src/logs/sqlite/last-run.js'
import { appendAll, entryOf, readAll, topicOf, wide } from '../suite/harness.js'
import { openLog, testFolder, withLog } from './folder.js'
import { type Line, spawnLog } from './spawned.js'

const room = topicOf('room', { last: 1_000_000, forMs: 3_600_000, bytes: 1_000_000_000 })

/** Lets a process append, kills it in the middle, and gives the positions that it was told. */
async function killAmongAppends(path: string, synchronous: string, lines = 600): Promise<Required<Line>[]> {
  const process = spawnLog('append', path, synchronous)
  await process.until(lines)
  await process.kill()
  expect(existsSync(`${path}-wal`)).toBe(true) // it had no time to close anything
  const told = process.lines.filter((line): line is Required<Line> => line.text !== undefined)
  const newest = Math.max(...process.lines.map(({ shown = 0 }) => shown))
  return [...told, { shown: newest } as Required<Line>]
}

describe('after kill -9', () => {
  test.each(['full', 'normal', 'off'] as const)(
    'at %s, every append that was told and every entry that was shown is there',
    async (synchronous) => {
      const path = join(testFolder(), 'events.db')
      const told = await killAmongAppends(path, synchronous)
      const { shown } = told.pop()!
      expect(told.length).toBeGreaterThan(200)

      const { log } = openLog(path, { synchronous })
      const { entries, texts, gaps } = await readAll(log, room, 'first')
      const kept = new Map(entries.map(({ offset }, i) => [offset, texts[i]]))
      for (const { offset, text } of told) expect(kept.get(offset)).toBe(text)
      expect([...kept.keys()].at(-1)).toBeGreaterThanOrEqual(shown)
      expect(gaps).toEqual([])

      const { offset } = await log.append(entryOf(room, 'after'))
      expect(offset).toBe([...kept.keys()].at(-1)! + 1)
    },
  )

  test.each([
    { synchronous: 'full', does: 'keeps its epoch' },
    { synchronous: 'normal', does: 'opens a new one' },
    { synchronous: 'off', does: 'opens a new one' },
  ] as const)(
    'a log at $synchronous $does, and every position that a client can have is good',
    async ({ synchronous }) => {
      const path = join(testFolder(), 'events.db')
      const told = await killAmongAppends(path, synchronous)
      told.pop()
      const last: Position = { epoch: told.at(-1)!.epoch, offset: told.at(-1)!.offset }

      const { log } = openLog(path, { synchronous })
      const { epoch, head } = await log.tail(() => {})
      expect(epoch === last.epoch).toBe(synchronous === 'full')
      expect((await readAll(log, room, last)).gaps).toEqual([])
      await log.append(entryOf(room, 'after'))
      const above = await log.read(room, { epoch: last.epoch, offset: head + 1 }, wide)
      // in the old epoch that offset may have been another entry
      expect(above.gap?.reason).toBe(synchronous === 'full' ? undefined : 'reset')
    },
  )

  test('an id that was appended before is recognised', async () => {
    const path = join(testFolder(), 'events.db')
    const told = await killAmongAppends(path, 'normal')
    told.pop()
    const { offset, text } = told.at(-1)!
    const { log } = openLog(path)
    expect((await log.append(entryOf(room, text, { id: text }))).offset).toBe(offset)
  })

  test('a log at full whose write-ahead log was removed may have lost its tail, and says so', async () => {
    const path = join(testFolder(), 'events.db')
    await withLog(path, { synchronous: 'full' }, (log) => appendAll(log, room, ['before']))
    // so few that the file itself has nothing of them yet
    const told = await killAmongAppends(path, 'full', 12)
    told.pop()
    rmSync(`${path}-wal`)
    const { epoch, offset } = told.at(-1)!
    const { log } = openLog(path, { synchronous: 'full' })
    // an offset that was lost is given out again
    while ((await log.append(entryOf(room, 'after'))).offset <= offset);
    const page = await log.read(room, { epoch, offset }, wide)
    expect(page.gap).toMatchObject({ reason: 'reset' })
  })
})

test('after a power cut, readers of what was not on the disk are told, and what was is not given twice', async () => {
  const folder = testFolder()
  const path = join(folder, 'events.db')
  const { log } = openLog(path)
  const [, second] = await appendAll(log, room, ['a', 'b'])
  // what the disk had when the power went: SQLite goes back to a whole commit
  const disk = join(folder, 'disk.db')
  copyFileSync(path, disk)
  copyFileSync(`${path}-wal`, `${disk}-wal`)
  const [, lost] = await appendAll(log, room, ['c', 'd'])

  const { log: after } = openLog(disk)
  const [first] = await appendAll(after, room, ['after'])
  expect(first!.epoch).not.toBe(second!.epoch)
  expect(await readAll(after, room, second!)).toMatchObject({ texts: ['after'], gaps: [] })
  const page = await after.read(room, lost!, wide)
  expect(page.gap).toEqual({
    after: lost,
    first: { epoch: first!.epoch, offset: second!.offset },
    reason: 'reset',
  })
})

describe('after a clean stop', () => {
  test.each(['full', 'normal', 'off'] as const)(
    'at %s, the log keeps its epoch, however often',
    async (synchronous) => {
      const path = join(testFolder(), 'events.db')
      const epochs = new Set<string>()
      const offsets: number[] = []
      for (let n = 0; n < 4; n++) {
        await withLog(path, { synchronous }, async (log) => {
          const { epoch, offset } = await log.append(entryOf(room, `${n}`))
          epochs.add(epoch)
          offsets.push(offset)
        })
        expect(existsSync(`${path}-wal`)).toBe(false)
      }
      expect(epochs.size).toBe(1)
      expect(offsets).toEqual([1, 2, 3, 4])
    },
  )

  test('after a long silence, offsets and times go on where they were', async () => {
    const path = join(testFolder(), 'events.db')
    const clock = virtualClock()
    const nothing = topicOf('nothing', { last: 0, forMs: 1_000, bytes: 0 })
    const first = await withLog(path, { clock }, async (log) => {
      const position = await log.append(entryOf(nothing, 'a'))
      await clock.advance(600_000)
      return position
    })
    clock.adjust(-1_200_000)
    await withLog(path, { clock }, async (log) => {
      expect((await log.tail(() => {})).head).toBe(first.offset)
      expect(await log.append(entryOf(room, 'b'))).toEqual({ ...first, offset: first.offset + 1 })
      const [entry] = (await log.read(room, 'first', wide)).entries
      expect(entry!.at).toBe(clock.now() + 600_000)
    })
  })

  test('appends that were not awaited before close are kept', async () => {
    const path = join(testFolder(), 'events.db')
    await withLog(path, {}, async (log) => {
      void log.append(entryOf(room, 'a'))
      void log.append(entryOf(room, 'b'))
    })
    const read = await withLog(path, {}, (log) => readAll(log, room, 'first'))
    expect(read.texts).toEqual(['a', 'b'])
  })

  test('an older copy that was put in its place, over the file or instead of it, begins a new epoch', async () => {
    const folder = testFolder()
    const path = join(folder, 'events.db')
    const backup = join(folder, 'backup.db')
    const [kept] = await withLog(path, {}, (log) => appendAll(log, room, ['kept']))
    copyFileSync(path, backup)
    const [lost] = await withLog(path, {}, (log) => appendAll(log, room, ['lost']))
    expect(lost).toEqual({ epoch: kept!.epoch, offset: 2 })

    for (const restore of [
      () => writeFileSync(path, readFileSync(backup)),
      () => {
        rmSync(path)
        copyFileSync(backup, path)
      },
    ]) {
      restore()
      await withLog(path, {}, async (log) => {
        expect(await readAll(log, room, kept!)).toMatchObject({ texts: [], gaps: [] })
        expect((await log.read(room, lost!, wide)).gap).toMatchObject({ reason: 'reset' })
        expect((await log.append(entryOf(room, 'new'))).epoch).not.toBe(kept!.epoch)
      })
    }
  })

  test('the history of epochs is bounded, and the oldest are forgotten first', async () => {
    const { log, newEpoch } = openLog(join(testFolder(), 'events.db'))
    const [first] = await appendAll(log, room, ['a'])
    const positions: Position[] = []
    for (let n = 0; n < 70; n++) {
      newEpoch()
      positions.push(await log.append(entryOf(room, `${n}`)))
    }
    expect((await log.read(room, first!, wide)).gap?.reason).toBe('reset')
    expect((await log.read(room, positions[20]!, wide)).gap).toBeUndefined()
  })
})

test('the epoch is kept only where nothing can have been lost', () => {
  const found: FoundFile = { home: '7-1', modifiedMs: 5_000.4, walBytes: 0 }
  const sealed: LastRun = { synchronous: 'off', home: '7-1', sealed: 5_000 }
  const killed: LastRun = { synchronous: 'full', home: '7-1', sealed: null }
  expect(keptItsTail(sealed, found)).toBe(true)
  expect(keptItsTail(sealed, { ...found, modifiedMs: 5_003 })).toBe(false)
  expect(keptItsTail(sealed, { ...found, home: '8-1' })).toBe(false)
  expect(keptItsTail(sealed, { ...found, walBytes: 100 })).toBe(false)
  expect(keptItsTail(killed, { ...found, walBytes: 100 })).toBe(true)
  expect(keptItsTail(killed, found)).toBe(false)
  expect(keptItsTail(killed, { ...found, walBytes: 100, home: '7-2' })).toBe(false)
  expect(keptItsTail({ ...killed, synchronous: 'normal' }, { ...found, walBytes: 100 })).toBe(false)
})
