import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { describeInChromium, launchChromium } from './chromium.js'
import type { Recording } from './page/recording.js'
import { freeze, renderersOf } from './renderers.js'
import { startSite } from './site.js'
import { numbers, readTicks, received, tickCame, visit } from './visit.js'

const frozenMs = 90_000
const tickMs = 50
/** Far above what it takes (it is printed), far below any timer that would bring it back by chance. */
const liveWithinMs = 10_000
const transports = ['websocket', 'sse'] as const

/** How long after a moment the first event came that was emitted after it. */
function liveAfter({ items }: Recording, moment: number): number {
  for (const item of items) if ('n' in item && item.emittedAt > moment) return item.receivedAt - moment
  throw new Error('nothing that was emitted after the thaw has come')
}

describeInChromium('a page whose renderer is stopped for 90 s', () => {
  test('is live again without a loop or a hole, over WebSocket and over SSE, and needs no sign for it', async () => {
    const site = await startSite()
    onTestFinished(site.stop)
    const browser = await launchChromium()
    onTestFinished(() => browser.close())
    const page = await visit(browser, site.url)
    await readTicks(page, ...transports)
    site.startTicks(tickMs)
    for (const transport of transports) await tickCame(page, transport, 20)
    const before = { ...site.seen }
    const signs = await page.evaluate(() => window.fixture.signs)

    const thaw = await freeze(await renderersOf(browser))
    onTestFinished(thaw)
    await sleep(frozenMs)
    const thawedAt = Date.now()
    const atThaw = site.newest()
    await thaw()

    // a loop would show in the hundred ticks that follow
    const end = atThaw + 100
    for (const transport of transports) await tickCame(page, transport, end)
    const { beats, ticks } = await page.evaluate(() => {
      const { beats, ticks } = window.fixture
      return { beats, ticks }
    })

    const hole = Math.max(...beats.map((beat, i) => beat - (beats[i - 1] ?? beat)))
    expect(hole).toBeGreaterThan(frozenMs - 1_000)

    for (const transport of transports) {
      const got = await received(page, transport)
      expect(got).toEqual(numbers(got[0] as number, (got[0] as number) + got.length - 1))
      expect(liveAfter(ticks[transport]!, thawedAt)).toBeLessThan(liveWithinMs)
    }
    expect(await page.evaluate(() => window.fixture.signs)).toEqual(signs)

    const opened = (kind: 'upgrades' | 'responses') => site.seen[kind] - before[kind]
    console.log(
      `frozen for ${Math.round(hole / 1_000)} s; live again after SIGCONT (goal: 2,000 ms): ` +
        `WebSocket ${liveAfter(ticks.websocket!, thawedAt)} ms with ${opened('upgrades')} new connections, ` +
        `SSE ${liveAfter(ticks.sse!, thawedAt)} ms with ${opened('responses')}`,
    )
    expect(opened('upgrades')).toBeLessThanOrEqual(2)
    expect(opened('responses')).toBeLessThanOrEqual(2)
  })
})
