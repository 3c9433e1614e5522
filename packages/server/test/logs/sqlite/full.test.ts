import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { virtualClock } from '@parley/shared/testing'
import { expect, onTestFinished, test } from 'vitest'
import type { Log } from '../../../src/logs/log.js'
import { sqliteLog } from '../../../src/logs/sqlite.js'
import { collector, entryOf, readAll, topicOf } from '../suite/harness.js'
import { openLog, testFolder } from './folder.js'

const long = 3_600_000
const room = topicOf('room', { last: 100_000, forMs: long, bytes: 1_000_000_000 })
const text = 'x'.repeat(10_000)

/** Appends until there is no more room; gives the positions that were promised, and the error. */
async function fill(log: Log, topic = room): Promise<{ offsets: number[]; error: unknown }> {
  const offsets: number[] = []
  for (;;) {
    try {
      offsets.push((await log.append(entryOf(topic, text))).offset)
    } catch (error) {
      return { offsets, error }
    }
  }
}

const full = { name: 'ParleyError', code: 'INTERNAL', message: expect.stringContaining('SQLITE_FULL') }

test('a full log rejects an append, shows nobody the event, and goes on when there is room', async () => {
  const clock = virtualClock()
  const path = join(testFolder(), 'events.db')
  const { log } = openLog(path, { clock, maxBytes: 1_048_576 })
  const tail = collector()
  await log.tail(tail.listener)
  const { offsets, error } = await fill(log)
  expect(error).toMatchObject(full)
  expect((error as Error).message).toContain(path)
  expect(offsets.length).toBeGreaterThan(50)
  expect(statSync(path).size).toBeLessThanOrEqual(1_048_576)

  const kept = await readAll(log, room, 'first')
  expect(kept.entries.map(({ offset }) => offset)).toEqual(offsets)
  expect(tail.items).toHaveLength(offsets.length)

  // what it holds expires, and there is room, also for a topic that is not the one that was trimmed
  await clock.advance(long + 1)
  const { offset } = await log.append(entryOf(topicOf('other', room.retention), text))
  expect(offset).toBe(offsets.at(-1)! + 1)
  expect(tail.items).toHaveLength(offsets.length + 1)
})

test('an append that was rejected can be repeated with its id', async () => {
  const clock = virtualClock()
  const { log } = openLog(join(testFolder(), 'events.db'), { clock, maxBytes: 1_048_576 })
  const short = topicOf('short', { last: 1_000, forMs: 1_000, bytes: 100_000_000 })
  await fill(log, short)
  const entry = entryOf(short, text)
  await expect(log.append(entry)).rejects.toMatchObject(full)
  await clock.advance(1_001)
  const position = await log.append(entry)
  expect(await log.append(entry)).toEqual(position)
  expect((await readAll(log, short, 'first')).texts).toEqual([text])
})

test('of the appends in one transaction all are rejected or none; volatile items are passed on all the same', async () => {
  const { log } = openLog(join(testFolder(), 'events.db'), { maxBytes: 1_048_576 })
  await fill(log)
  const before = await readAll(log, room, 'first')
  const tail = collector()
  await log.tail(tail.listener)
  const outcomes = await Promise.allSettled([
    log.append(entryOf(room, 'small')),
    log.publish({ topic: 'room', name: 'typing', data: { json: '1' }, schema: 's1' }),
    log.append(entryOf(room, 'x'.repeat(500_000))),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected'])
  expect(tail.items.map(({ type }) => type)).toEqual(['volatile'])
  expect((await readAll(log, room, 'first')).texts).toEqual(before.texts)
})

test('what a read found to be lost before a transaction failed is lost after it', async () => {
  const { log } = openLog(join(testFolder(), 'events.db'), { maxBytes: 1_048_576 })
  const { offsets } = await fill(log)
  const shorter = topicOf('room', { last: 2, forMs: long, bytes: 1_000_000_000 })
  const position = { epoch: (await log.tail(() => {})).epoch, offset: offsets[0]! }
  const gapOf = async () => (await log.read(shorter, position, { limit: 9, bytes: 90_000 })).gap
  const gap = await gapOf()
  expect(gap).toMatchObject({ reason: 'trimmed', first: { offset: offsets.at(-3) } })
  await expect(log.append(entryOf(topicOf('other'), 'x'.repeat(900_000)))).rejects.toMatchObject(full)
  expect(await gapOf()).toEqual(gap)
})

/** A disk of one's own, so small that it is full soon. It takes the right to mount, as root has it outside of some containers. */
function smallDisk(): string | undefined {
  const folder = join(testFolder(), 'disk')
  mkdirSync(folder)
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder])
  if (status !== 0) return undefined
  onTestFinished(() => {
    spawnSync('umount', ['-l', folder])
  })
  return folder
}

test('a full disk rejects appends, and nothing that was promised is lost', async ({ skip }) => {
  const disk = smallDisk()
  if (disk === undefined) return skip('mounting a small disk takes a right that this process has not')
  const path = join(disk, 'events.db')
  const ballast = join(disk, 'ballast')
  writeFileSync(ballast, new Uint8Array(1_200_000))
  const log = sqliteLog(path, { synchronous: 'full' })
  const { offsets, error } = await fill(log)
  expect(error).toMatchObject(full)
  const offsetsOf = async (one: Log) =>
    (await readAll(one, room, 'first')).entries.map(({ offset }) => offset)
  expect(await offsetsOf(log)).toEqual(offsets)

  writeFileSync(ballast, new Uint8Array(1_000_000))
  offsets.push((await log.append(entryOf(room, text))).offset)
  expect(offsets.at(-1)).toBe(offsets.length)

  // there is no room either to put everything in its place
  expect(() => writeFileSync(ballast, new Uint8Array(2_000_000))).toThrow('ENOSPC')
  await expect(log.close()).rejects.toMatchObject(full)
  rmSync(ballast)
  const { log: again } = openLog(path)
  expect(await offsetsOf(again)).toEqual(offsets)
})

test('a log that finds its disk full when it starts says so, and leaves the file as it is', async ({
  skip,
}) => {
  const disk = smallDisk()
  if (disk === undefined) return skip('mounting a small disk takes a right that this process has not')
  const path = join(disk, 'events.db')
  const made = sqliteLog(path)
  await made.append(entryOf(room, 'kept'))
  await made.close()
  const ballast = join(disk, 'ballast')
  expect(() => writeFileSync(ballast, new Uint8Array(3_000_000))).toThrow('ENOSPC')
  expect(() => sqliteLog(path)).toThrow(
    expect.objectContaining({
      code: 'BAD_OPTIONS',
      message: expect.stringMatching(/has no more room.*Make room/),
    }),
  )
  expect(() => sqliteLog(join(disk, 'new.db'))).toThrow(/has no more room/)
  rmSync(ballast)
  const { log } = openLog(path)
  expect((await readAll(log, room, 'first')).texts).toEqual(['kept'])
})
