/** What the pages of the EreoJS example show once their server has forgotten everything. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startExample } from '../examples/running.js'
import { describeInChromium, launchChromium } from './chromium.js'
import { visit } from './visit.js'

describeInChromium('a page of the example in EreoJS whose server is another one now', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser.close())

  const post = async (url: string, body: unknown): Promise<void> => {
    const headers = { 'content-type': 'application/json' }
    expect((await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).status).toBe(200)
  }

  /** Opens a page, kills its server, and starts the next one in its place. */
  async function outlived(path: string, before: (url: string) => Promise<void>) {
    let site = await startExample('examples/ereo/start.ts')
    onTestFinished(async () => void (await site.stop()))
    const { port } = new URL(site.url)
    const context = await browser.newContext()
    onTestFinished(() => context.close())
    await before(site.url)
    const page = await visit(context, site.url + path)
    await page.getByText('live', { exact: true }).waitFor()
    await site.stop('SIGKILL')
    await page.getByText('live', { exact: true }).waitFor({ state: 'detached' })
    site = await startExample('examples/ereo/start.ts', { port })
    await page.evaluate(() => dispatchEvent(new Event('online')))
    return { page, url: site.url }
  }

  test('shows the figures that there are, and not those that there were', async () => {
    const { page, url } = await outlived('/dashboard', (before) =>
      post(`${before}/api/ws/call/orders.place`, { euros: 5 }),
    )
    const orders = page.locator('[data-figure=orders]')
    await orders.getByText('0', { exact: true }).waitFor()
    await post(`${url}/api/ws/call/orders.place`, { euros: 7 })
    await orders.getByText('1', { exact: true }).waitFor()
    expect(await page.locator('[data-figure=biggest]').textContent()).toBe('7')
  })

  test('shows what is kept of a room, and goes on from there', async () => {
    const said = (url: string, text: string) => post(`${url}/api/ws/message/room/say?id=general`, { text })
    const { page, url } = await outlived('/chat?name=Ada', (before) => said(before, 'forgotten'))
    const messages = page.getByLabel('Messages').getByRole('listitem')
    await messages.getByText('forgotten').waitFor({ state: 'detached' })
    await said(url, 'kept')
    await messages.getByText('kept').waitFor()
    expect(await messages.count()).toBe(1)
  })

  test('says in the feed that something can no longer be told', async () => {
    const { page } = await outlived('/', (before) => post(`${before}/api/ws/call/orders.place`, { euros: 5 }))
    await page.getByText('can no longer be told').waitFor()
    await page.getByText('live', { exact: true }).waitFor()
  })
})
