/** What becomes of a client in networks that do not let everything through, over real sockets. */
import { type ConnectionState, createClient } from '@parley/client'
import { ParleyError } from '@parley/shared'
import { expect, onTestFinished, test } from 'vitest'
import { startHttpProxy } from '../support/http-proxy.js'
import { hurriedClock } from '../support/hurried-clock.js'
import { Counting, faultless } from './counting.js'
import { startSite } from './site.js'

async function setUp({ isStripping = false, isMuting = false, isHolding = false, speed = 20 } = {}) {
  const site = startSite()
  onTestFinished(() => site[Symbol.asyncDispose]())
  const proxy = await startHttpProxy(site.url)
  onTestFinished(() => proxy.stop())
  proxy.strip(isStripping)
  proxy.mute(isMuting)
  proxy.hold(isHolding)
  const states: ConnectionState[] = []
  const client = createClient(site.contract, {
    url: new URL('/realtime', proxy.url),
    clock: hurriedClock(speed),
    onReport: () => {},
  })
  onTestFinished(() => client.connection.close())
  client.connection.subscribe(() => states.push(client.connection.getSnapshot()))
  const counting = new Counting()
  client.ticks.on('tick', ({ n }) => counting.take(n))
  client.ticks.onGap(() => counting.gaps++)
  return { site, proxy, client, counting, states }
}

/** The clock is in a hurry, and the machine perhaps is not. */
const patient = { withinMs: 600_000 }

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error) => (error instanceof ParleyError ? error.code : error))

test('through a proxy that strips upgrades everything works, in one attempt', async () => {
  const { site, proxy, client, counting, states } = await setUp({ isStripping: true, speed: 1 })
  await client.ticks.ready()
  for (let n = 0; n < 100; n++) site.emit()
  await counting.until(100)
  expect(counting.faults(100)).toEqual(faultless)
  expect(await client.hang({ k: 1 })).toEqual({ k: 1 })
  const sent = Array.from({ length: 40 }, (_, i) => ({ k: i + 2 }))
  expect(await Promise.all(sent.map((input) => client.room.send('say', input)))).toEqual(sent)
  expect(site.ran).toEqual([1, ...sent.map(({ k }) => k)])
  expect(proxy.counts).toMatchObject({ stripped: 1, upgraded: 0 })
  expect(states.map(({ status }) => status)).toEqual(['connecting', 'open'])
  expect(site.reports).toEqual([])
})

test('once the proxy lets upgrades through the client moves to a WebSocket, and nothing is lost or runs twice', {
  timeout: 240_000,
}, async () => {
  const { site, proxy, client, counting, states } = await setUp({ isStripping: true })
  await client.ticks.ready()
  await expect.poll(() => proxy.counts.stripped).toBeGreaterThan(1)
  proxy.strip(false)
  let k = 0
  const answers: Promise<unknown>[] = []
  const until = performance.now() + 15_000
  while ((proxy.counts.upgraded < 2 || site.events < 300) && performance.now() < until) {
    site.emit()
    answers.push(codeOf(client.room.send('say', { k: ++k }, patient)))
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const requests = proxy.counts.requests
  expect(await Promise.all(answers)).toEqual(answers.map((_, i) => ({ k: i + 1 })))
  await counting.until(site.events)
  expect(counting.faults(site.events)).toEqual(faultless)
  expect(site.ran).toEqual(answers.map((_, i) => i + 1))
  expect(states.map(({ status }) => status)).toEqual(['connecting', 'open'])
  // by the WebSocket alone from here on
  await expect.poll(() => site.router.inspect().connections).toBe(1)
  expect(await client.hang({ k: 0 })).toEqual({ k: 0 })
  expect(proxy.counts.requests - requests).toBeLessThan(5)
  proxy.cutSockets()
  site.emit()
  await counting.until(site.events)
  expect(counting.faults(site.events)).toEqual(faultless)
})

test('through a proxy that lets an upgrade through and no frame there is a connection at the second attempt', async () => {
  const { proxy, client, states } = await setUp({ isMuting: true })
  expect(await client.hang({ k: 1 }, patient)).toEqual({ k: 1 })
  expect(states.map(({ status }) => status)).toEqual(['connecting', 'reconnecting', 'connecting', 'open'])
  expect(proxy.counts.upgraded).toBe(1)
})

test('through a proxy that holds responses back there is no connection, and the reason is said', async () => {
  const { client, states } = await setUp({ isStripping: true, isHolding: true, speed: 30 })
  await expect.poll(() => client.connection.getSnapshot().status).toBe('closed')
  const errors = states.flatMap((state) =>
    state.status === 'reconnecting' ? [state.lastError.code] : state.status === 'closed' ? [state.code] : [],
  )
  expect(errors).toEqual(['BUFFERING_PROXY', 'BUFFERING_PROXY', 'BUFFERING_PROXY'])
  expect(client.connection.getSnapshot()).toMatchObject({ status: 'closed', final: true })
})

test('a client whose WebSocket is cut, and then blocked, goes on without one', async () => {
  const { site, proxy, client, states, counting } = await setUp()
  await client.ticks.ready()
  site.emit()
  await counting.until(1)
  proxy.strip(true)
  proxy.cutSockets()
  site.emit()
  await counting.until(2)
  expect(counting.faults(2)).toEqual(faultless)
  // two that did not open may be a server that is down
  expect(proxy.counts).toMatchObject({ upgraded: 1, stripped: 3 })
  const errors = states.flatMap((state) => (state.status === 'reconnecting' ? [state.lastError.code] : []))
  expect(new Set(errors)).toEqual(new Set(['LOST']))
  expect(await client.hang({ k: 1 })).toEqual({ k: 1 })
})
