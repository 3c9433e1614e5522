import { channel, defineContract, type Report, volatile } from '@parley/shared'
import { createCodec, limits, type Topic, topicOf } from '@parley/shared/internal'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Log, TailItem } from '../../src/logs/log.js'
import { openMemoryLog } from '../../src/logs/memory.js'
import { Reader, type Sink } from '../../src/shell/reader.js'
import { Topics } from '../../src/topics.js'

const contract = defineContract({
  room: channel({
    params: z.object({ id: z.string() }),
    events: { message: z.number(), typing: volatile(z.number()) },
    replay: { last: 100, for: '1h' },
  }),
})
const spec = contract.channels.get('room')!
const rooms = { a: topicOf(spec, { id: 'a' }), b: topicOf(spec, { id: 'b' }) }

/** A node, and a log that loses what it should pass on to it where the test says so. */
async function world(seed = 1) {
  const clock = virtualClock({ seed })
  const { log: memory, newEpoch, inspect } = openMemoryLog({ clock })
  const faults = { swallows: (_: TailItem): boolean => false, delayMs: 0, isDown: false }
  let headReads = 0
  const log: Log = {
    append: (entry) => memory.append(entry),
    publish: (item) => memory.publish(item),
    close: () => memory.close(),
    read: async (topic, ...rest) => {
      if (topic.key === 'parley.audit') {
        headReads++
        if (faults.isDown) throw new Error('down')
      }
      return memory.read(topic, ...rest)
    },
    tail: (listener) =>
      memory.tail((item) => {
        if (faults.swallows(item)) return
        if (faults.delayMs === 0) listener(item)
        else clock.after(faults.delayMs, () => listener(item))
      }),
  }
  const reports: Report[] = []
  const topics = new Topics({
    log,
    codec: createCodec(),
    limits,
    clock,
    onReport: (one) => reports.push(one),
  })
  await topics.open()
  const read = (topic: Topic) => reader(topics, topic)
  return {
    clock,
    topics,
    faults,
    reports,
    read,
    newEpoch,
    tails: () => inspect().tails,
    headReads: () => headReads,
  }
}

/** A reader, and what it was handed: events and gaps. */
function reader(topics: Topics, topic: Topic) {
  const got: string[] = []
  const sink: Sink = {
    confirm() {},
    event(event) {
      got.push(
        String(event.frame).replace(
          /^\["(\w)",\d+,(?:(\d+),)?.*,(\d+)\]$/,
          (_, tag, at, n) => `${tag}${at ?? ''}=${n}`,
        ),
      )
      return true
    },
    moved() {},
    gap: ({ reason }) => got.push(`gap ${reason}`),
    live() {},
    end() {},
    failed: (error) => got.push(String(error)),
    queued: () => 0,
    capacity: 1_000_000,
    onDrain(run) {
      queueMicrotask(run)
      return () => {}
    },
  }
  const one = new Reader({ topics, topic, from: 'now', sink })
  return { got, leave: () => one.leave() }
}

test('what the log does not pass on reaches its readers within a minute, in order and once, and is reported', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { clock, topics, faults, reports, read } = await world(seed)
    const [a, b] = [read(rooms.a), read(rooms.b)]
    await topics.emit(rooms.a, 'message', 1)
    faults.swallows = () => true
    await topics.emit(rooms.a, 'message', 2)
    await topics.emit(rooms.b, 'message', 3)
    await clock.settle()
    faults.swallows = () => false
    expect(a.got).toEqual(['e1=1'])
    await clock.advance(60_000)
    expect([a.got, b.got]).toEqual([['e1=1', 'e2=2'], ['e3=3']])
    await topics.emit(rooms.a, 'message', 4)
    await clock.advance(120_000)
    expect([a.got, b.got]).toEqual([['e1=1', 'e2=2', 'e4=4'], ['e3=3']])
    expect(reports.map(({ kind }) => kind)).toEqual(['tail-lost'])
    await topics.close()
  }
})

test('a tail that has died is replaced: what comes after is live again', async () => {
  const { clock, topics, faults, read, tails } = await world()
  const a = read(rooms.a)
  let isDead = true
  faults.swallows = () => isDead
  await topics.emit(rooms.a, 'message', 1)
  await clock.advance(60_000)
  expect(a.got).toEqual(['e1=1'])
  isDead = false
  await topics.emit(rooms.a, 'message', 2)
  await topics.emit(rooms.a, 'typing', 3)
  await clock.settle()
  expect(a.got).toEqual(['e1=1', 'e2=2', 'v=3'])
  expect(tails()).toBe(1)
})

test('a new epoch that was not passed on is found, and what came in it', async () => {
  const { clock, topics, faults, reports, read, newEpoch } = await world()
  const a = read(rooms.a)
  await topics.emit(rooms.a, 'message', 1)
  faults.swallows = () => true
  const epoch = newEpoch()
  await topics.emit(rooms.a, 'message', 2)
  faults.swallows = () => false
  await clock.advance(60_000)
  expect(a.got).toEqual(['e1=1', 'e2=2'])
  expect(topics.epoch).toBe(epoch)
  expect(reports.map(({ kind }) => kind)).toEqual(['tail-lost'])
})

test('a log that passes on everything, late or not, is only looked at', async () => {
  const { clock, topics, faults, reports, read, headReads } = await world()
  faults.delayMs = 1_500
  const a = read(rooms.a)
  const numbers = Array.from({ length: 400 }, (_, n) => n)
  for (const n of numbers) {
    await topics.emit(rooms.a, 'message', n)
    await clock.advance(1_000)
  }
  await clock.advance(2_000)
  expect(a.got).toEqual(numbers.map((n) => `e${n + 1}=${n}`))
  expect(reports).toEqual([])
  expect(headReads()).toBeGreaterThan(400 / 50)
  expect(headReads()).toBeLessThan((2 * 400) / 30)
})

test('a node that nobody reads on has no timer, and asks nothing of the log', async () => {
  const { clock, topics, read, headReads } = await world()
  expect(clock.pending()).toBe(0)
  const [a, again, b] = [read(rooms.a), read(rooms.a), read(rooms.b)]
  expect(clock.pending()).toBe(1)
  for (const one of [a, again, b]) one.leave()
  expect(clock.pending()).toBe(0)
  await topics.emit(rooms.a, 'message', 1)
  await clock.advance(600_000)
  expect(headReads()).toBe(0)
  read(rooms.a)
  await topics.close()
  expect(clock.pending()).toBe(0)
})

test('a log that cannot be asked is reported, and asked again', async () => {
  const { clock, faults, reports, read, headReads } = await world()
  read(rooms.a)
  faults.isDown = true
  await clock.advance(120_000)
  expect(headReads()).toBeGreaterThan(1)
  expect(new Set(reports.map(({ kind }) => kind))).toEqual(new Set(['log-failed']))
})
