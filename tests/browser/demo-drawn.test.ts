/** The demo's page as the server draws it, on its way to live, and what axe-core has to say to it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { firstBlocks } from '../demo/event-stream.js'
import { say, type Words } from '../demo/say.js'
import { type Running, startExample } from '../examples/running.js'
import { accessibilityFaults } from './axe.js'
import { describeInChromium, oneBrowser } from './chromium.js'
import { openDemo } from './demo-page.js'

describeInChromium('the page of the demo, drawn by the server', () => {
  const browser = oneBrowser()
  let demo: Running
  beforeAll(async () => {
    demo = await startExample('examples/demo/start.ts')
  })
  afterAll(async () => {
    await demo.stop()
  })
  /** How many messages there are. */
  let said = 0
  const tell = async (words: Words) => {
    await say(demo.url, words)
    said += 1
  }
  const ada = (text: string, kind?: 'announcement') => tell({ from: 'Ada', text, ...(kind && { kind }) })

  test('shows what there is without JavaScript, and its links lead to rooms', async () => {
    await ada('Drawn')
    const context = await browser().newContext({ javaScriptEnabled: false })
    try {
      const page = await context.newPage()
      await page.goto(demo.url)
      await page.locator('.message-text', { hasText: 'Drawn' }).waitFor()
      await page.locator('.still').waitFor()
      await page.locator('.composer').waitFor({ state: 'hidden' }) // it would do nothing
      await page.locator('.event-log').waitFor({ state: 'hidden' }) // nobody is there to write it
      expect(await page.locator('[data-position=counter]').textContent()).toMatch(/^:\d+$/)
      await page.getByRole('link', { name: 'Lunch' }).click()
      await page.getByRole('heading', { name: 'lunch' }).waitFor()

      // a time stays in its line, whoever it was
      await tell({ from: 'A name as long as a name may be', text: 'In short' })
      await page.setViewportSize({ width: 320, height: 640 })
      await page.reload()
      const notice = page.locator('.notice', { hasText: 'In short' })
      const { height } = (await notice.locator('time').boundingBox())!
      expect(height).toBeLessThan(1.5 * 16)
    } finally {
      await context.close()
    }
  })

  test('goes live from where it was read: what is said before its script runs is there once, and nothing is a mismatch', async () => {
    const context = await browser().newContext({
      timezoneId: 'Asia/Kolkata',
      locale: 'de',
      colorScheme: 'dark',
    })
    try {
      await ada('Before')
      let saidMeanwhile = false
      await context.route(/\.js$/, async (route) => {
        // as its colours are, although neither the server nor a script has said so
        await context.pages()[0]!.getByRole('button', { name: 'Use light colours' }).waitFor()
        await ada('Meanwhile')
        saidMeanwhile = true
        await route.continue()
      })
      const { page, errors, figure, counts } = await openDemo(context, `${demo.url}/?room=general`)
      expect(saidMeanwhile).toBe(true)
      for (const panel of ['.message-text', '.notice-text']) {
        const meanwhile = page.locator(panel, { hasText: 'Meanwhile' })
        await meanwhile.waitFor()
        expect(await meanwhile.count()).toBe(1)
      }
      expect(await page.locator('.message-text', { hasText: 'Before' }).count()).toBe(1)
      expect(await page.locator('time', { hasText: 'UTC' }).count()).toBe(0)
      await counts(3)
      expect([await figure('lost'), await figure('twice'), await figure('gaps')]).toEqual([0, 0, 0])

      const dashboardSays = () => page.locator('[data-stat=said]', { hasText: RegExp(`^${said}$`) }).waitFor()
      await dashboardSays()
      await ada('One more')
      await dashboardSays()

      // there and back, without leaving the page
      await page.getByRole('link', { name: 'Lunch' }).click()
      await page.getByRole('heading', { name: 'lunch' }).waitFor()
      await page.goBack()
      await page.locator('.message-text', { hasText: 'One more' }).waitFor()
      await page.goto(`${demo.url}/#room=release`) // a link of old
      await page.getByRole('heading', { name: 'release' }).waitFor()
      expect(new URL(page.url()).search).toBe('?room=release')
      expect(errors).toEqual([])
    } finally {
      await context.close()
    }
  })

  test('tells of the numbers that came from the log as it counts them, those before its script ran included', async () => {
    const context = await browser().newContext()
    try {
      await context.route(/\.js$/, async (route) => {
        await firstBlocks(`${demo.url}/realtime/events/ticks`, 3, 'tick') // as the page waits
        await route.continue()
      })
      const { page, figure, counts } = await openDemo(context, demo.url)
      await counts(3)
      expect(await figure('replayed')).toBeGreaterThanOrEqual(2)
      await page.waitForFunction(() => {
        const said = [...document.querySelectorAll('.entry-replay span')].map(
          ({ textContent }) => /^([\d,]+) events? replayed/.exec(textContent)?.[1] ?? '',
        )
        const sum = said.reduce((all, one) => all + Number(one.replaceAll(',', '')), 0)
        return sum === Number(document.querySelector('[data-figure=replayed]')?.textContent)
      })
    } finally {
      await context.close()
    }
  })

  test('has no fault of accessibility, on a desktop and on a phone, in light and dark colours, whatever its state', async () => {
    const context = await browser().newContext({ reducedMotion: 'reduce' })
    try {
      await ada('All hands', 'announcement')
      const { page, turn, say: sayHere, connected } = await openDemo(context, `${demo.url}/?room=lunch`)
      const looks = [
        { colorScheme: 'light', viewport: { width: 1280, height: 800 } },
        { colorScheme: 'dark', viewport: { width: 390, height: 844 } },
      ] as const
      const isFine = async (state: string) => {
        for (const { colorScheme, viewport } of looks) {
          await page.emulateMedia({ colorScheme })
          await page.setViewportSize(viewport)
          expect(await accessibilityFaults(page), `${state}, in ${colorScheme} colours`).toEqual([])
        }
      }
      await isFine('connected')

      await page.getByLabel('New room').fill('General')
      await page.keyboard.press('Enter')
      await page.getByText('That name is taken').waitFor()
      await isFine('refused')

      await page.getByRole('button', { name: 'Import rows' }).click()
      await page.getByRole('button', { name: 'Cancel' }).waitFor()
      await isFine('importing')

      await turn('Cut the link', true)
      await sayHere('Said while away')
      await page.getByText('waits for the link').waitFor()
      await isFine('cut')

      // drawn from a log that is no more
      await context.route(/\.js$/, async (route) => {
        const loaded = page.locator('#loaded')
        await loaded.waitFor({ state: 'attached' })
        await loaded.evaluate((element) => {
          element.textContent = element.textContent!.replaceAll(/"position":"\w+-/g, '"position":"gone-')
        })
        await route.continue()
      })
      await page.reload()
      await connected()
      await page.getByText('Some messages can no longer be had').waitFor()
      await page.getByText('Some can no longer be had').waitFor()
      await isFine('told of gaps')
    } finally {
      await context.close()
    }
  })
})
