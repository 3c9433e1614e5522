import { expect, onTestFinished, test } from 'vitest'
import { describeInChromium, oneBrowser } from './chromium.js'
import { spawnSite } from './spawned-site.js'
import { liveTimes, numbers, readTicks, received, tickCame, visit } from './visit.js'

const transports = ['websocket', 'sse'] as const
/** A server's first tick: so far from that of the server before that its number tells which one sent it. */
const first = [1, 100_001, 200_001] as const

/** Splits what came where the log began anew. */
function lives(got: readonly (number | string)[]): number[][] {
  const parts: number[][] = [[]]
  for (const item of got) {
    if (item === 'reset') parts.push([])
    else if (typeof item === 'number') parts.at(-1)!.push(item)
    else throw new Error(`there is a gap '${item}'`)
  }
  return parts
}

describeInChromium('two pages whose server is started anew on the same port', () => {
  const browser = oneBrowser()

  test('both come back, are told of the reset in its place, and then get everything new, twice', async () => {
    const servesSince: number[] = []
    const serve = async (port: number, life: 0 | 1 | 2) => {
      const site = await spawnSite({ port, firstTick: first[life], tickMs: 10 })
      servesSince.push(Date.now())
      onTestFinished(() => site.end('SIGKILL'))
      return site
    }
    const one = await serve(0, 0)
    const port = Number(one.url.port)
    const pages = await Promise.all([visit(browser(), one.url), visit(browser(), one.url)])
    const readers = pages.flatMap((page) => transports.map((transport) => ({ page, transport })))
    const allCame = (n: number) =>
      Promise.all(readers.map(({ page, transport }) => tickCame(page, transport, n)))
    for (const page of pages) await readTicks(page, ...transports)
    await pages[0].evaluate(() => window.fixture.listen('/realtime/events/ticks', ['tick', 'parley.gap']))
    await allCame(50)

    await one.end('SIGINT')
    const two = await serve(port, 1)
    await allCame(first[1] + 50)
    expect(await two.seen()).toMatchObject({ sockets: 2 })

    await two.end('SIGKILL')
    const three = await serve(port, 2)
    await allCame(first[2] + 50)
    expect(await three.seen()).toMatchObject({ sockets: 2 })

    for (const { page, transport } of readers) {
      const [before, between, after, ...more] = lives(await received(page, transport))
      expect(more).toEqual([])
      expect(before).toEqual(numbers(before![0]!, before!.at(-1)!))
      expect(between).toEqual(numbers(first[1], between!.at(-1)!))
      expect(after).toEqual(numbers(first[2], after!.at(-1)!))
    }
    // what knows nothing of Parley is told of the gaps by name
    const gaps = await pages[0].waitForFunction(() => {
      const events = window.fixture.sources.get('/realtime/events/ticks')?.events ?? []
      const all = events.filter(({ type }) => type === 'parley.gap')
      return all.length >= 2 && all.map(({ data }) => (data as { reason: string }).reason)
    })
    expect(await gaps.jsonValue()).toEqual(['reset', 'reset'])
    for (const [life, how] of [
      [1, 'a clean restart'],
      [2, 'a kill -9'],
    ] as const) {
      const waits = await Promise.all(
        readers.map(async ({ page, transport }) => {
          const live = (await liveTimes(page, transport))[life]!
          return `${transport} ${live - servesSince[life]!} ms`
        }),
      )
      console.log(`live again after ${how}, from when the server serves: ${waits.join(', ')}`)
    }
    // no sign of a wake-up had a part in it
    for (const page of pages) expect(await page.evaluate(() => window.fixture.signs)).toEqual(['pageshow'])
  })
})
