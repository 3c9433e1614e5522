import { Database } from 'bun:sqlite'
import { join } from 'node:path'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import type { Log } from '../../../src/logs/log.js'
import { appendAll, entryOf, readAll, topicOf, wide } from '../suite/harness.js'
import { openLog, testFolder } from './folder.js'

const minute = 60_000
const day = 24 * 60 * minute
const others = topicOf('others', { last: 10, forMs: minute, bytes: 100_000 })

/** A log in virtual time, and the numbers of rows that its file holds when it is closed. */
function timedLog() {
  const clock = virtualClock()
  const path = join(testFolder(), 'events.db')
  const open = openLog(path, { clock, synchronous: 'off' })
  const reopen = async () => {
    await open.log.close()
    return openLog(path, { clock, synchronous: 'off' }).log
  }
  const rows = async () => {
    await open.log.close()
    const db = new Database(path)
    const count = (table: string) =>
      db.query<{ n: number }, []>(`SELECT count(*) AS n FROM ${table}`).get()!.n
    const counts = { entries: count('entries'), ids: count('ids'), topics: count('topics') }
    db.close(true)
    return counts
  }
  return { clock, ...open, reopen, rows }
}

/** Lets other topics be written to for a while. */
async function goOn(log: Log, rounds: number): Promise<void> {
  for (let n = 0; n < rounds; n++) {
    await Promise.all(Array.from({ length: 64 }, () => log.append(entryOf(others, 'x'))))
  }
}

test('what a window lets go of leaves the disk', async () => {
  const { log, rows } = timedLog()
  const topic = topicOf('busy', { last: 5, forMs: minute, bytes: 100_000 })
  for (let n = 0; n < 1_000; n++) await log.append(entryOf(topic, `${n}`))
  const { entries } = await rows()
  expect(entries).toBeGreaterThanOrEqual(5)
  expect(entries).toBeLessThan(5 + 64)
})

test('what expired in topics that nobody uses leaves the disk, while others are written to', async () => {
  const { clock, log, rows } = timedLog()
  for (let n = 0; n < 100; n++) {
    await appendAll(log, topicOf(`quiet ${n}`, { last: 100, forMs: minute, bytes: 10_000 }), ['a', 'b'])
  }
  await clock.advance(minute + 1)
  await goOn(log, 20)
  expect((await rows()).entries).toBeLessThan(100)
})

test('what expired while nobody used it is known after a restart', async () => {
  const { clock, log, reopen } = timedLog()
  const quiet = topicOf('quiet', { last: 100, forMs: minute, bytes: 10_000 })
  const [first, second] = await appendAll(log, quiet, ['a', 'b'])
  await clock.advance(minute + 1)
  await goOn(log, 4)
  const again = await reopen()
  const longer = topicOf('quiet', { last: 100, forMs: 10 * minute, bytes: 10_000 })
  expect((await again.read(longer, first!, wide)).gap).toMatchObject({ first: second, reason: 'expired' })
  await appendAll(again, longer, ['c'])
  await clock.advance(11 * minute)
  expect((await readAll(again, longer, 'first')).texts).toEqual([])
})

test('what a reader was told is lost stays lost, however many topics are read before that is written', async () => {
  const { log } = timedLog()
  const topics = Array.from({ length: 5_000 }, (_, n) => topicOf(`${n}`))
  const room = topicOf('room')
  await appendAll(log, room, ['a', 'b', 'c'])
  await Promise.all(topics.map((topic) => log.append(entryOf(topic, topic.key))))
  const shorter = topicOf('room', { last: 1, forMs: day, bytes: 10_000 })
  expect((await readAll(log, shorter, 'first')).texts).toEqual(['c'])
  for (const topic of topics) await log.read(topic, 'first', wide)
  expect((await readAll(log, room, 'first')).texts).toEqual(['c'])
})

test('a large window that expired leaves the disk in parts, and none of it is shown meanwhile', async () => {
  const { clock, log, rows } = timedLog()
  const large = topicOf('large', { last: 100_000, forMs: minute, bytes: 10_000_000 })
  const positions = await Promise.all(Array.from({ length: 5_000 }, () => log.append(entryOf(large, 'x'))))
  await clock.advance(minute + 1)
  const page = await log.read(large, positions[0]!, wide)
  expect(page).toMatchObject({ entries: [], gap: { reason: 'expired', first: positions.at(-1) } })
  await goOn(log, 20)
  expect((await rows()).entries).toBeLessThan(100)
})

test('ids are forgotten after their time, on the disk too', async () => {
  const { clock, log, rows, inspect } = timedLog()
  await goOn(log, 20)
  expect(inspect().ids).toBe(1_280)
  await clock.advance(5 * minute)
  await goOn(log, 10)
  expect(inspect().ids).toBeLessThanOrEqual(640)
  expect((await rows()).ids).toBeLessThanOrEqual(640)
})

test('a topic that keeps nothing is forgotten after a week, and tells nobody of what it lost but readers from before', async () => {
  const { clock, log, reopen, rows } = timedLog()
  const quiet = topicOf('quiet', { last: 100, forMs: minute, bytes: 10_000 })
  const [first, second] = await appendAll(log, quiet, ['a', 'b'])
  await clock.advance(2 * minute)
  await goOn(log, 2)
  await clock.advance(6 * day)
  await goOn(log, 2)
  expect((await log.read(quiet, first!, wide)).gap).toMatchObject({ first: second, reason: 'expired' })
  await clock.advance(8 * day)
  await goOn(log, 2)
  expect((await log.read(quiet, first!, wide)).gap).toMatchObject({ first: second, reason: 'trimmed' })
  expect((await log.read(quiet, second!, wide)).gap).toBeUndefined()

  const again = await reopen()
  expect((await again.read(quiet, first!, wide)).gap).toMatchObject({ first: second, reason: 'trimmed' })
  const [third] = await appendAll(again, quiet, ['c'])
  expect(await readAll(again, quiet, first!)).toMatchObject({ texts: ['c'], gaps: [{ reason: 'trimmed' }] })
  expect(await readAll(again, quiet, second!)).toMatchObject({ texts: ['c'], gaps: [] })
  expect(await readAll(again, quiet, third!)).toMatchObject({ texts: [], gaps: [] })
  await clock.advance(2 * minute)
  await goOn(again, 2)
  await clock.advance(8 * day)
  await goOn(again, 2)
  await again.close()
  expect((await rows()).topics).toBe(1)
})

test('latest values are never forgotten', async () => {
  const { clock, log } = timedLog()
  const values = topicOf('values', 'latest')
  await appendAll(log, values, ['v'])
  for (let n = 0; n < 3; n++) {
    await clock.advance(30 * day)
    await goOn(log, 2)
  }
  expect((await readAll(log, values, 'first')).texts).toEqual(['v'])
})

test('the memory that it takes does not grow with its topics, however they are used', async () => {
  const { log, inspect } = timedLog()
  const topics = Array.from({ length: 6_000 }, (_, n) => topicOf(`${n}`))
  await Promise.all(topics.map((topic) => log.append(entryOf(topic, topic.key))))
  expect(inspect().topics).toBeLessThanOrEqual(4_096)
  const shorter = topics.map(({ key }) => topicOf(key, { last: 0, forMs: minute, bytes: 0 }))
  // each of these finds something lost that the file does not know of yet
  for (const topic of shorter) await log.read(topic, 'first', wide)
  expect(inspect().topics).toBeLessThanOrEqual(4_096)
  for (const topic of shorter.slice(0, 50)) {
    expect((await readAll(log, topic, 'first')).texts).toEqual([])
  }
})

test('a window without an end, and times that are no whole milliseconds, are kept as they are meant', async () => {
  const { clock, log } = timedLog()
  const endless = topicOf('endless', {
    last: Number.POSITIVE_INFINITY,
    forMs: Number.POSITIVE_INFINITY,
    bytes: 1e9,
  })
  const brief = topicOf('brief', { last: 10, forMs: 0.5, bytes: 1_000 })
  await clock.advance(0.25)
  await appendAll(log, endless, ['a'])
  await appendAll(log, brief, ['b'])
  expect((await readAll(log, brief, 'first')).texts).toEqual(['b'])
  await clock.advance(1_000 * day)
  expect((await readAll(log, brief, 'first')).texts).toEqual([])
  const [entry] = (await readAll(log, endless, 'first')).entries
  expect(Number.isSafeInteger(entry!.at)).toBe(true)
})

test('a log that nobody uses has no timer', async () => {
  const { clock, log } = timedLog()
  await appendAll(log, others, ['a'])
  await log.read(others, 'first', wide)
  expect(clock.pending()).toBe(0)
})
