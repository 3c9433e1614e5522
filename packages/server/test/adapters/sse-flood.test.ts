import { connect, type Socket } from 'node:net'
import { channel, defineContract } from '@parley/shared'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { serve } from '../../src/adapters/bun.js'
import { anyone, createHub, createRouter } from '../../src/index.js'

const contract = defineContract({
  flood: channel({
    events: { item: z.object({ n: z.number(), fill: z.string() }) },
    replay: { last: 100_000, for: '10m', bytes: 512 * 1_048_576 },
  }),
})
const fill = 'x'.repeat(1_000)
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

/** A raw reader of the route: it can stop taking bytes. */
function read(url: string): {
  readonly socket: Socket
  readonly numbers: number[]
  until(n: number): Promise<void>
} {
  const { hostname, port, host, pathname } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  ends.push(() => socket.destroy())
  socket.write(`GET ${pathname}/events/flood HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  const numbers: number[] = []
  let rest = ''
  let look = (): void => {}
  socket.on('error', () => {}) // the test sees what did not arrive
  socket.on('data', (chunk) => {
    // chunk sizes of HTTP stand on lines of their own, also in the middle of one of ours: take them out
    rest += chunk.toString('latin1')
    const text = rest.replace(/\r\n[0-9a-f]+\r\n/g, '')
    const end = text.lastIndexOf('\n')
    for (const [, n] of text.slice(0, end).matchAll(/"n":(\d+),"fill"/g)) numbers.push(Number(n))
    rest = text.slice(end)
    look()
  })
  return {
    socket,
    numbers,
    until: (n) =>
      new Promise((resolve) => {
        look = () => {
          if (numbers.at(-1) === n) resolve()
        }
        look()
      }),
  }
}

test('a stalled and a healthy reader of a flood over SSE both miss nothing, and memory stays bounded', {
  timeout: 60_000,
}, async () => {
  const hub = createHub(contract)
  const router = createRouter(hub, { flood: { join: anyone } })
  const { url, stop } = serve(router, { port: 0, hostname: '127.0.0.1' })
  ends.push(stop)
  const [healthy, stalled] = [read(url), read(url)]
  while (router.inspect().live < 2) await new Promise((resolve) => setImmediate(resolve))

  const count = 12_000
  stalled.socket.pause()
  let fewest = 2
  let most = 0
  for (let n = 0; n < count; n++) {
    await hub.channel.flood.emit('item', { n, fill })
    if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    const { live, queuedBytes } = router.inspect()
    fewest = Math.min(fewest, live)
    most = Math.max(most, queuedBytes)
  }
  await healthy.until(count - 1)
  expect(fewest).toBeLessThan(2) // somebody really was taken off the live set
  expect(most).toBeLessThan(3 * 1_048_576)

  stalled.socket.resume()
  await stalled.until(count - 1)
  const all = Array.from({ length: count }, (_, n) => n)
  expect(healthy.numbers).toEqual(all)
  expect(stalled.numbers).toEqual(all)
})
