import { channel, defineContract, volatile } from '@parley/shared'
import { parsePosition } from '@parley/shared/internal'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createHubWith } from '../src/hub.js'
import { createHub, type Log, memoryLog } from '../src/index.js'
import { delayingLog } from './logs/delaying-log.js'

const contract = defineContract({
  news: channel({ events: { item: z.object({ n: z.number() }), typing: volatile(z.string()) } }),
  stats: channel({ events: { changed: z.object({ users: z.number() }) }, replay: 'latest' }),
  room: channel({ params: z.object({ id: z.string() }), events: { message: z.string() } }),
})

function setUp(change: (log: Log) => Partial<Log> = () => ({})) {
  const clock = virtualClock()
  const log = delayingLog(memoryLog({ clock }), clock, () => 0, { readMs: 0 })
  const hub = createHubWith(contract, { log: { ...log, ...change(log) }, onReport: () => {} }, clock)
  return { hub }
}

test('the position is that of the last event before it loads, whatever comes while it loads', async () => {
  const { hub } = setUp()
  const before = await hub.channel.news.emit('item', { n: 1 })
  const { data, position } = await hub.snapshot(hub.channel.news, async () => {
    await hub.channel.news.emit('item', { n: 2 })
    return [1, 2]
  })
  expect({ data, position }).toEqual({ data: [1, 2], position: before })
  expect(JSON.parse(JSON.stringify({ position }))).toEqual({ position })
})

test('a topic where nothing was ever emitted has a position, too, with params or without', async () => {
  const { hub } = setUp()
  await hub.channel.news.emit('item', { n: 1 })
  for (const topic of [hub.channel.stats, hub.channel.room({ id: 'a' })]) {
    const { position } = await hub.snapshot(topic, () => 'at once')
    expect(parsePosition(position)?.offset).toBe(1)
  }
})

test('a node that hears late gives the place where the log stands, and none further back', async () => {
  const clock = virtualClock()
  const log = delayingLog(memoryLog({ clock }), clock, () => 0.9, { tailMs: 5_000 })
  const hub = createHubWith(contract, { log }, clock)
  const emitted = hub.channel.news.emit('item', { n: 1 })
  const taken = emitted.then(() => hub.snapshot(hub.channel.news, () => undefined))
  await clock.advance(50)
  expect((await taken).position).toBe(await emitted)
})

test('what `load` throws comes as it is, thrown at once or later', async () => {
  const { hub } = setUp()
  const fault = new Error('no such table')
  const at = hub.channel.news
  await expect(
    hub.snapshot(at, () => {
      throw fault
    }),
  ).rejects.toBe(fault)
  await expect(hub.snapshot(at, () => Promise.reject(fault))).rejects.toBe(fault)
})

test('nothing is loaded where there is no position to go on from', async () => {
  let loads = 0
  const load = () => ++loads
  const cause = new Error('EIO')
  const broken = setUp(() => ({ read: () => Promise.reject(cause) })).hub
  await expect(broken.snapshot(broken.channel.news, load)).rejects.toMatchObject({ code: 'INTERNAL', cause })
  const throwing = setUp(() => ({
    read: () => {
      throw cause
    },
  })).hub
  await expect(throwing.snapshot(throwing.channel.news, load)).rejects.toMatchObject({ code: 'INTERNAL' })
  const { hub } = setUp()
  await hub.close()
  await expect(hub.snapshot(hub.channel.news, load)).rejects.toMatchObject({ code: 'CLOSED' })
  expect(loads).toBe(0)
})

test("what is no topic of this hub is refused: another hub's position means nothing here", async () => {
  const { hub } = setUp()
  const foreign = createHub(contract).channel.news
  for (const wrong of [foreign, hub.channel.room, hub.channel, undefined, null, 'news']) {
    await expect(hub.snapshot(wrong as never, () => 1)).rejects.toMatchObject({ code: 'BAD_OPTIONS' })
  }
})
