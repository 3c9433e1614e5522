import { expect, onTestFinished, test } from 'vitest'
import { startHttpProxy } from '../support/http-proxy.js'
import { describeInChromium, oneBrowser } from './chromium.js'
import { startSite } from './site.js'
import { numbers, readTicks, received, tickCame, visit } from './visit.js'

describeInChromium('a page that gets no WebSocket', () => {
  const browser = oneBrowser()

  async function setUp() {
    const site = await startSite()
    onTestFinished(site.stop)
    const proxy = await startHttpProxy(site.url)
    onTestFinished(proxy.stop)
    proxy.strip(true)
    return { site, proxy, page: await visit(browser(), proxy.url) }
  }

  test('has its events, messages and answers all the same, and moves to a WebSocket when it can', async () => {
    const { site, proxy, page } = await setUp()
    await readTicks(page, 'websocket')
    for (let i = 0; i < 50; i++) await site.tick()
    await tickCame(page, 'websocket', 50)
    await page.evaluate(() => window.fixture.readRoom('general'))
    const say = (text: string) => page.evaluate((one) => window.fixture.say('general', one), text)
    expect([await say('a'), await say('b')]).toEqual([1, 2])
    expect(proxy.counts).toMatchObject({ stripped: 1, upgraded: 0 })

    proxy.strip(false)
    let ticks = 50
    const flow = setInterval(() => {
      ticks += 1
      void site.tick()
    }, 5)
    onTestFinished(() => clearInterval(flow))
    await page.evaluate(() => window.fixture.wake('online'))
    // the one that was tried, and the one that it moved to
    await expect.poll(() => proxy.counts.upgraded).toBe(2)
    expect(await say('c')).toBe(3)
    clearInterval(flow)
    const requests = proxy.counts.requests
    for (let i = 0; i < 50; i++) await site.tick()
    await tickCame(page, 'websocket', ticks + 50)
    expect(await say('d')).toBe(4)
    expect(await received(page, 'websocket')).toEqual(numbers(1, ticks + 50))
    expect(await page.evaluate(() => window.fixture.messages.get('general'))).toEqual(['a', 'b', 'c', 'd'])
    const statuses = await page.evaluate(() => window.fixture.connections.map(({ status }) => status))
    expect(statuses).toEqual(['connecting', 'open'])
    expect(proxy.counts.requests - requests).toBeLessThanOrEqual(2) // the last goodbye
    await expect.poll(() => site.connections()).toBe(1)
  })

  test('tells the server when its client is closed, and when it is gone', async () => {
    const { site, page } = await setUp()
    await readTicks(page, 'websocket')
    expect([site.connections(), site.sessions()]).toEqual([1, 1])
    await page.evaluate(() => window.fixture.close())
    await expect.poll(() => [site.connections(), site.sessions()]).toEqual([0, 0])

    await page.reload()
    await readTicks(page, 'websocket')
    await page.goto('about:blank')
    await expect.poll(() => site.connections()).toBe(0)
    expect(site.sessions()).toBe(1) // a page that is shown again may come back to it
  })
})
