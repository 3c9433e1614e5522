/** What one connection queues, however many readers it has: bounded, and nothing is missed for it. */
import { channel, defineContract } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createHubWith } from '../../src/hub.js'
import { anyone, createRouter } from '../../src/index.js'
import { insideOf } from '../../src/router.js'

const contract = defineContract({
  room: channel({
    params: z.object({ id: z.number() }),
    events: { item: z.object({ n: z.number(), fill: z.string() }) },
    replay: { last: 10_000, for: '1h', bytes: 16 * 1_048_576 },
  }),
})

const queuedBytes = 65_536
const topics = 40
const eventsPerTopic = 60
const fill = 'x'.repeat(1_000)

/** A connection over a socket that takes bytes only when the test says so. */
async function setUp() {
  const clock = virtualClock()
  const hub = createHubWith(contract, { limits: { queuedBytes } }, clock)
  const router = createRouter(hub, { room: { join: anyone } })
  // somebody reads every topic, so that the node knows its recent events
  const busy = insideOf(router).accept(
    { send: () => true, close: () => {}, buffered: () => 0 },
    new Request('http://localhost/realtime'),
  )
  const hello = (client: string): string => JSON.stringify(['hello', { v: 1, contract: '0', client }])
  busy.received(hello('a'.repeat(22)))
  await clock.advance(0)
  for (let id = 1; id <= topics; id++) busy.received(JSON.stringify(['sub', id, 'room', { id }, null]))
  await clock.advance(0)

  const seen = new Map<number, number[]>()
  const frames: string[] = []
  let queued = 0
  let deepest = 0
  const connection = insideOf(router).accept(
    {
      send(data) {
        frames.push(String(data))
        queued += data.length
        deepest = Math.max(deepest, queued)
        return true
      },
      close: (code, reason) => {
        throw new Error(`closed: ${code} ${reason}`)
      },
      buffered: () => queued,
    },
    new Request('http://localhost/realtime'),
  )
  const say = (...frame: unknown[]) => connection.received(JSON.stringify(frame))
  connection.received(hello('b'.repeat(22)))
  await clock.advance(0)
  const { epoch } = JSON.parse(frames[0]!)[1]

  /** Lets the network take everything, again and again, until nothing more comes. */
  const drainAll = async (): Promise<void> => {
    for (let quiet = 0; quiet < 3; ) {
      const before = frames.length
      queued = 0
      connection.drained()
      await clock.advance(100)
      quiet = frames.length === before ? quiet + 1 : 0
    }
  }
  const emitAll = async (): Promise<void> => {
    for (let n = 1; n <= eventsPerTopic; n++) {
      for (let id = 1; id <= topics; id++) await hub.channel.room({ id }).emit('item', { n, fill })
    }
  }
  /** The numbers of the events by the topic or read that brought them. */
  const numbers = (tag: 'e' | 'h'): number[][] => {
    seen.clear()
    for (const text of frames) {
      const [kind, of, , , data] = JSON.parse(text)
      if (kind === tag) seen.set(of, [...(seen.get(of) ?? []), data.n])
    }
    return [...seen.values()]
  }
  return { clock, hub, router, say, epoch, frames, drainAll, emitAll, numbers, deepest: () => deepest }
}

const all = Array.from({ length: eventsPerTopic }, (_, n) => n + 1)
/** Its bound, the pages that were asked for meanwhile, and what a page may be over by one event. */
const most = 2.5 * queuedBytes

test('many topics that are joined far back at once are read in turns', async () => {
  const { say, clock, drainAll, emitAll, numbers, deepest } = await setUp()
  await emitAll()
  for (let id = 1; id <= topics; id++) say('sub', id, 'room', { id }, 'first')
  await clock.advance(1_000)
  expect(deepest()).toBeLessThan(most)
  await drainAll()
  expect(numbers('e')).toEqual(Array(topics).fill(all))
  expect(deepest()).toBeLessThan(most)
})

test('so are topics whose recent events would be enough', async () => {
  const { say, clock, epoch, frames, drainAll, emitAll, numbers, deepest } = await setUp()
  await emitAll()
  for (let id = 1; id <= topics; id++) say('sub', id, 'room', { id }, `${epoch}-0`)
  await clock.advance(1_000)
  expect(deepest()).toBeLessThan(most + 64_000) // recent events come at once
  // all are told at once that they have joined, and from where
  expect(frames.filter((frame) => frame.startsWith('["joined"'))).toHaveLength(topics)
  await drainAll()
  expect(numbers('e')).toEqual(Array(topics).fill(all))
  expect(deepest()).toBeLessThan(most + 64_000)
})

test('and bounded reads, beside each other', async () => {
  const { say, clock, epoch, drainAll, emitAll, numbers, deepest } = await setUp()
  await emitAll()
  const until = `${epoch}-${topics * eventsPerTopic}`
  for (let id = 1; id <= topics; id++) say('sub', id, 'room', { id }, null)
  await clock.advance(0)
  for (let id = 1; id <= topics; id++) say('read', 100 + id, id, 'first', until)
  await clock.advance(1_000)
  expect(deepest()).toBeLessThan(most)
  await drainAll()
  expect(numbers('h')).toEqual(Array(topics).fill(all))
  expect(deepest()).toBeLessThan(most)
})

test('a reader that leaves while it waits for its turn holds nobody up', async () => {
  const { say, clock, router, drainAll, emitAll, numbers } = await setUp()
  await emitAll()
  for (let id = 1; id <= topics; id++) say('sub', id, 'room', { id }, 'first')
  await clock.advance(0)
  for (let id = 1; id <= topics; id += 2) say('unsub', id)
  await drainAll()
  expect(numbers('e').filter(({ length }) => length === eventsPerTopic).length).toBeGreaterThanOrEqual(
    topics / 2,
  )
  expect(router.inspect().readers).toBe(topics + topics / 2)
})
