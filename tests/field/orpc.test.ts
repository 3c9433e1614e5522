/** Faults of oRPC's publisher and of its retrying clients, as promises that are kept here. */
import { createClient } from '@parley/client'
import { createRouter } from '@parley/server'
import { createHubWith, openMemoryLog } from '@parley/server/internal'
import { breakableLink, virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { contractOf, numbers, outcome, reader, transports, world } from './world.js'

// orpc, `maxBufferedEvents`: what was replayed went through the buffer of live events, which dropped the oldest in silence
test.each(transports)(
  'a backlog larger than every buffer on the way is replayed whole, over %s',
  async (transport) => {
    const all = world({ replay: { last: 20_000 }, limits: { queuedBytes: 16_384 } })
    const { seen, live, leave } = reader(all, transport)
    await live()
    const back = await leave()
    await all.emit(1, 8_000)
    back()
    await all.emit(8_001, 8_010) // while it recovers
    await live()
    await all.clock.advance(1_000)
    expect(seen).toEqual(numbers(1, 8_010))
  },
)

test('a loop that falls behind in a backlog is told of each hole in its place, and of none that is not there', async () => {
  const all = world({ replay: { last: 20_000 } })
  await all.emit(1, 5_000)
  const { client } = all.connect()
  let next = 1
  let gaps = 0
  let goOn = (): void => {}
  const pause = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const read = (async () => {
    for await (const { name, data, gap } of client.ticks.events({ from: 'first' })) {
      if (name === 'hint') throw new Error('nobody emits that')
      if (gap) {
        // the log holds nothing but the ticks, so an offset is a number
        expect(Number(gap.after.split('-')[1])).toBe(next - 1)
        next = Number(gap.first.split('-')[1]) + 1
        gaps += 1
        continue
      }
      expect(data.n).toBe(next)
      next += 1
      if (next === 100) await pause
      if (next > 5_001) return
    }
  })()
  await all.clock.runUntil(() => client.ticks.status.getSnapshot().status === 'live')
  goOn()
  await all.clock.advance(0)
  await all.emit(5_001)
  await all.clock.advance(0)
  await read
  expect(gaps).toBe(1)
})

// orpc: ids began at 1 again after a restart, without an epoch, so an old cursor matched another log and got nothing
test('a position of a process that is gone is never taken for one of the process in its place', async () => {
  const clock = virtualClock()
  const contract = contractOf()
  const start = () => {
    const hub = createHubWith(contract, { log: openMemoryLog({ clock }).log, onReport: () => {} }, clock)
    const router = createRouter(hub, {
      ticks: { join: () => true },
      room: { join: () => true, messages: { say: () => ({ n: 1 }) } },
      pay: ({ input }) => input,
      look: ({ input }) => input,
    })
    return { hub, link: router.link({ context: undefined }) }
  }
  let server = start()
  const link = breakableLink({ connect: (events) => server.link.connect(events) }, clock)
  const client = createClient(contract, { transport: link, clock, onReport: () => {} })
  const seen: (number | string)[] = []
  client.ticks.on('tick', ({ n }) => seen.push(n))
  client.ticks.onGap(({ reason }) => seen.push(reason))
  const isLive = () => client.ticks.status.getSnapshot().status === 'live'
  await clock.runUntil(isLive)
  for (const n of [1, 2, 3]) await server.hub.channel.ticks.emit('tick', { n })
  await clock.advance(0)
  await server.hub.close()
  server = start()
  for (const n of [4, 5, 6, 7, 8]) await server.hub.channel.ticks.emit('tick', { n }) // as many as there were, and more
  await clock.advance(0)
  await clock.runUntil(isLive)
  expect(seen).toEqual([1, 2, 3, 'reset', 4, 5, 6, 7, 8])
  client.connection.close()
  await server.hub.close()
})

// orpc #1581: ghost requests, calls run again and calls that hung for ever, over a socket that reconnects
test('over cut after cut no request runs that was given up, none runs twice, and each ends', async () => {
  const { clock, connect, ran } = world({ delayMs: 30 })
  const { client, link } = connect()
  client.connection.open()
  await clock.advance(100)
  const ends: unknown[] = []
  for (let n = 1; n <= 90; n++) {
    const aborter = new AbortController()
    const { signal } = aborter
    void outcome(client.pay({ n }, { signal })).then((end) => ends.push(end))
    if (n % 7 === 0) link.cut()
    if (n % 3 === 0 && client.connection.getSnapshot().status !== 'open') {
      const before = ran.includes(n)
      aborter.abort() // before it could be handed over
      expect(before).toBe(false)
      ran.push(-n)
    }
    await clock.advance(n % 5 === 0 ? 700 : 20)
  }
  await clock.advance(120_000)
  expect(ends).toHaveLength(90)
  const handled = ran.filter((n) => Number(n) > 0)
  expect(new Set(handled).size).toBe(handled.length)
  const givenUp = ran.filter((n) => Number(n) < 0).map((n) => -Number(n))
  expect(givenUp.length).toBeGreaterThan(3)
  expect(handled.filter((n) => givenUp.includes(Number(n)))).toEqual([])
})

// orpc, RetryLinkPlugin: `shouldRetry` was true for everything, so that a mutation whose answer was lost was sent again
test('what was under way at a cut is answered after it, and did not run again', async () => {
  const { clock, connect, ran } = world({ delayMs: 10 })
  const { client, link } = connect()
  client.connection.open()
  await clock.advance(100)
  const asked = [outcome(client.pay({ n: 1 })), outcome(client.look({ n: 2 }))]
  await clock.advance(12) // both have arrived, and no answer has
  link.cut()
  await clock.advance(60_000)
  expect(await Promise.all(asked)).toEqual([{ n: 1 }, { n: 2 }])
  expect(ran).toEqual([1, 'look 2'])
})
