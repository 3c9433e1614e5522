import { expect, test } from 'vitest'
import { describeInChromium, findChromium, launchChromium } from './chromium.js'

describeInChromium('Chromium', () => {
  test('runs a page, and shows which process renders it', async () => {
    const browser = await launchChromium()
    try {
      const page = await browser.newPage()
      await page.goto('data:text/html,<title>a page</title>')
      expect(await page.title()).toBe('a page')
      const session = await browser.newBrowserCDPSession()
      const { processInfo } = await session.send('SystemInfo.getProcessInfo')
      expect(processInfo.map(({ type }) => type)).toContain('renderer')
    } finally {
      await browser.close()
    }
  })
})

test('a Chromium that is named and cannot be run is a mistake, not a skip', () => {
  expect(() => findChromium({ PARLEY_CHROMIUM: '/nowhere/chromium' })).toThrow('/nowhere/chromium')
})

test('a machine without Chromium is told apart', () => {
  expect(findChromium({ PATH: '' })).toBeUndefined()
})
