/** What readers of one topic have in common, whatever the way on which they read it. */
import { createClient, createSubscriber } from '@parley/client'
import { anyone, createRouter } from '@parley/server'
import { createHubWith, insideOf, openMemoryLog } from '@parley/server/internal'
import { channel, defineContract } from '@parley/shared'
import { breakableLink, virtualClock } from '@parley/shared/testing'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { reader, world } from './field/world.js'
import { CutFetch } from './support/cut-fetch.js'

test('all readers of a topic get its events in one order, whoever emits them, and whatever becomes of their links', async () => {
  const all = world({ delayMs: 25 })
  const { clock, hub, connect } = all
  const senders = [1, 2, 3].map(() => connect())
  const orders: string[][] = []
  const readers = [connect(), connect(), connect()]
  for (const { client } of readers) {
    const order: string[] = []
    orders.push(order)
    client.room({ id: 'a' }).on('said', ({ text }) => order.push(text))
  }
  const isLive = () =>
    readers.every(({ client }) => client.room({ id: 'a' }).status.getSnapshot().status === 'live')
  await clock.runUntil(isLive)
  for (let n = 1; n <= 60; n++) {
    const { client } = senders[n % 3]!
    void client.room({ id: 'a' }).send('say', { text: `message ${n}` })
    void hub.channel.room({ id: 'a' }).emit('said', { text: `server ${n}` })
    if (n % 7 === 0) readers[n % 3]!.link.cut()
    if (n % 11 === 0) senders[n % 3]!.link.cut()
    await clock.advance((n * 13) % 60)
  }
  await clock.advance(30_000)
  const [first = []] = orders
  expect(first).toHaveLength(120)
  expect(new Set(first).size).toBe(120)
  for (const order of orders) expect(order).toEqual(first)
  const fromServer = first.filter((text) => text.startsWith('server'))
  expect(fromServer).toEqual(fromServer.map((_, index) => `server ${index + 1}`))
})

test('a position that was got over one transport is a place to start over the other', async () => {
  const all = world()
  const socket = reader(all, 'websocket')
  const stream = reader(all, 'sse')
  await socket.live()
  await stream.live()
  const positions: [string, string][] = []
  socket.ticks.on('tick', (_, { position }) => positions.push(['socket', position!]))
  stream.ticks.on('tick', (_, { position }) => positions.push(['stream', position!]))
  await all.emit(1, 3)
  await all.clock.runUntil(() => positions.length === 6)
  const of = (name: string) => positions.filter(([from]) => from === name).map(([, position]) => position)
  expect(of('socket')).toEqual(of('stream'))
  const seen: [string, number][] = []
  socket.ticks.on('tick', (tick) => seen.push(['socket', tick.n]), { from: of('stream')[0]! })
  stream.ticks.on('tick', (tick) => seen.push(['stream', tick.n]), { from: of('socket')[1]! })
  await all.clock.runUntil(() => seen.length === 3)
  await all.emit(4)
  await all.clock.runUntil(() => seen.length === 5)
  expect(seen.filter(([name]) => name === 'socket').map(([, one]) => one)).toEqual([2, 3, 4])
  expect(seen.filter(([name]) => name === 'stream').map(([, one]) => one)).toEqual([3, 4])
})

test('a volatile event comes once at most and in its place; a reader that is behind does without, and misses no other event', async () => {
  const all = world({ limits: { queuedBytes: 4_096 }, replay: { last: 5_000 } })
  const { clock, hub, router } = all
  const { client, link } = all.connect()
  const got: string[] = []
  client.ticks.on('tick', ({ n }) => got.push(`tick ${n}`))
  client.ticks.on('hint', (text) => got.push(text))
  const isLive = () => client.ticks.status.getSnapshot().status === 'live'
  await clock.runUntil(isLive)
  const emit = async (from: number, to: number) => {
    for (let n = from; n <= to; n++) {
      await hub.channel.ticks.emit('tick', { n })
      await hub.channel.ticks.emit('hint', `hint ${n}`)
    }
  }
  await emit(1, 10)
  await clock.advance(0)
  link.stall()
  await emit(11, 800)
  expect(router.inspect().live).toBe(0)
  link.resume()
  await clock.advance(1_000)
  link.cut()
  await clock.advance(0)
  await emit(801, 810)
  await clock.runUntil(isLive)
  await emit(811, 820)
  await clock.advance(0)
  const number = (name: string) =>
    got.filter((one) => one.startsWith(name)).map((one) => Number(one.split(' ')[1]))
  expect(number('tick')).toEqual(Array.from({ length: 820 }, (_, index) => index + 1))
  const hints = number('hint')
  expect(hints).toEqual([...new Set(hints)].sort((a, b) => a - b))
  expect(hints.slice(0, 10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(hints.slice(-10)).toEqual([811, 812, 813, 814, 815, 816, 817, 818, 819, 820])
  expect(hints.length).toBeLessThan(400)
  for (const n of hints) expect(got[got.indexOf(`hint ${n}`) - 1]).toBe(`tick ${n}`)
})

const latest = defineContract({
  state: channel({ events: { mode: z.number(), level: z.number() }, replay: 'latest' }),
})

function latestWorld() {
  const clock = virtualClock()
  const { log, newEpoch } = openMemoryLog({ clock })
  const hub = createHubWith(latest, { log, onReport: () => {} }, clock)
  const router = createRouter(hub, { state: { join: anyone } })
  const link = breakableLink(router.link({ context: undefined }), clock)
  const wire = new CutFetch('http://parley.test/', (request) =>
    insideOf(router).fetch(request, '/events/state'),
  )
  const client = createClient(latest, { transport: link, clock, onReport: () => {} })
  const url = 'http://parley.test/events/state'
  const subscriber = createSubscriber(latest, 'state', { url, fetch: wire.fetch, clock, onReport: () => {} })
  onTestFinished(async () => {
    client.connection.close()
    subscriber.close()
    await hub.close()
  })
  return {
    clock,
    hub,
    newEpoch,
    over: {
      websocket: {
        state: client.state,
        away(isAway: boolean) {
          link.refuse(isAway)
          if (isAway) link.cut()
        },
      },
      sse: {
        state: subscriber,
        away(isAway: boolean) {
          wire.isAway = isAway
          if (isAway) wire.cut()
        },
      },
    },
  }
}

test.each(['websocket', 'sse'] as const)(
  'on a channel that keeps the newest only, the newest of each name arrives after any absence, and no value that is older than one before, over %s',
  async (transport) => {
    const { clock, hub, over } = latestWorld()
    const { state, away } = over[transport]
    const seen: Record<string, number[]> = { mode: [], level: [] }
    state.on('mode', (n) => seen.mode!.push(n))
    state.on('level', (n) => seen.level!.push(n))
    const gaps: unknown[] = []
    state.onGap((gap) => gaps.push(gap))
    const isLive = () => state.status.getSnapshot().status === 'live'
    await clock.runUntil(isLive)
    let n = 0
    for (let absence = 1; absence <= 8; absence++) {
      await hub.channel.state.emit('mode', ++n)
      await clock.advance(1)
      away(true)
      await clock.advance(0)
      for (let i = 0; i < absence * 3; i++) await hub.channel.state.emit(i % 3 === 0 ? 'level' : 'mode', ++n)
      await clock.advance(absence * 700_000) // however long: what is kept does not age
      away(false)
      await clock.runUntil(isLive, 120_000)
      expect(seen.mode!.at(-1)).toBe(n)
      expect(seen.level!.at(-1)).toBe(n - 2)
    }
    for (const values of Object.values(seen)) {
      expect(values).toEqual([...new Set(values)].sort((a, b) => a - b))
      expect(values.length).toBeLessThan(n / 2)
    }
    expect(gaps).toEqual([])
  },
)

test.each(['websocket', 'sse'] as const)(
  'on a channel that keeps the newest only, a log that was lost is a gap `reset`, then everything that is kept, over %s',
  async (transport) => {
    const { clock, hub, over, newEpoch } = latestWorld()
    const { state, away } = over[transport]
    const seen: unknown[] = []
    const isLive = () => state.status.getSnapshot().status === 'live'
    for (const name of ['mode', 'level'] as const) state.on(name, (value) => seen.push([name, value]))
    state.onGap(({ reason }) => seen.push(reason))
    await clock.runUntil(isLive)
    await hub.channel.state.emit('mode', 1)
    await hub.channel.state.emit('level', 2)
    await hub.channel.state.emit('mode', 3)
    await clock.advance(0)
    away(true)
    await clock.advance(0)
    newEpoch(0)
    await hub.channel.state.emit('level', 4)
    await hub.channel.state.emit('mode', 5)
    away(false)
    await clock.runUntil(isLive, 120_000)
    await hub.channel.state.emit('mode', 6)
    await clock.advance(0)
    expect(seen).toEqual([
      ['mode', 1],
      ['level', 2],
      ['mode', 3],
      'reset',
      ['level', 4],
      ['mode', 5],
      ['mode', 6],
    ])
  },
)
