/** Floods of events over WebSocket, SSE and the fallback link, with one reader that stalls. */
import { anyone, createHub, createRouter } from '@parley/server'
import { channel, defineContract } from '@parley/shared'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { type RawWebSocket, rawWebSocket } from '../../../../../tests/support/raw-websocket.js'
import { bodyOf, rawGet } from '../../shell/raw-http.js'
import type { AdapterUnderTest } from './harness.js'
import { openLink, subscribe } from './raw-link.js'

const contract = defineContract({
  flood: channel({
    events: { item: z.object({ n: z.number(), fill: z.string() }) },
    replay: { last: 100_000, for: '10m', bytes: 512 * 1_048_576 },
  }),
})
const fill = 'x'.repeat(1_000)

/** A hub with one channel, for a flood. */
export function floodHub() {
  const hub = createHub(contract)
  const router = createRouter(hub, { flood: { join: anyone } })
  return { hub, router }
}

type Flooded = ReturnType<typeof floodHub>

/** Emits so many, and says how many readers were live at the least, and how much was queued at the most. */
export async function flood({ hub, router }: Flooded, count: number) {
  let fewest = router.inspect().live
  let most = 0
  for (let n = 0; n < count; n++) {
    await hub.channel.flood.emit('item', { n, fill })
    if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    const { live, queuedBytes } = router.inspect()
    fewest = Math.min(fewest, live)
    most = Math.max(most, queuedBytes)
  }
  return { fewest, most }
}

/** A reader over a WebSocket that is live. */
export async function floodReader(url: string, client: string): Promise<RawWebSocket> {
  const socket = await rawWebSocket(url)
  onTestFinished(() => socket.cut())
  socket.send(JSON.stringify(['hello', { v: 1, contract: '0', client: client.padEnd(22, '0') }]))
  await socket.until((frame) => frame.startsWith('["welcome"'))
  socket.send(JSON.stringify(['sub', 1, 'flood', null, null]))
  await socket.until((frame) => frame.startsWith('["live"'))
  return socket
}

/** The numbers of the events, as a client delivers them: what is not above the last offset is dropped. */
export function delivered(frames: readonly string[]): number[] {
  let last = 0
  const numbers: number[] = []
  for (const frame of frames) {
    const [tag, , offset, , data] = JSON.parse(frame)
    if (tag === 'gap') throw new Error(`a gap: ${frame}`)
    if (tag !== 'e' || offset <= last) continue
    last = offset
    numbers.push(data.n)
  }
  return numbers
}

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)
export const isItem = (n: number) => (frame: string) =>
  frame.startsWith('["e"') && frame.includes(`"n":${n},`)

const mostQueued = 4 * 1_048_576

export function floodTests({ serve, publishes }: AdapterUnderTest): void {
  const timeout = 60_000
  async function start() {
    const flooded = floodHub()
    const { url, stop } = await serve(flooded.router, { port: 0, hostname: '127.0.0.1' })
    onTestFinished(() => stop())
    return { ...flooded, url }
  }

  test('a stalled and a healthy reader of a flood over WebSocket both miss nothing, and memory stays bounded', {
    timeout,
  }, async () => {
    const { url, ...flooded } = await start()
    const { hub, router } = flooded
    const healthy = await floodReader(url, 'healthy')
    const stalled = await floodReader(url, 'stalled')
    expect(router.inspect()).toMatchObject({ live: 2, nativeSubscriptions: publishes ? 2 : 0 })
    stalled.pause()
    const count = 16_000
    const { fewest, most } = await flood(flooded, count)
    await healthy.until(isItem(count - 1))
    expect(fewest).toBeLessThan(2) // somebody really was taken off the live set
    expect(most).toBeLessThan(mostQueued)

    stalled.resume()
    await stalled.until(isItem(count - 1))
    expect(delivered(healthy.frames)).toEqual(upTo(count))
    expect(delivered(stalled.frames)).toEqual(upTo(count))

    // and both come back to live
    await expect.poll(() => router.inspect().live).toBe(2)
    await hub.channel.flood.emit('item', { n: count, fill })
    await Promise.all([healthy.until(isItem(count)), stalled.until(isItem(count))])
    await expect.poll(() => router.inspect().queuedBytes).toBe(0)
  })

  test('an event reaches each of many sockets once, and their leaving leaves nothing', async () => {
    const { url, hub, router } = await start()
    const many = await Promise.all(upTo(300).map((n) => floodReader(url, `client-${n}-`)))
    expect(router.inspect()).toMatchObject({ connections: 300, live: 300 })
    for (let n = 0; n < 10; n++) await hub.channel.flood.emit('item', { n, fill })
    await Promise.all(many.map((socket) => socket.until(isItem(9))))
    for (const { frames } of many) expect(delivered(frames)).toEqual(upTo(10))
    for (const socket of many) socket.cut()
    const nothing = { connections: 0, readers: 0, live: 0, topics: 0, queuedBytes: 0, nativeSubscriptions: 0 }
    await expect.poll(() => router.inspect()).toMatchObject(nothing)
  })

  const numbersIn = (body: string): number[] =>
    [...body.matchAll(/^data:\{"n":(\d+),"fill":"x+"\}$/gm)].map(([, n]) => Number(n))
  const framesIn = (body: string): string[] =>
    [...body.matchAll(/^data:(\["e",.*)$/gm)].map(([, frame]) => frame!)

  test('a stalled and a healthy reader of a flood over SSE both miss nothing, and memory stays bounded', {
    timeout,
  }, async () => {
    const { url, ...flooded } = await start()
    const [healthy, stalled] = [rawGet(`${url}/events/flood`), rawGet(`${url}/events/flood`)]
    onTestFinished(() => {
      for (const reader of [healthy, stalled]) reader.cut()
    })
    await Promise.all([healthy, stalled].map((reader) => reader.until(/parley\.live/)))
    stalled.pause()
    const count = 12_000
    const { fewest, most } = await flood(flooded, count)
    expect(fewest).toBeLessThan(2)
    expect(most).toBeLessThan(mostQueued)
    stalled.resume()
    for (const reader of [healthy, stalled]) {
      await expect.poll(() => reader.text().includes(`"n":${count - 1},`), { timeout: 30_000 }).toBe(true)
      await expect.poll(() => numbersIn(bodyOf(reader.text())).at(-1)).toBe(count - 1)
      expect(numbersIn(bodyOf(reader.text()))).toEqual(upTo(count))
    }
  })

  test('a stalled and a healthy client of a flood over links both miss nothing, and memory stays bounded', {
    timeout,
  }, async () => {
    const { url, ...flooded } = await start()
    const [healthy, stalled] = await Promise.all(['ann', 'bob'].map((name) => openLink(url, name)))
    for (const link of [healthy!, stalled!]) await subscribe(link)
    stalled!.stream.pause()
    const count = 12_000
    const { fewest, most } = await flood(flooded, count)
    expect(fewest).toBeLessThan(2)
    expect(most).toBeLessThan(mostQueued)
    stalled!.stream.resume()
    for (const { stream } of [healthy!, stalled!]) {
      await expect.poll(() => stream.text().includes(`"n":${count - 1},`), { timeout: 30_000 }).toBe(true)
      await expect.poll(() => framesIn(bodyOf(stream.text())).at(-1)).toContain(`"n":${count - 1},`)
      expect(delivered(framesIn(bodyOf(stream.text())))).toEqual(upTo(count))
    }
  })
}
