import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Running, startExample } from '../examples/running.js'
import { describeInChromium, launchChromium } from './chromium.js'
import { type DemoPage, openDemo } from './demo-page.js'
import { focused, usable, walk, watchFocus } from './focus.js'
import { boxesOf, faintTexts, unseenBelow } from './looks.js'

const start = 'examples/demo/start.ts'
const whole = { lost: 0, twice: 0, gaps: 0 }

async function faults({ figure }: DemoPage) {
  return { lost: await figure('lost'), twice: await figure('twice'), gaps: await figure('gaps') }
}

/** Waits until so many pixels of what was said are below what one sees of it. */
async function scrolled(page: Page, isSo: (below: number) => boolean) {
  await expect.poll(() => unseenBelow(page)).toSatisfy(isSo)
}

describeInChromium('the page of the demo', () => {
  let demo: Running
  let browser: Browser

  beforeAll(async () => {
    ;[demo, browser] = await Promise.all([startExample(start), launchChromium()])
  })
  afterAll(async () => {
    await browser.close()
    await demo.stop()
  })

  /** Opens pages, each with a browser profile of its own, and looks for errors on all of them afterwards. */
  async function visit(names: readonly string[], act: (...pages: DemoPage[]) => Promise<void>) {
    const contexts = await Promise.all(names.map(() => browser.newContext()))
    try {
      const pages = await Promise.all(
        names.map((name, index) => openDemo(contexts[index]!, demo.url, name || undefined)),
      )
      await act(...pages)
      expect(pages.flatMap(({ errors }) => errors)).toEqual([])
    } finally {
      for (const context of contexts) await context.close()
    }
  }

  /** Waits until nobody else is shown: a window that was closed in the middle of things is for 15 seconds. */
  async function alone({ people }: DemoPage) {
    await expect.poll(() => people.count()).toBe(1)
    await people.filter({ hasText: 'tabs' }).waitFor({ state: 'detached' })
  }

  test('lets two people talk, and each see that the other is typing', () =>
    visit(['Ada', 'Grace'], async (ada, grace) => {
      await ada.page.getByLabel('Message', { exact: true }).pressSequentially('Hel')
      await grace.page.getByText('Ada is typing').waitFor()
      await ada.say('Hello, Grace')
      await grace.sees('Hello, Grace')
      await grace.page.getByText('Ada is typing').waitFor({ state: 'detached' })
      await grace.say('Hello, Ada')
      await ada.sees('Hello, Ada')
      for (const { page } of [ada, grace]) {
        const rows = page.locator('.message').filter({ hasText: /Hello, (Grace|Ada)/ })
        expect(await rows.locator('b').allInnerTexts()).toEqual(['Ada', 'Grace'])
      }
    }))

  test('follows what is said, unless one reads further up', () =>
    visit(['Ada', 'Grace'], async (ada, grace) => {
      const { page } = ada
      const long = (name: string) => `${name}${' and on'.repeat(250)}`
      await grace.say(long('On'))
      await ada.sees(long('On'))
      await scrolled(page, (below) => below < 4)

      await page.getByRole('log', { name: 'Messages' }).focus()
      await page.keyboard.press('ArrowUp')
      await scrolled(page, (below) => below > 30)
      await grace.say(long('Unseen'))
      await ada.sees(long('Unseen'))
      await scrolled(page, (below) => below > 60)

      await page.keyboard.press('End')
      await scrolled(page, (below) => below < 4)
      await grace.say(long('Seen'))
      await ada.sees(long('Seen'))
      await scrolled(page, (below) => below < 4)
    }))

  test('misses nothing through a cut, and sends what was said meanwhile', () =>
    visit(['Cora', 'Dora'], async (cora, dora) => {
      await cora.turn('Cut the link', true)
      await cora.say('Said while away')
      await cora.page.getByText('waits for the link').waitFor()
      await dora.say('Said to one who is away')
      await dora.sees('Said to one who is away')
      const missed = (await cora.position()) + 30 // whoever is slow may still be behind that
      await dora.reaches(missed)
      await cora.turn('Cut the link', false)
      await cora.sees('Said to one who is away')
      await cora.sees('Said while away')
      await dora.sees('Said while away')
      await cora.page.locator('.message-waiting').first().waitFor({ state: 'detached' })
      await cora.reaches(missed + 10)
      expect(await cora.figure('replayed')).toBeGreaterThanOrEqual(30)
      expect(await faults(cora)).toEqual(whole)
      expect(await faults(dora)).toEqual(whole)
    }))

  // in slow motion it takes six seconds to come back
  test('counts right through cut after cut, and in slow motion', () =>
    visit([''], async (visitor) => {
      for (let cut = 0; cut < 3; cut++) {
        await visitor.turn('Cut the link', true)
        await visitor.turn('Cut the link', false)
        await visitor.counts(3)
      }
      await visitor.turn('Slow motion', true)
      await visitor.counts(5)
      await visitor.turn('Cut the link', true) // with some of them on their way
      await visitor.turn('Cut the link', false)
      await visitor.counts(5)
      await visitor.turn('Slow motion', false)
      await visitor.counts(10)
      expect(await faults(visitor)).toEqual(whole)
    }))

  test('says a message once, also where its acknowledgement was cut off', () =>
    visit(['Edna', 'Fred'], async (edna, fred) => {
      await edna.page.clock.install()
      await edna.turn('Slow motion', true)
      await edna.page.clock.pauseAt(Date.now() + 3_000)
      await edna.say('Did that get through?')
      await edna.page.clock.runFor(2_500) // it is out after 1.5 s, and the acknowledgement held back for good
      await fred.sees('Did that get through?')
      await edna.page.getByRole('switch', { name: 'Cut the link' }).check()
      await edna.page.getByText('waits for the link').waitFor()
      await edna.page.clock.resume()
      await edna.turn('Slow motion', false)
      await edna.turn('Cut the link', false)
      await edna.sees('Did that get through?')
      await edna.page.locator('.message-waiting').first().waitFor({ state: 'detached' })
      expect(await edna.page.locator('.message', { hasText: 'Did that get through?' }).count()).toBe(1)
    }))

  test('is the same person in a second tab, and each tab counts for itself', async () => {
    const context = await browser.newContext()
    try {
      const first = await openDemo(context, demo.url, 'Hedy')
      const second = await openDemo(context, demo.url)
      expect(await second.page.getByLabel('You are').inputValue()).toBe('Hedy')
      await first.turn('Cut the link', true)
      await second.say('From the second tab')
      await second.sees('From the second tab')
      await first.turn('Cut the link', false)
      await first.sees('From the second tab')
      await second.page.close()
      await first.counts(5)
      expect(await faults(first)).toEqual(whole)
      expect([...first.errors, ...second.errors]).toEqual([])
    } finally {
      await context.close()
    }
  })

  test('goes on with an import through a cut, and ends it on the server when it is cancelled', () =>
    visit(['Nell'], async (nell) => {
      const { page } = nell
      const imported = async () =>
        Number.parseInt((await page.locator('[data-figure=imported]').textContent())!, 10)
      const reaches = (least: number) =>
        page.waitForFunction(
          (goal) =>
            Number.parseInt(document.querySelector('[data-figure=imported]')!.textContent!, 10) >= goal,
          least,
        )
      await page.getByRole('button', { name: 'Import rows' }).click()
      await reaches(20)
      await nell.turn('Cut the link', true)
      await nell.turn('Cut the link', false)
      await page.getByText('390 different rows').waitFor()
      expect(await imported()).toBe(400)
      await page.getByRole('button', { name: 'Import rows' }).click()
      await reaches(5)
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.getByText('the server stopped as well').waitFor()
      expect(await imported()).toBeLessThan(400)
    }))

  test.each([
    ['a desktop', { width: 1440, height: 900 }],
    ['a small desktop', { width: 1280, height: 720 }],
    ['a tablet', { width: 900, height: 1100 }],
    ['a phone', { width: 320, height: 640 }],
  ] as const)('moves nothing whatever comes of an import, on %s', (_, viewport) =>
    visit(['Opal'], async (opal) => {
      const { page } = opal
      await page.setViewportSize(viewport)
      await alone(opal)
      const panels = () => boxesOf(page, '.panel')
      const before = await panels()
      await page.getByRole('button', { name: 'Import rows' }).click()
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.getByText('the server stopped as well').waitFor()
      expect(await panels()).toEqual(before)
      await opal.turn('Cut the link', true)
      await page.getByRole('button', { name: 'Import rows' }).click()
      await page.getByText('Waiting for the link').waitFor()
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.getByText('the server is asked to stop').waitFor()
      expect(await panels()).toEqual(before)
      await opal.turn('Cut the link', false)
      await page.getByText('the server stopped as well').waitFor()
      expect(await panels()).toEqual(before)
    }),
  )

  test('says of an import during a cut that it waits, and of one that is given up then no more than is known', () =>
    visit(['Opal'], async (opal) => {
      const { page } = opal
      await opal.turn('Cut the link', true)
      await page.getByRole('button', { name: 'Import rows' }).click()
      await page.getByText('Waiting for the link').waitFor()
      await opal.turn('Cut the link', false)
      await page
        .locator('[data-figure=imported]')
        .filter({ hasText: /^[1-9]/ })
        .waitFor()
      expect(await page.getByText('Waiting for the link').count()).toBe(0)

      await opal.turn('Cut the link', true)
      await page.getByText('Waiting for the link').waitFor()
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.getByText('the server is asked to stop').waitFor()
      expect(await page.getByText('the server stopped').count()).toBe(0)
      await opal.turn('Cut the link', false)
      await page.getByText('the server stopped as well').waitFor()
    }))

  test('offers a free name where one is taken, and opens that room with one click', () =>
    visit(['Ida', 'Jane'], async (ida, jane) => {
      await ida.page.getByLabel('New room').fill('Lunch')
      await ida.page.keyboard.press('Enter')
      await ida.page.getByRole('button', { name: 'Open “Lunch 2”' }).click()
      await ida.page.getByRole('heading', { name: 'lunch-2' }).waitFor()
      await jane.page.getByRole('link', { name: 'Lunch 2' }).waitFor()
      await jane.page.getByText('Ida opened a room').waitFor()
      await ida.say('Just us here')
      await jane.page.getByRole('link', { name: 'Lunch 2' }).getByText('unread').waitFor()
      await jane.page.getByRole('link', { name: 'Lunch 2' }).click()
      await jane.sees('Just us here')
    }))

  test('hands an announcement to everybody, in whatever room they are', () =>
    visit(['Karl', 'Lise'], async (karl, lise) => {
      await lise.page.getByRole('link', { name: 'Release' }).click()
      await karl.page.getByRole('button', { name: 'Announce something' }).click()
      await lise.page.getByText('Karl announced').waitFor()
    }))

  test('says that a room is not open', () =>
    visit([''], async ({ page, errors }) => {
      await page.evaluate(() => {
        location.hash = 'room=cellar'
      })
      await page.getByText('This room is not open').waitFor()
      expect(await page.getByLabel('Message', { exact: true }).isDisabled()).toBe(true)
      // the one line that a developer is told
      await expect.poll(() => errors).toHaveLength(1)
      expect(errors.splice(0)).toEqual([expect.stringContaining('refused room{"id":"cellar"} FORBIDDEN')])
    }))

  test('can be used by keyboard alone: everything is reached both ways, works, shows where one is, and never loses the place', () =>
    visit(['Mary'], async (mary) => {
      const { page } = mary
      const { keyboard } = page
      await page.reload()
      await mary.connected()
      await watchFocus(page)
      const isAt = (name: string) => expect.poll(() => focused(page)).toEqual({ name, visible: true })

      // there and back: all that can be used, in its order, and each shows that one is there
      const names = await usable(page)
      for (const one of ['Cut the link', 'Import rows', 'Lunch', 'Who is here', 'Message', 'Notifications']) {
        expect(names).toContain(one)
      }
      const stops = names.map((name) => ({ name, visible: true }))
      expect(await walk(page, 'Tab', stops.length)).toEqual(stops)
      expect(await walk(page, 'Shift+Tab', stops.length - 1)).toEqual(stops.slice(0, -1).reverse())

      // past everything, and something said, by the field and by its button
      await isAt('Skip to the message field')
      await keyboard.press('Enter')
      await isAt('Message')
      await keyboard.type('Without a mouse')
      await keyboard.press('Enter')
      await mary.sees('Without a mouse')
      await isAt('Message')
      await keyboard.type('Above')
      for (let line = 0; line < 20; line++) await keyboard.press('Shift+Enter')
      await keyboard.type('Below')
      await keyboard.press('Tab')
      await keyboard.press('Enter')
      await mary.sees('Below')
      await isAt('Send')
      await scrolled(page, (below) => below < 4)

      // what scrolls does so by arrows
      const messages = page.getByRole('log', { name: 'Messages' })
      await messages.focus()
      await keyboard.press('ArrowUp')
      await scrolled(page, (below) => below > 30)
      await isAt('Messages')

      for (const name of ['Cut the link', 'Go silent', 'Slow motion']) {
        const control = page.getByRole('switch', { name })
        await control.focus()
        await keyboard.press('Space')
        expect(await control.isChecked()).toBe(true)
        if (name === 'Cut the link') await page.getByRole('status').filter({ hasText: 'lost' }).waitFor()
        await keyboard.press('Space')
        expect(await control.isChecked()).toBe(false)
        await mary.connected()
        await isAt(name)
      }

      await page.getByRole('button', { name: 'Import rows' }).focus()
      await keyboard.press('Enter')
      await page.getByRole('button', { name: 'Cancel' }).waitFor()
      await isAt('Cancel')
      await keyboard.press('Space')
      await page.getByText('the server stopped as well').waitFor()
      await isAt('Import rows')

      await page.getByRole('button', { name: 'Announce something' }).focus()
      await keyboard.press('Space')
      const announced = page.getByRole('link', { name: 'Mary announced' }).first()
      await announced.waitFor()
      await isAt('Announce something')

      await page.getByLabel('You are').focus()
      await keyboard.press('ControlOrMeta+A')
      await keyboard.type('Maria')
      await keyboard.press('Enter')
      await mary.people.getByText('Maria').waitFor()
      await mary.connected()
      await isAt('You are')

      for (const [now, next] of [
        ['dark', 'light'],
        ['light', 'dark'],
      ]) {
        await page.getByRole('button', { name: `Use ${now} colours` }).focus()
        await keyboard.press('Enter')
        await isAt(`Use ${next} colours`)
      }

      // another room: by its link, by a notification, and by a name that is taken
      await page.getByRole('link', { name: 'Release' }).focus()
      await keyboard.press('Enter')
      await page.getByRole('heading', { name: 'release' }).waitFor()
      await isAt('Release')
      await announced.focus()
      await keyboard.press('Enter')
      await page.getByRole('heading', { name: 'general' }).waitFor()
      await isAt('Mary announced')
      await page.getByLabel('New room').focus()
      await keyboard.type('General')
      await keyboard.press('Enter')
      await page.getByRole('button', { name: 'Open “General 2”' }).waitFor()
      await isAt('New room')
      await keyboard.press('Tab')
      await keyboard.press('Tab')
      await isAt('Open “General 2”')
      await keyboard.press('Enter')
      await page.getByRole('heading', { name: 'general-2' }).waitFor()
      await isAt('Message') // the offer is gone
    }))

  test.each([
    ['a desktop', { width: 1440, height: 900 }],
    ['a tablet', { width: 900, height: 1100 }],
    ['a phone', { width: 360, height: 740 }],
  ] as const)('moves nothing when the link is cut, on %s', (device, viewport) =>
    visit(['Nora'], async (nora) => {
      const { page } = nora
      await page.setViewportSize(viewport)
      await nora.say(`Looking at it on ${device}`)
      await nora.sees(`Looking at it on ${device}`)
      await page.locator('.notice-text', { hasText: `on ${device}` }).waitFor()
      await alone(nora)
      const before = await boxesOf(page)
      expect(Object.keys(before).length).toBeGreaterThan(30)
      await nora.turn('Cut the link', true)
      await page.getByText(/attempt ([2-9]|\d{2,}) in/).waitFor() // long enough to see every text of the status
      expect(await boxesOf(page)).toEqual(before)
      await nora.turn('Cut the link', false)
      await nora.connected()
      await nora.counts(5)
      expect(await boxesOf(page)).toEqual(before)
    }),
  )

  test.each(['light', 'dark'] as const)(
    'has enough contrast in %s colours, also while the link is cut',
    (scheme) =>
      visit(['Olga'], async (olga) => {
        const { page } = olga
        await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
        await olga.say('Something to read')
        await olga.sees('Something to read')
        await page.getByLabel('New room').fill('General')
        await page.keyboard.press('Enter')
        await page.getByText('That name is taken').waitFor()
        await page.getByRole('button', { name: 'Announce something' }).click()
        await page.getByText('Olga announced').first().waitFor()
        expect(await faintTexts(page)).toEqual([])
        await olga.turn('Cut the link', true)
        await olga.say('Something that waits')
        await page.getByText('waits for the link').waitFor()
        expect(await faintTexts(page)).toEqual([])
      }),
  )

  test('keeps the colours that the visitor chose', () =>
    visit([''], async ({ page }) => {
      const scheme = () => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)
      await page.emulateMedia({ colorScheme: 'light' })
      await page.getByRole('button', { name: 'Use dark colours' }).click()
      expect(await scheme()).toBe('dark')
      await page.reload()
      await page.getByRole('button', { name: 'Use light colours' }).waitFor()
      expect(await scheme()).toBe('dark')
    }))

  test('fits into a small desktop in one view and into a narrow phone without scrolling sideways, each panel round what it holds', () =>
    visit([''], async ({ page }) => {
      for (const [width, height] of [
        [1440, 900],
        [1280, 800],
        [320, 640],
      ] as const) {
        await page.setViewportSize({ width, height })
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
        const overfull = await page.evaluate(() =>
          [...document.querySelectorAll('.panel')]
            .filter((panel) => panel.scrollHeight > panel.clientHeight)
            .map((panel) => panel.className),
        )
        expect(overfull).toEqual([])
        const { y, height: high } = (await page.getByLabel('Message', { exact: true }).boundingBox())!
        if (width > 1_000) expect(y + high).toBeLessThan(height)
      }
    }))

  test.each([
    ['goes on where it was', true, 0],
    ['tells what was lost with its data', false, 1],
  ])('comes back by itself after a restart of the server, and %s', async (_, keepsData, gaps) => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-demo-'))
    const data = join(folder, 'events.db')
    const before = await startExample(start, { data })
    const context = await browser.newContext()
    try {
      const visitor = await openDemo(context, before.url)
      await visitor.counts(5)
      await before.stop()
      await visitor.page.getByRole('status').filter({ hasText: 'lost' }).waitFor()
      const { port } = new URL(before.url)
      const after = await startExample(start, { port, data: keepsData ? data : join(folder, 'other.db') })
      try {
        await visitor.connected()
        await visitor.counts(5)
        expect(await faults(visitor)).toEqual({ ...whole, gaps })
        if (!keepsData) await visitor.page.getByText(/less [\d,]+ in gaps/).waitFor()
        expect(visitor.errors.filter((error) => error.includes('[parley]'))).toEqual([])
      } finally {
        await after.stop()
      }
    } finally {
      await context.close()
      await rm(folder, { recursive: true })
    }
  })
})
