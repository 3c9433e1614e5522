import { channel, defineContract } from '@parley/shared'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { type RawWebSocket, rawWebSocket } from '../../../../tests/support/raw-websocket.js'
import { bunHandler } from '../../src/adapters/bun.js'
import { anyone, createHub, createRouter } from '../../src/index.js'

const contract = defineContract({
  flood: channel({
    events: { item: z.object({ n: z.number(), fill: z.string() }) },
    replay: { last: 100_000, for: '10m', bytes: 512 * 1_048_576 },
  }),
})
const fill = 'x'.repeat(1_000)
const stop: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of stop.splice(0)) await end()
})

/** A server; `hostLimit` is the back-pressure limit of a host that brings its own socket handler. */
function start(hostLimit?: number) {
  const hub = createHub(contract)
  const router = createRouter(hub, { flood: { join: anyone } })
  const mine =
    hostLimit === undefined
      ? {}
      : { websocket: { message() {}, backpressureLimit: hostLimit, idleTimeout: 120 } }
  const realtime = bunHandler(router, { path: '/realtime', ...mine })
  const server = Bun.serve({
    port: 0,
    fetch: (request, self) => realtime.fetch(request, self) ?? new Response('app'),
    websocket: realtime.websocket,
  })
  stop.push(async () => {
    await hub.close()
    await server.stop(true)
  })
  return { hub, router, url: `http://127.0.0.1:${server.port}/realtime` }
}

async function reader(url: string, client: string): Promise<RawWebSocket> {
  const socket = await rawWebSocket(url)
  socket.send(JSON.stringify(['hello', { v: 1, contract: '0', client: client.padEnd(22, '0') }]))
  await socket.until((frame) => frame.startsWith('["welcome"'))
  socket.send(JSON.stringify(['sub', 1, 'flood', null, null]))
  await socket.until((frame) => frame.startsWith('["live"'))
  return socket
}

/** The numbers of the events, as a client delivers them: what is not above the last offset is dropped. */
function delivered(frames: readonly string[]): number[] {
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

const isItem = (n: number) => (frame: string) => frame.startsWith('["e"') && frame.includes(`"n":${n},`)

test.each([
  ['published natively, under our own limits', undefined, 16_000],
  ["sent one by one, under a host's limit, where the runtime drops in silence", 65_536, 12_000],
])(
  'a stalled and a healthy reader of a flood both miss nothing, %s',
  { timeout: 60_000 },
  async (_title, hostLimit, count) => {
    const { hub, router, url } = start(hostLimit)
    const healthy = await reader(url, 'healthy')
    const stalled = await reader(url, 'stalled')
    // the path that the title names is the one that is tested
    expect(router.inspect()).toMatchObject({ live: 2, nativeSubscriptions: hostLimit === undefined ? 2 : 0 })

    stalled.pause()
    let fewest = 2
    for (let n = 0; n < count; n++) {
      await hub.channel.flood.emit('item', { n, fill })
      if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
      fewest = Math.min(fewest, router.inspect().live)
    }
    await healthy.until(isItem(count - 1))
    expect(fewest).toBeLessThan(2) // somebody really was taken off the live set
    expect(router.inspect().queuedBytes).toBeLessThan(3 * 1_048_576)

    stalled.resume()
    await stalled.until(isItem(count - 1))
    const all = Array.from({ length: count }, (_, n) => n)
    expect(delivered(healthy.frames)).toEqual(all)
    expect(delivered(stalled.frames)).toEqual(all)

    // and both come back to live
    const caughtUp = (frame: string) => frame.startsWith('["live"') && JSON.parse(frame)[2] >= count
    await stalled.until(caughtUp)
    if (router.inspect().live < 2) await healthy.until(caughtUp)
    expect(router.inspect().live).toBe(2)
    await hub.channel.flood.emit('item', { n: count, fill })
    await Promise.all([healthy.until(isItem(count)), stalled.until(isItem(count))])
    healthy.cut()
    stalled.cut()
  },
)
