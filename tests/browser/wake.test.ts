import { expect, onTestFinished, test } from 'vitest'
import { describeInChromium, oneBrowser } from './chromium.js'
import type { Sign } from './page/page.js'
import { startSite } from './site.js'
import { numbers, received, tickCame, visit } from './visit.js'

const signs: readonly Sign[] = ['visibilitychange', 'resume', 'pageshow', 'online']

describeInChromium('a page whose timers never fire', () => {
  const browser = oneBrowser()

  test.each(signs)('comes back at once on %s, and then tries whether its link still holds', async (sign) => {
    const site = await startSite()
    onTestFinished(site.stop)
    site.refuse(true)
    const page = await visit(browser(), `${site.url}?timers=held`)
    await page.evaluate(() => {
      void window.fixture.readTicks('websocket')
      void window.fixture.readTicks('sse')
    })
    // both were refused, and wait longer than they ever will
    await page.waitForFunction(() => window.fixture.held().filter((ms) => ms < 2_000).length === 2)
    expect(await page.evaluate(() => window.fixture.connection())).toMatchObject({ status: 'reconnecting' })
    expect(site.seen).toEqual({ upgrades: 1, sockets: 0, responses: 1, pings: 0 })

    const before = await page.evaluate(() => window.fixture.held())
    await page.evaluate(() => window.fixture.show('hidden'))
    expect(await page.evaluate(() => window.fixture.held())).toEqual(before)

    site.refuse(false)
    await page.evaluate((one) => window.fixture.wake(one), sign)
    await page.waitForFunction(() =>
      Object.values(window.fixture.ticks).every(({ statuses }) => statuses.at(-1)?.status === 'live'),
    )
    expect(site.seen).toEqual({ upgrades: 2, sockets: 1, responses: 2, pings: 0 })

    await page.evaluate((one) => window.fixture.wake(one), sign)
    await expect.poll(() => site.seen.pings).toBe(1)
    await site.tick()
    for (const transport of ['websocket', 'sse'] as const) {
      await tickCame(page, transport, 1)
      expect(await received(page, transport)).toEqual(numbers(1, 1))
    }
    expect(site.seen).toEqual({ upgrades: 2, sockets: 1, responses: 2, pings: 1 })
  })
})
