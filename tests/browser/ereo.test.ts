/** The pages of the EreoJS example, rendered by Ereo and woken in Chromium. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Running, startExample } from '../examples/running.js'
import { accessibilityFaults } from './axe.js'
import { describeInChromium, launchChromium } from './chromium.js'

describeInChromium('the example in EreoJS', () => {
  let site: Running
  let browser: Browser

  beforeAll(async () => {
    ;[site, browser] = await Promise.all([startExample('examples/ereo/start.ts'), launchChromium()])
  })
  afterAll(async () => {
    await browser.close()
    await site.stop()
  })

  /** Opens a page; what its console shows as wrong, a hydration that does not match included, fails the test. */
  async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    const wrong: string[] = []
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) wrong.push(message.text())
    })
    page.on('pageerror', (error) => wrong.push(error.message))
    onTestFinished(async () => {
      await context.close()
      expect(wrong).toEqual([])
    })
    await page.goto(site.url + path)
    return page
  }

  const place = async (euros: number) => {
    const response = await fetch(`${site.url}/api/ws/call/orders.place`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ euros }),
    })
    return (await response.json()) as { orders: number }
  }
  const orders = (page: Page) => page.locator('[data-figure=orders]')

  test('shows the numbers of the server without JavaScript', async () => {
    const { orders: now } = await place(5)
    const page = await open('/dashboard', { javaScriptEnabled: false })
    expect(await orders(page).textContent()).toBe(String(now))
  })

  test('goes live, and shows what changed between the loader and the socket', async () => {
    const context = await browser.newContext()
    onTestFinished(() => context.close())
    const page = await context.newPage()
    let between = 0
    await page.route('**/_ereo/client.js', async (route) => {
      between = (await place(6)).orders // rendered, and not yet woken
      await route.continue()
    })
    await page.goto(`${site.url}/dashboard`)
    await page.getByText('live', { exact: true }).waitFor()
    await orders(page).getByText(String(between), { exact: true }).waitFor()
    await page.getByRole('button').click()
    await page.getByText(`Order ${between + 1} is placed`).waitFor()
    await orders(page)
      .getByText(String(between + 1), { exact: true })
      .waitFor()
  })

  test('lets two people talk, see each other type, and leave', async () => {
    const ada = await open('/chat?name=Ada')
    const grace = await open('/chat?name=Grace')
    await grace.getByLabel('People').getByText('Ada').waitFor()
    await ada.getByLabel('Message', { exact: true }).pressSequentially('Hel')
    await grace.getByText('Ada is typing').waitFor()
    await ada.getByLabel('Message', { exact: true }).fill('Hello, Grace')
    await ada.keyboard.press('Enter')
    await grace.getByLabel('Messages').getByText('Hello, Grace').waitFor()
    await ada.close()
    await grace.getByLabel('People').getByText('Ada').waitFor({ state: 'detached' })
  })

  test('goes on when its server was killed and another one has its place, without a loss or a ghost', async () => {
    let own = await startExample('examples/ereo/start.ts')
    const { port } = new URL(own.url)
    onTestFinished(async () => void (await own.stop()))
    // what the browser itself prints of a server that is not there is no fault of the page
    const enter = async (name: string): Promise<Page> => {
      const context = await browser.newContext()
      onTestFinished(() => context.close())
      const page = await context.newPage()
      page.on('pageerror', (error) => {
        throw error
      })
      await page.goto(`${own.url}/chat?name=${name}`)
      await page.getByText('live', { exact: true }).waitFor()
      return page
    }
    const say = async (page: Page, text: string) => {
      await page.getByLabel('Message', { exact: true }).fill(text)
      await page.keyboard.press('Enter')
    }
    const said = (page: Page, text: string) =>
      page.getByLabel('Messages').getByRole('listitem').filter({ hasText: text })
    const [ada, grace] = [await enter('Ada'), await enter('Grace')]
    await say(ada, 'before')
    await said(grace, 'before').waitFor()

    await own.stop('SIGKILL')
    await ada.getByText('joining', { exact: true }).waitFor()
    await say(ada, 'while it was away')
    own = await startExample('examples/ereo/start.ts', { port })
    for (const page of [ada, grace]) {
      await page.evaluate(() => dispatchEvent(new Event('online')))
      await page.getByText('live', { exact: true }).waitFor()
    }
    await said(grace, 'while it was away').waitFor()
    await say(grace, 'after')
    await said(ada, 'after').waitFor()
    expect(await said(grace, 'while it was away').count()).toBe(1)
    const people = ada.getByLabel('People').getByRole('listitem')
    await expect.poll(() => people.allTextContents()).toHaveLength(2)
    expect((await people.allTextContents()).sort()).toEqual(['Ada', 'Grace'])
  })

  test('feeds a native EventSource with named events', async () => {
    const page = await open('/')
    await page.evaluate(() => {
      const source = new EventSource('/api/events')
      const opened = new Promise((resolve) => source.addEventListener('parley.live', resolve))
      const heard = new Promise((resolve) => {
        source.addEventListener('notification', ({ data }) => resolve(JSON.parse(data).text))
      })
      Object.assign(window, { heard })
      return opened.then(() => undefined)
    })
    await place(77)
    const text = await page.evaluate(() => (window as unknown as { heard: Promise<string> }).heard)
    expect(text).toBe('An order of 77 euros')
  })

  test.each(['/', '/dashboard', '/chat', '/chat?name=Eve'])(
    'has no fault of accessibility at %s',
    async (path) => {
      expect(await accessibilityFaults(await open(path))).toEqual([])
    },
  )
})
