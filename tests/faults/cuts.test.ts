/** What is promised about events, over real sockets that are cut all the time. */
import { createClient, createSubscriber } from '@parley/client'
import { afterEach, expect, test } from 'vitest'
import { hurriedClock } from '../support/hurried-clock.js'
import { type FaultyProxy, startProxy } from '../support/proxy.js'
import { withoutReplay } from '../support/without-replay.js'
import { Counting, faultless } from './counting.js'
import { emitFor, type Site, startSite } from './site.js'

const clock = hurriedClock(60)
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Counts what one client gets through a proxy of its own, once it is live. */
interface Reading {
  readonly name: string
  readonly proxy: FaultyProxy
  readonly counting: Counting
}

async function throughProxy(site: Site): Promise<FaultyProxy> {
  const proxy = await startProxy(site.url)
  closing.push(() => proxy[Symbol.asyncDispose]())
  return proxy
}

const readByWebSocket = (site: Site, name: string): Promise<Reading> => readByClient(site, name, 'websocket')
const readByFallback = (site: Site, name: string): Promise<Reading> => readByClient(site, name, 'sse')

async function readByClient(site: Site, name: string, transport: 'websocket' | 'sse'): Promise<Reading> {
  const proxy = await throughProxy(site)
  const counting = new Counting()
  const client = createClient(site.contract, { url: new URL('/realtime', proxy.url), transport, clock })
  closing.push(() => client.connection.close())
  client.ticks.on('tick', ({ n }) => counting.take(n))
  client.ticks.onGap(() => counting.gaps++)
  await client.ticks.ready()
  return { name, proxy, counting }
}

async function readBySse(site: Site, name: string): Promise<Reading> {
  const proxy = await throughProxy(site)
  const counting = new Counting()
  const url = new URL('/realtime/events/ticks', proxy.url).href
  const subscriber = createSubscriber(site.contract, 'ticks', { url, clock })
  closing.push(() => subscriber.close())
  subscriber.on('tick', ({ n }) => counting.take(n))
  subscriber.onGap(() => counting.gaps++)
  await subscriber.ready()
  return { name, proxy, counting }
}

/** Cuts, stalls and refuses each link by chance until `flow` is over. */
async function breakWhile(flow: Promise<void>, readings: readonly Reading[]): Promise<void> {
  let isOver = false
  const breaking = readings.map(async ({ proxy }) => {
    const pause = (ms: number): Promise<void> =>
      new Promise((resolve) => setTimeout(resolve, Math.random() * ms))
    while (!isOver) {
      await pause(300)
      const chance = Math.random()
      if (chance < 0.1) {
        proxy.stall()
        await pause(60)
        proxy.resume()
      } else if (chance < 0.2) {
        proxy.refuse(true)
        proxy.cut()
        await pause(60)
        proxy.refuse(false)
      } else proxy.cut()
    }
  })
  await flow
  isOver = true
  await Promise.all(breaking)
}

function tell({ name, proxy, counting }: Reading, events: number): void {
  const { lost, repeated, disordered } = counting.faults(events)
  const { cut, accepted } = proxy.counts
  console.log(
    `${name}: ${events} events, ${cut} cuts, ${accepted} connections, ${counting.delivered} delivered, ${lost} lost, ${repeated} repeated, ${disordered} out of order`,
  )
}

test('500 events a second through links that are cut several times a second: no hole, no repeat, no disorder', {
  timeout: 240_000,
}, async () => {
  const site = startSite()
  closing.push(() => site[Symbol.asyncDispose]())
  const readings = [
    await readByWebSocket(site, 'WebSocket'),
    await readByWebSocket(site, 'WebSocket'),
    await readBySse(site, 'SSE'),
    await readBySse(site, 'SSE'),
    await readByFallback(site, 'fallback'),
    await readByFallback(site, 'fallback'),
  ]
  await breakWhile(emitFor(site, 500, 5), readings)
  site.emit()
  await Promise.all(readings.map(({ counting }) => counting.until(site.events)))
  for (const reading of readings) {
    tell(reading, site.events)
    expect(reading.counting.faults(site.events)).toEqual(faultless)
    expect(reading.proxy.counts.cut).toBeGreaterThan(5)
  }
  expect(site.reports).toEqual([])
})

test.each([
  ['a WebSocket', readByWebSocket],
  ['SSE', readBySse],
  ['the fallback', readByFallback],
] as const)('without replay the same count finds losses over %s', async (name, read) => {
  const site = startSite(withoutReplay)
  closing.push(() => site[Symbol.asyncDispose]())
  const reading = await read(site, `${name} without replay`)
  await breakWhile(emitFor(site, 500, 1), [reading])
  const { counting } = reading
  // once more, should chance have had it that nothing was emitted while the link was away
  while (counting.lostOf(site.events) === 0) {
    reading.proxy.cut()
    await emitFor(site, 500, 0.2)
  }
  tell(reading, site.events)
  expect(counting.faults(site.events)).toMatchObject({ repeated: 0, disordered: 0, gaps: 0 })
  expect(counting.delivered).toBeGreaterThan(0)
})
