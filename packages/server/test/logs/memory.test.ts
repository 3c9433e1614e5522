import type { Position } from '@parley/shared/internal'
import { virtualClock } from '@parley/shared/testing'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { memoryLog } from '../../src/index.js'
import type { Entry, LogTopic, TailItem } from '../../src/logs/log.js'
import { type MemoryLogOptions, openMemoryLog } from '../../src/logs/memory.js'
import { logSuite } from './log-suite.js'
import { appendAll, collector, entryOf, readAll, roomy, textsOf, topicOf, wide } from './suite/harness.js'

logSuite('memoryLog', {
  async create() {
    const clock = virtualClock()
    const { log, newEpoch } = openMemoryLog({ clock, onListenerError: () => {} })
    return {
      log,
      clock,
      async newEpoch(survived) {
        newEpoch(survived)
      },
      cleanup: () => log.close(),
    }
  },
  without: {
    once: 'what it holds is lost with the process, and then a call would run a second time',
    contracts: 'what it holds is lost with the process, and so it would know the present one alone',
    reopen: 'what it holds is lost when it is closed',
    another: 'it belongs to one process',
  },
})

/** A log in which each topic may hold what it likes, within the bounds of the log. */
function bounded(options: MemoryLogOptions) {
  const clock = virtualClock()
  return { clock, ...openMemoryLog({ clock, ...options }) }
}

describe('a memory log', () => {
  test('has an epoch of its own each time, so that a restart is never taken for the same log', async () => {
    const topic = topicOf('room')
    const clock = virtualClock()
    const [position] = await appendAll(memoryLog({ clock }), topic, ['before the restart'])
    const restarted = memoryLog({ clock })
    await appendAll(restarted, topic, ['a', 'b'])
    expect(position!.epoch).toMatch(/^[0-9A-Za-z]{10}$/)
    const read = await readAll(restarted, topic, position!)
    expect(read).toMatchObject({ texts: ['a', 'b'], gaps: [{ after: position, reason: 'reset' }] })
  })

  test('takes the name of its epoch from who knows better, and refuses one that no position can carry', async () => {
    const log = memoryLog({ epoch: 'boot7' })
    expect(await log.append(entryOf(topicOf('room'), 'a'))).toEqual({ epoch: 'boot7', offset: 1 })
    for (const epoch of ['', 'with space', 'a-b', 'x'.repeat(33)]) {
      expect(() => memoryLog({ epoch })).toThrow(expect.objectContaining({ code: 'BAD_OPTIONS' }))
    }
  })

  test('has called its tails when append returns, before its promise resolves', async () => {
    const log = memoryLog()
    const tail = collector()
    await log.tail(tail.listener)
    const appending = log.append(entryOf(topicOf('room'), 'a'))
    expect(tail.items).toHaveLength(1)
    await appending
  })

  test('hands the error of a listener to onListenerError, after everybody was told', async () => {
    const order: unknown[] = []
    const log = memoryLog({ onListenerError: (error) => order.push(error) })
    const broken = new Error('a listener broke')
    await log.tail(() => {
      throw broken
    })
    await log.tail(() => order.push('told'))
    await log.append(entryOf(topicOf('room'), 'a'))
    expect(order).toEqual(['told', broken])
  })

  test('needs no timer', async () => {
    const { clock, log } = bounded({})
    await appendAll(log, topicOf('room'), ['a', 'b'])
    await log.tail(() => {})
    expect(clock.pending()).toBe(0)
  })

  test('counts what it holds, and holds nothing after close', async () => {
    const { log, inspect } = bounded({})
    const tail = await log.tail(() => {})
    await log.tail(() => {})
    await appendAll(log, topicOf('a'), ['x', 'y'])
    await appendAll(log, topicOf('b'), ['z'])
    expect(inspect()).toMatchObject({ topics: 2, ids: 3, tails: 2 })
    expect(inspect().bytes).toBeGreaterThan(0)
    tail.close()
    expect(inspect().tails).toBe(1)
    await log.close()
    expect(inspect()).toEqual({ topics: 0, bytes: 0, ids: 0, tails: 0 })
  })

  test('does not hold a topic because somebody read it', async () => {
    const { log, inspect } = bounded({})
    await log.read(topicOf('never written'), 'first', wide)
    expect(inspect().topics).toBe(0)
  })

  test('forgets ids after four minutes at the latest', async () => {
    const { clock, log, inspect } = bounded({})
    const topic = topicOf('room')
    const entry = entryOf(topic, 'again')
    await log.append(entry)
    await clock.advance(240_000)
    await log.append(entry)
    expect((await readAll(log, topic, 'first')).texts).toEqual(['again', 'again'])
    expect(inspect().ids).toBe(1)
  })

  test('forgets ids before their time rather than outgrow its bounds', async () => {
    const { log, inspect } = bounded({ maxBytes: 60_000 })
    for (let i = 0; i < 2_000; i++) await log.append(entryOf(topicOf('room'), `${i}`))
    expect(inspect().ids).toBeLessThanOrEqual(100)
    expect(inspect().ids).toBeGreaterThanOrEqual(50)
  })

  test('gives back what a shrinking window held', async () => {
    const { clock, log, inspect } = bounded({})
    const topic = topicOf('room', { ...roomy, forMs: 1_000 })
    await appendAll(log, topic, ['a'])
    const one = inspect().bytes
    for (let i = 0; i < 100; i++) await log.append(entryOf(topic, 'x'.repeat(100)))
    await clock.advance(1_001)
    await appendAll(log, topic, ['a'])
    expect(inspect().bytes).toBe(one)
  })
})

describe('a memory log over its bounds', () => {
  const a = topicOf('a')
  const b = topicOf('b')
  const c = topicOf('c')

  test('gives up the topic that was idle longest, and a reader of it is told', async () => {
    const { log, inspect } = bounded({ maxTopics: 2 })
    const [firstOfA, secondOfA] = await appendAll(log, a, ['a1', 'a2'])
    await appendAll(log, b, ['b1'])
    const [head] = await appendAll(log, c, ['c1'])
    expect(inspect().topics).toBe(2)
    const page = await log.read(a, firstOfA!, wide)
    expect(page.gap).toEqual({ after: firstOfA, first: secondOfA, reason: 'trimmed' })
    expect(page).toMatchObject({ start: secondOfA, entries: [], position: head, done: true })
    expect((await readAll(log, b, 'first')).texts).toEqual(['b1'])
  })

  test('counts reading as use', async () => {
    const { log } = bounded({ maxTopics: 2 })
    await appendAll(log, a, ['a1'])
    await appendAll(log, b, ['b1'])
    await log.read(a, 'first', wide)
    await appendAll(log, c, ['c1'])
    expect((await readAll(log, a, 'first')).texts).toEqual(['a1'])
    expect((await readAll(log, b, 'first')).texts).toEqual([])
  })

  test('a position at or above the highest offset ever given up is good on a topic no longer held', async () => {
    const { log } = bounded({ maxTopics: 1 })
    const [, secondOfA] = await appendAll(log, a, ['a1', 'a2'])
    const [firstOfB] = await appendAll(log, b, ['b1'])
    for (const position of [secondOfA!, firstOfB!]) {
      expect((await readAll(log, a, position)).gaps).toEqual([])
    }
  })

  test('a topic that is held again still tells old readers what they missed, and new ones nothing', async () => {
    const { log } = bounded({ maxTopics: 1 })
    const [firstOfA, secondOfA] = await appendAll(log, a, ['a1', 'a2'])
    await appendAll(log, b, ['b1'])
    await appendAll(log, a, ['a3'])
    expect(await readAll(log, a, firstOfA!)).toMatchObject({
      texts: ['a3'],
      gaps: [{ after: firstOfA, reason: 'trimmed' }],
    })
    const lastGivenUp = { ...secondOfA!, offset: 3 }
    expect(await readAll(log, a, lastGivenUp)).toMatchObject({ texts: ['a3'], gaps: [] })
    expect(await readAll(log, a, 'first')).toMatchObject({ texts: ['a3'], gaps: [] })
  })

  test('a reset on a topic no longer held leads to the highest offset ever given up', async () => {
    const { log } = bounded({ maxTopics: 1 })
    const [, secondOfA] = await appendAll(log, a, ['a1', 'a2'])
    await appendAll(log, b, ['b1'])
    const foreign = { epoch: 'other', offset: 1 }
    expect((await log.read(a, foreign, wide)).gap).toEqual({
      after: foreign,
      first: secondOfA,
      reason: 'reset',
    })
  })

  test('keeps below its bytes by giving up topics, and then the oldest of the only one', async () => {
    const { log, inspect } = bounded({ maxBytes: 5_000 })
    const [firstOfA] = await appendAll(log, a, ['x'.repeat(1_000), 'y'.repeat(1_000)])
    const texts = ['b', 'c', 'd', 'e', 'f'].map((letter) => letter.repeat(1_000))
    const [firstOfB] = await appendAll(log, b, texts)
    expect(inspect()).toMatchObject({ topics: 1 })
    expect(inspect().bytes).toBeLessThanOrEqual(5_000)
    expect((await readAll(log, a, firstOfA!)).gaps).toMatchObject([{ reason: 'trimmed' }])
    const read = await readAll(log, b, firstOfB!)
    expect(read.gaps).toMatchObject([{ after: firstOfB, reason: 'trimmed' }])
    expect(read.texts).toEqual(texts.slice(-read.texts.length))
    expect(read.texts.length).toBeGreaterThan(1)
  })

  test('an entry that is larger than all memory is told live, and to later readers as a gap', async () => {
    const { log, inspect } = bounded({ maxBytes: 2_000 })
    const tail = collector()
    await log.tail(tail.listener)
    const { position } = await log.read(a, { last: 0 }, wide)
    const [huge] = await appendAll(log, a, ['x'.repeat(3_000)])
    expect(inspect().bytes).toBeLessThanOrEqual(2_000)
    expect(tail.items).toHaveLength(1)
    expect((await readAll(log, a, position)).gaps).toMatchObject([{ first: huge, reason: 'trimmed' }])
  })

  test('gives up latest topics last, and says so on the tail, after the entry that cost them', async () => {
    const { log } = bounded({ maxTopics: 2 })
    const tail = collector()
    await log.tail(tail.listener)
    const values = (key: string) => topicOf(key, 'latest')
    await appendAll(log, values('oldest values'), ['v1'])
    await appendAll(log, a, ['a1'])
    await appendAll(log, b, ['b1'])
    expect((await readAll(log, values('oldest values'), 'first')).texts).toEqual(['v1'])
    await appendAll(log, values('values 2'), ['v2'])
    await appendAll(log, values('values 3'), ['v3'])
    const told = tail.items.map((item) => (item.type === 'entry' ? item.entry.topic : item))
    expect(told).toEqual([
      'oldest values',
      'a',
      'b',
      'values 2',
      'values 3',
      { type: 'evicted', topic: 'oldest values' },
    ])
  })

  test('an entry too large to keep costs no latest topic its values', async () => {
    const { log, inspect } = bounded({ maxBytes: 2_000 })
    const values = topicOf('values', 'latest')
    await appendAll(log, values, ['v1'])
    await appendAll(log, a, ['x'.repeat(3_000)])
    expect((await readAll(log, values, 'first')).texts).toEqual(['v1'])
    expect(inspect().topics).toBe(2)
    await appendAll(log, topicOf('k'.repeat(500)), ['x'.repeat(3_000)])
    expect((await readAll(log, values, 'first')).texts).toEqual(['v1'])
  })

  test('a new epoch below what was given up begins whole', async () => {
    const { log, newEpoch } = bounded({ maxTopics: 1 })
    await appendAll(log, a, ['a1', 'a2', 'a3'])
    await appendAll(log, b, ['b1'])
    const epoch = newEpoch(1)
    await appendAll(log, a, ['a4'])
    expect(await readAll(log, a, { epoch, offset: 1 })).toMatchObject({ texts: ['a4'], gaps: [] })
  })

  test('a reader of latest values that were given up is told', async () => {
    const { log } = bounded({ maxTopics: 1 })
    const values = topicOf('values', 'latest')
    const { position } = await log.read(values, { last: 0 }, wide)
    const [first] = await appendAll(log, values, ['v1'])
    await appendAll(log, topicOf('other values', 'latest'), ['x'])
    expect(await readAll(log, values, position)).toMatchObject({
      texts: [],
      gaps: [{ first, reason: 'trimmed' }],
    })
  })

  test('whatever happens, it stays within its bounds, and nobody loses an entry without a gap', async () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant('append' as const),
          topic: fc.nat(5),
          name: fc.constantFrom('a', 'b'),
          size: fc.nat(400),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('read' as const), reader: fc.nat(7), limit: fc.nat(4) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(1_500) }) },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constant('adjust' as const),
          ms: fc.integer({ min: -5_000, max: 5_000 }),
        }),
      },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 150, size: 'max' }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1_000, max: 8_000 }),
        async (history, maxTopics, maxBytes) => {
          const { clock, log, inspect } = bounded({ maxTopics, maxBytes })
          const topics: LogTopic[] = Array.from({ length: 6 }, (_, i) =>
            topicOf(`${i}`, i < 2 ? 'latest' : { last: 5, forMs: i < 4 ? 2_000 : 3_600_000, bytes: 900 }),
          )
          const told: Entry[] = []
          await log.tail((item: TailItem) => {
            if (item.type === 'entry') told.push(item.entry)
          })
          const start = (await log.read(topics[0]!, { last: 0 }, wide)).position
          const readers = Array.from({ length: 8 }, (_, i) => ({
            topic: topics[i % 6]!,
            position: start,
            got: [] as Entry[],
            gaps: [] as { after: Position; first: Position }[],
          }))
          const read = async (reader: (typeof readers)[number], limit: number) => {
            const page = await log.read(reader.topic, reader.position, { limit, bytes: 500 })
            if (page.gap) reader.gaps.push(page.gap)
            reader.got.push(...page.entries)
            reader.position = page.position
            return page.done
          }
          for (const step of history) {
            if (step.do === 'append') {
              const text = 'x'.repeat(step.size)
              await log.append(entryOf(topics[step.topic]!, text, { name: step.name }))
            } else if (step.do === 'read') await read(readers[step.reader]!, step.limit)
            else if (step.do === 'pass') await clock.advance(step.ms)
            else clock.adjust(step.ms)
            expect(inspect().topics).toBeLessThanOrEqual(maxTopics)
            expect(inspect().bytes).toBeLessThanOrEqual(maxBytes)
          }
          for (const reader of readers) {
            while (!(await read(reader, 2)));
            const given = reader.got.map(({ offset }) => offset)
            expect(given).toEqual([...new Set(given)].sort((x, y) => x - y))
            for (const entry of told.filter(({ topic }) => topic === reader.topic.key)) {
              const { offset, name } = entry
              if (given.includes(offset)) continue
              const inGap = reader.gaps.some(
                ({ after, first }) => after.offset < offset && offset <= first.offset,
              )
              const replaced =
                reader.topic.retention === 'latest' &&
                told.some(
                  (later) => later.topic === entry.topic && later.name === name && later.offset > offset,
                )
              expect(inGap || replaced).toBe(true)
            }
          }
        },
      ),
      { numRuns: 200 },
    )
  })
})

test('the texts of a page come back as they were', async () => {
  const log = memoryLog()
  const topic = topicOf('room')
  const texts = ['', '\u2028', '🎈', 'line\nbreak', '"quoted"']
  await appendAll(log, topic, texts)
  expect(textsOf((await log.read(topic, 'first', wide)).entries)).toEqual(texts)
})
