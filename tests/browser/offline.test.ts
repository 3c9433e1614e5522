import { expect, onTestFinished, test } from 'vitest'
import { startProxy } from '../support/proxy.js'
import { describeInChromium, oneBrowser } from './chromium.js'
import { startSite } from './site.js'
import { liveTimes, numbers, readTicks, received, tickCame, visit } from './visit.js'

const transports = ['websocket', 'sse'] as const

describeInChromium('a page whose network goes away', () => {
  const browser = oneBrowser()

  async function setUp() {
    const site = await startSite()
    onTestFinished(site.stop)
    const way = await startProxy(site.url)
    onTestFinished(way.stop)
    const context = await browser().newContext()
    onTestFinished(() => context.close())
    return { site, way, context, page: await visit(context, way.url) }
  }

  test('comes back with the network, with nothing lost, and what was sent meanwhile arrives', async () => {
    const { site, way, context, page } = await setUp()
    await readTicks(page, 'websocket', 'sse')
    const emitTwenty = async () => {
      for (let i = 0; i < 20; i++) await site.tick()
    }
    await emitTwenty()
    for (const transport of transports) await tickCame(page, transport, 20)

    // quiet, because the emulation would hold a frame that is under way, and the close behind it, back for ever
    await context.setOffline(true)
    way.cut()
    // a second failed attempt over WebSocket, while the subscriber waits as well
    await page.waitForFunction(() => {
      const connection = window.fixture.connection()
      const { statuses } = window.fixture.ticks.sse!
      return (
        connection.status === 'reconnecting' &&
        connection.attempt >= 2 &&
        statuses.at(-1)?.status === 'joining'
      )
    })
    const said = page.evaluate(() => window.fixture.say('general', 'sent while away'))
    await emitTwenty()

    const onlineAt = Date.now()
    await context.setOffline(false)
    expect(await said).toBe(1)
    await emitTwenty()
    for (const transport of transports) {
      await tickCame(page, transport, 60)
      expect(await received(page, transport)).toEqual(numbers(1, 60))
    }
    expect(await page.evaluate(() => window.fixture.connection().status)).toBe('open')
    expect(site.seen).toMatchObject({ upgrades: 2, sockets: 2 })
    const [[, socket], [, response]] = [await liveTimes(page, 'websocket'), await liveTimes(page, 'sse')]
    console.log(
      `live again after the network: WebSocket ${socket! - onlineAt} ms, SSE ${response! - onlineAt} ms`,
    )
  })

  test('lets go of a link that went silent under a call, and gives it up at its deadline where no other comes', async () => {
    const { site, context, page } = await setUp()
    await readTicks(page, 'websocket')
    await site.tick()
    await tickCame(page, 'websocket', 1)

    // Chromium's emulation holds back the frames of an open WebSocket, and closes nothing: a half-open link
    await context.setOffline(true)
    const silentAt = Date.now()
    const said = page.evaluate(() =>
      window.fixture
        .say('general', 'into the void')
        .catch((error: unknown) => (error as { code: string }).code),
    )
    await page.waitForFunction(() =>
      window.fixture.connections.some(({ status }) => status === 'reconnecting'),
    )
    console.log(`a silent link was let go ${Date.now() - silentAt} ms after a call went out (goal: 8,000 ms)`)
    expect(await said).toBe('TIMEOUT')
    expect(await page.evaluate(() => window.fixture.connections)).toContainEqual(
      expect.objectContaining({
        status: 'reconnecting',
        lastError: expect.objectContaining({ code: 'HEARTBEAT' }),
      }),
    )
    await site.tick()
    await context.setOffline(false)
    await tickCame(page, 'websocket', 2)
    expect(await received(page, 'websocket')).toEqual([1, 2])
  })
})
