/** Fallback links over real sockets of Bun: heartbeats, a flood, and what clients that are gone leave behind. */
import { channel, defineContract } from '@parley/shared'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { serve } from '../../src/adapters/bun.js'
import { anyone, createHub, createRouter } from '../../src/index.js'
import { bodyOf, type RawGet, rawGet } from '../shell/raw-http.js'

const contract = defineContract({
  flood: channel({
    events: { item: z.object({ n: z.number(), fill: z.string() }) },
    replay: { last: 100_000, for: '10m', bytes: 512 * 1_048_576 },
  }),
})

function start() {
  const hub = createHub(contract)
  const router = createRouter(hub, { flood: { join: anyone } })
  const { url, stop } = serve(router, { port: 0, hostname: '127.0.0.1' })
  onTestFinished(() => stop())
  return { hub, router, url }
}

interface RawLink {
  readonly stream: RawGet
  post(...frames: unknown[][]): Promise<number>
}

/** A link whose hello was answered, as bytes. */
async function openLink(url: string, name: string): Promise<RawLink> {
  const stream = rawGet(`${url}/link`)
  onTestFinished(() => stream.cut())
  const [, link] = /"link":"([^"]+)"/.exec(await stream.until(/parley\.link\ndata:.*\n\n/))!
  let seq = 0
  const post = async (...frames: unknown[][]): Promise<number> => {
    seq += 1
    const response = await fetch(`${url}/link`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'parley-link': link!, 'parley-seq': String(seq) },
      body: JSON.stringify(frames.map((frame) => JSON.stringify(frame))),
    })
    return response.status
  }
  expect(await post(['hello', { v: 1, contract: '0', client: name.padEnd(22, '0') }])).toBe(204)
  await stream.until(/"welcome"/)
  return { stream, post }
}

async function subscribe({ stream, post }: RawLink): Promise<void> {
  await post(['sub', 1, 'flood', null, null])
  await stream.until(/\["live"/)
}

// In real time, some 13 s: what is shown here is a time-out of Bun itself, which no virtual clock moves.
test('a silent link outlives Bun’s own time-out of 10 s by its heartbeats', async () => {
  const { url, router } = start()
  const { stream, post } = await openLink(url, 'ann')
  const began = bodyOf(stream.text())
  const silence = new Promise<'alive'>((resolve) => setTimeout(() => resolve('alive'), 12_500))
  expect(await Promise.race([silence, stream.ended])).toBe('alive')
  expect(bodyOf(stream.text()).slice(began.length)).toMatch(/^(:\n\n){2}$/)
  expect(router.inspect().connections).toBe(1)
  await post(['ping'])
  await stream.until(/\["pong"\]/)
})

test('a stalled and a healthy client of a flood both miss nothing, and memory stays bounded', {
  timeout: 60_000,
}, async () => {
  const { url, hub, router } = start()
  const healthy = await openLink(url, 'ann')
  const stalled = await openLink(url, 'bob')
  for (const link of [healthy, stalled]) await subscribe(link)
  stalled.stream.pause()
  const count = 12_000
  let fewest = 2
  let most = 0
  for (let n = 0; n < count; n++) {
    await hub.channel.flood.emit('item', { n, fill: 'x'.repeat(1_000) })
    if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    const { live, queuedBytes } = router.inspect()
    fewest = Math.min(fewest, live)
    most = Math.max(most, queuedBytes)
  }
  expect(fewest).toBeLessThan(2) // somebody really was taken off the live set
  expect(most).toBeLessThan(4 * 1_048_576)
  stalled.stream.resume()
  for (const { stream } of [healthy, stalled]) {
    await expect.poll(() => stream.text().includes(`"n":${count - 1},`), { timeout: 30_000 }).toBe(true)
    let last = 0
    const numbers: number[] = []
    for (const [, frame] of bodyOf(stream.text()).matchAll(/^data:(\["e",.*)$/gm)) {
      const [, , offset, , data] = JSON.parse(frame!)
      if (offset <= last) continue
      last = offset
      numbers.push(data.n)
    }
    expect(numbers).toEqual(Array.from({ length: count }, (_, n) => n))
  }
})

test('clients that come and go without a goodbye leave no connection, reader or timer', async () => {
  const { url, router } = start()
  for (let i = 0; i < 20; i++) {
    const links = await Promise.all(Array.from({ length: 10 }, (_, k) => openLink(url, `${i}-${k}`)))
    await Promise.all(links.map(subscribe))
    expect(router.inspect().readers).toBe(10)
    for (const { stream } of links) stream.cut()
    await expect.poll(() => router.inspect().connections).toBe(0)
  }
  // what is kept is what they may come back to
  expect(router.inspect()).toMatchObject({ readers: 0, topics: 0, timers: 1, queuedBytes: 0, sessions: 200 })
})
