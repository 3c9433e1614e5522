import { expect, onTestFinished, test } from 'vitest'
import { bunHandler } from '../../src/adapters/bun.js'
import { delivered, flood, floodHub, floodReader, isItem, upTo } from './suite/flood.js'

test("under a host's limit, where the runtime drops in silence, a stalled and a healthy reader miss nothing", {
  timeout: 240_000,
}, async () => {
  const flooded = floodHub()
  const { hub, router } = flooded
  const websocket = { message() {}, backpressureLimit: 65_536, idleTimeout: 120 }
  const realtime = bunHandler(router, { websocket })
  const server = Bun.serve({
    port: 0,
    fetch: (request, self) => realtime.fetch(request, self) ?? new Response('app'),
    websocket: realtime.websocket,
  })
  onTestFinished(async () => {
    await hub.close()
    await server.stop(true)
  })
  const url = `http://127.0.0.1:${server.port}/realtime`
  const healthy = await floodReader(url, 'healthy')
  const stalled = await floodReader(url, 'stalled')
  // each is sent to by itself: a publish would lose without a word
  expect(router.inspect()).toMatchObject({ live: 2, nativeSubscriptions: 0 })
  stalled.pause()
  const count = 12_000
  const { fewest, most } = await flood(flooded, count)
  await healthy.until(isItem(count - 1))
  expect(fewest).toBeLessThan(2) // somebody really was taken off the live set
  expect(most).toBeLessThan(3 * 1_048_576)
  stalled.resume()
  await stalled.until(isItem(count - 1))
  for (const { frames } of [healthy, stalled]) expect(delivered(frames)).toEqual(upTo(count))
  await expect.poll(() => router.inspect().live).toBe(2)
})
