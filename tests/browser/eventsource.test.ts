import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { startProxy } from '../support/proxy.js'
import { describeInChromium, oneBrowser } from './chromium.js'
import type { SourceRecording } from './page/recording.js'
import { startSite } from './site.js'
import { numbers, visit } from './visit.js'

type SourceEvents = SourceRecording['events']

/** Listens by name; `message` is what an EventSource calls a block without one. */
async function listen(page: Page, url: string, ...names: readonly string[]): Promise<void> {
  const all = ['message', 'parley.ready', 'parley.live', ...names]
  await page.evaluate(([at, on]) => window.fixture.listen(at, on), [url, all] as const)
}

/** Waits until the source has got so many events of a name, and gives all that it got. */
async function eventsOf(page: Page, url: string, name: string, count: number): Promise<SourceEvents> {
  const got = await page.waitForFunction(
    ([at, type, wanted]) => {
      const events = window.fixture.sources.get(at)?.events ?? []
      return events.filter((event) => event.type === type).length >= wanted && events
    },
    [url, name, count] as const,
  )
  return (await got.jsonValue()) as SourceEvents
}

describeInChromium("the browser's own EventSource", () => {
  const browser = oneBrowser()

  async function setUp() {
    const site = await startSite()
    onTestFinished(site.stop)
    const way = await startProxy(site.url)
    onTestFinished(way.stop)
    return { site, way, page: await visit(browser(), way.url) }
  }

  test("reads an emitter's events by name, as plain JSON, and resumes by itself after a cut", async () => {
    const { site, way, page } = await setUp()
    await listen(page, '/news', 'headline', 'alert')
    const [ready] = await eventsOf(page, '/news', 'parley.live', 1)
    expect(ready).toEqual({
      type: 'parley.ready',
      data: { position: ready?.lastEventId },
      lastEventId: expect.stringMatching(/-0$/),
    })

    const at = new Date(1_700_000_000_000)
    const first = await site.news.emit('headline', { text: 'two\nlines', at })
    const second = await site.news.emit('alert', 'fire')
    await eventsOf(page, '/news', 'alert', 1)
    expect(way.cut()).toBeGreaterThan(0)
    const third = await site.news.emit('headline', { text: 'after the cut', at })
    const all = await eventsOf(page, '/news', 'headline', 2)
    const json = at.toJSON()
    expect(all.filter(({ type }) => !type.startsWith('parley.'))).toEqual([
      { type: 'headline', data: { text: 'two\nlines', at: json }, lastEventId: first },
      { type: 'alert', data: 'fire', lastEventId: second },
      { type: 'headline', data: { text: 'after the cut', at: json }, lastEventId: third },
    ])
    expect(all.filter(({ type }) => type === 'parley.ready')).toEqual([
      ready,
      { type: 'parley.ready', data: { position: second }, lastEventId: second },
    ])
  })

  test("reads a hub's topic through one cut after the other, without a hole or a repeat", async () => {
    const { site, way, page } = await setUp()
    const url = '/realtime/events/ticks'
    await listen(page, url, 'tick')
    await eventsOf(page, url, 'parley.live', 1)
    for (let cuts = 1; cuts <= 5; cuts++) {
      await site.tick()
      await eventsOf(page, url, 'tick', 2 * cuts - 1)
      way.cut()
      await site.tick()
      await eventsOf(page, url, 'parley.ready', cuts + 1)
    }
    const all = await eventsOf(page, url, 'tick', 10)
    const ticks = all.filter(({ type }) => type === 'tick').map(({ data }) => (data as { n: number }).n)
    expect(ticks).toEqual(numbers(1, 10))
    expect(all.filter(({ type }) => type === 'message')).toEqual([])
  })

  test('comes back by itself from a response that the server ends with the right to read', async () => {
    const { site, page } = await setUp()
    const url = '/news?seconds=1'
    await listen(page, url, 'alert')
    await eventsOf(page, url, 'parley.live', 1)
    let sent = 0
    const flow = setInterval(() => void site.news.emit('alert', String(++sent)), 10)
    onTestFinished(() => clearInterval(flow))
    await eventsOf(page, url, 'parley.ready', 3)
    clearInterval(flow)
    const all = await eventsOf(page, url, 'alert', sent)
    const alerts = all.filter(({ type }) => type === 'alert').map(({ data }) => Number(data))
    expect(alerts).toEqual(numbers(1, sent))
  })
})
