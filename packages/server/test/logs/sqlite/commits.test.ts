import { Database } from 'bun:sqlite'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Log } from '../../../src/logs/log.js'
import { packBlobs, unpackBlobs } from '../../../src/logs/sqlite/blobs.js'
import { collector, entryOf, readAll, topicOf, wide } from '../suite/harness.js'
import { openLog, testFolder } from './folder.js'

const room = topicOf('room', { last: 100_000, forMs: 3_600_000, bytes: 1_000_000_000 })

/** What another program would find in the file if this process were killed now. */
function onDisk(path: string): string[] {
  const copy = join(testFolder(), 'copy.db')
  copyFileSync(path, copy)
  copyFileSync(`${path}-wal`, `${copy}-wal`)
  const db = new Database(copy)
  const rows = db.query<{ json: string }, []>('SELECT json FROM entries ORDER BY seq').all()
  db.close(true)
  return rows.map(({ json }) => JSON.parse(json))
}

describe('appends', () => {
  test('are on the disk before they resolve and before a tail is told, and not at once', async () => {
    const path = join(testFolder(), 'events.db')
    const { log } = openLog(path)
    const seen: { by: string; disk: string[] }[] = []
    await log.tail(() => seen.push({ by: 'tail', disk: onDisk(path) }))
    const appending = log.append(entryOf(room, 'a'))
    expect(onDisk(path)).toEqual([])
    expect(seen).toEqual([])
    await appending
    expect(seen).toEqual([{ by: 'tail', disk: ['a'] }])
  })

  test('of one tick share a transaction: the first tail that is told finds all of them on the disk', async () => {
    const path = join(testFolder(), 'events.db')
    const { log } = openLog(path)
    const disks: number[] = []
    await log.tail(() => disks.push(onDisk(path).length))
    await Promise.all(Array.from({ length: 20 }, (_, i) => log.append(entryOf(room, `${i}`))))
    expect(disks).toEqual(new Array(20).fill(20))
  })

  test('that come while a commit is due join it', async () => {
    const path = join(testFolder(), 'events.db')
    const { log } = openLog(path)
    const disks: number[] = []
    await log.tail(() => disks.push(onDisk(path).length))
    const first = log.append(entryOf(room, 'a'))
    await Promise.resolve()
    const second = log.append(entryOf(room, 'b'))
    await Promise.all([first, second])
    expect(disks).toEqual([2, 2])
  })

  test('in great number are written in parts, so that other work gets its turn between them', async () => {
    const path = join(testFolder(), 'events.db')
    const { log } = openLog(path)
    const turns: number[] = []
    let done = 0
    const appends = Array.from({ length: 1_200 }, (_, i) =>
      log.append(entryOf(room, `${i}`)).then(() => {
        done++
      }),
    )
    const look = () => {
      turns.push(done)
      if (done < 1_200) setImmediate(look)
    }
    setImmediate(look)
    await Promise.all(appends)
    expect(turns).toEqual(expect.arrayContaining([500, 1_000]))
    expect((await readAll(log, room, 'first')).texts).toEqual(Array.from({ length: 1_200 }, (_, i) => `${i}`))
  })

  test('that are large are written a few at a time', async () => {
    const { log } = openLog(join(testFolder(), 'events.db'))
    const half = 'x'.repeat(600_000)
    let done = 0
    const first = log.append(entryOf(room, half)).then(() => done++)
    const second = log.append(entryOf(room, half)).then(() => done++)
    await first
    await Promise.resolve()
    expect(done).toBe(1)
    await second
  })

  test('beyond what may wait for the disk are refused, and cost those before them nothing', async () => {
    const { log } = openLog(join(testFolder(), 'events.db'), { synchronous: 'off' })
    const topic = topicOf('room', { last: 2, forMs: 1_000, bytes: 1_000_000_000 })
    const text = 'x'.repeat(8_000_000)
    const appends = Array.from({ length: 10 }, () => log.append(entryOf(topic, text)))
    const outcomes = await Promise.allSettled(appends)
    const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
    expect(refused).toEqual(['OVERLOADED', 'OVERLOADED'])
    // what was written makes room for more
    for (let offset = 9; offset < 12; offset++) {
      expect((await log.append(entryOf(topic, text))).offset).toBe(offset)
    }
  })

  test('are refused in great number, too, however small they are, and volatile items with them', async () => {
    const { log } = openLog(join(testFolder(), 'events.db'), { synchronous: 'off' })
    const publish = () => log.publish({ topic: 'room', name: 'typing', data: { json: '1' }, schema: 's1' })
    const many = Array.from({ length: 250_000 }, (_, n) =>
      n % 50 ? publish() : log.append(entryOf(room, 'x')),
    )
    const outcomes = await Promise.allSettled(many)
    const first = outcomes.findIndex(({ status }) => status === 'rejected')
    expect(first).toBeGreaterThan(200_000)
    expect(outcomes.slice(0, first).every(({ status }) => status === 'fulfilled')).toBe(true)
    expect(outcomes.at(-1)).toMatchObject({ reason: { code: 'OVERLOADED' } })
  })

  test('one of any size is taken', async () => {
    const { log } = openLog(join(testFolder(), 'events.db'), { synchronous: 'off' })
    const text = 'x'.repeat(70_000_000)
    await log.append(entryOf(room, text))
    expect((await readAll(log, room, 'first')).texts[0] === text).toBe(true)
  })
})

test('an entry that cannot be stored fails its transaction, and nothing of that is left', async () => {
  const { log } = openLog(join(testFolder(), 'events.db'))
  const first = await log.append(entryOf(room, 'a'))
  const good = entryOf(room, 'b')
  const outcomes = await Promise.allSettled([
    log.append(good),
    log.append(entryOf(room, 'c', { schema: undefined as unknown as string })),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect((await readAll(log, room, 'first')).texts).toEqual(['a'])
  expect((await log.append(good)).offset).toBe(first.offset + 1)
  expect((await readAll(log, room, 'first')).texts).toEqual(['a', 'b'])
})

test.each([
  { synchronous: 'full', said: 2 },
  { synchronous: 'normal', said: 1 },
  { synchronous: 'off', said: 0 },
  { synchronous: undefined, said: 1 },
] as const)('SQLite is told to be $synchronous', ({ synchronous, said }) => {
  const path = join(testFolder(), 'events.db')
  expect(openLog(path, synchronous && { synchronous }).synchronous()).toBe(said)
})

test('a volatile item is passed on at once where nothing waits', async () => {
  const { log } = openLog(join(testFolder(), 'events.db'))
  const tail = collector()
  await log.tail(tail.listener)
  void log.publish({ topic: 'room', name: 'typing', data: { json: '1' }, schema: 's1' })
  expect(tail.items).toHaveLength(1)
})

describe('a page', () => {
  test('ends before it keeps the event loop long, and says that it is not done', async () => {
    const { log } = openLog(join(testFolder(), 'events.db'))
    await Promise.all(Array.from({ length: 1_100 }, (_, i) => log.append(entryOf(room, `${i}`))))
    const read = await readAll(log, room, 'first', { limit: 100_000, bytes: 1_000_000_000 })
    expect(read.pages.map(({ entries }) => entries.length)).toEqual([500, 500, 100])
  })

  test('gives entries as they were, whatever is in them', async () => {
    const { log } = openLog(join(testFolder(), 'events.db'), { synchronous: 'off' })
    const text = fc.string({ unit: 'grapheme', maxLength: 20 })
    const entry = fc.record(
      {
        json: text,
        meta: text,
        except: text,
        name: text,
        id: text,
        schema: text,
        blobs: fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 3 }),
      },
      { requiredKeys: ['json', 'name', 'id', 'schema'] },
    )
    let n = 0
    await fc.assert(
      fc.asyncProperty(entry, async ({ json, meta, blobs, except, name, id, schema }) => {
        const data = { json, ...(meta !== undefined && { meta }), ...(blobs && { blobs }) }
        const topic = topicOf(`room ${n++}`)
        const given = { topic, id, name, data, schema, ...(except !== undefined && { except }) }
        await log.append(given)
        const [read] = (await log.read(topic, 'first', wide)).entries
        expect(read).toEqual({
          ...given,
          topic: topic.key,
          offset: expect.any(Number),
          at: expect.any(Number),
        })
      }),
      { numRuns: 200 },
    )
  })
})

test('blobs come out as they went in', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), (blobs) => {
      expect(unpackBlobs(packBlobs(blobs)).map((blob) => [...blob])).toEqual(blobs.map((blob) => [...blob]))
    }),
  )
})

test('ids that differ only in where topic, name and id meet are different', async () => {
  const { log } = openLog(join(testFolder(), 'events.db'))
  const offsets = await appendAs(log, [
    ['ab', 'c', 'd'],
    ['a', 'bc', 'd'],
    ['a', 'b', 'cd'],
  ])
  expect(offsets).toEqual([1, 2, 3])
})

async function appendAs(log: Log, triples: readonly (readonly [string, string, string])[]) {
  const offsets: number[] = []
  for (const [key, name, id] of triples) {
    offsets.push((await log.append(entryOf(topicOf(key), 'x', { name, id }))).offset)
  }
  return offsets
}
