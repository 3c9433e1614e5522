import { expect, onTestFinished, test } from 'vitest'
import { describeInChromium, launchChromium } from './chromium.js'
import { startSite } from './site.js'
import { numbers, readTicks, received, tickCame, visit } from './visit.js'

const transports = ['websocket', 'sse'] as const

describeInChromium('a page that is left and taken out of the back-forward cache', () => {
  test('is live again, without a hole or a repeat', async () => {
    const site = await startSite()
    onTestFinished(site.stop)
    const browser = await launchChromium({ hasBackForwardCache: true })
    onTestFinished(() => browser.close())
    const page = await visit(browser, site.url)
    await readTicks(page, ...transports)
    await site.tick()
    for (const transport of transports) await tickCame(page, transport, 1)

    const signs = await page.evaluate(() => window.fixture.signs.length)
    await page.goto(`${site.url}seen`)
    await site.tick() // nobody is there to see it
    await page.goBack({ waitUntil: 'commit' })
    // the very page that was left: a new one would have nothing
    await page.waitForFunction((before) => window.fixture.signs.length > before, signs)
    await site.tick()
    for (const transport of transports) {
      await tickCame(page, transport, 3)
      expect(await received(page, transport)).toEqual(numbers(1, 3))
    }
    expect(await page.evaluate(() => window.fixture.connection())).toMatchObject({ status: 'open' })
  })
})
