import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@parley/client'
import { expect, onTestFinished, test } from 'vitest'
import { contract } from '../../examples/demo/contract.js'
import { startExample } from '../examples/running.js'
import { accessibilityFaults } from './axe.js'
import { describeInChromium } from './chromium.js'
import { type DemoPage, openDemo, replayedSinceCut } from './demo-page.js'
import { demoStart, faults, oneDemo } from './one-demo.js'

const person = ({ people }: DemoPage, name: string) => people.filter({ hasText: name })

describeInChromium('somebody who tries the demo', () => {
  const { open, url } = oneDemo()

  test('sees who is in the room: each once, under the name of today, and gone at once when they leave', async () => {
    const [ada, grace] = await Promise.all([open('Ada'), open('Grace')])
    await person(ada, 'Grace').waitFor()
    await person(ada, 'Ada').filter({ hasText: 'you' }).waitFor()

    // another window under the same name is the same person
    const second = await openDemo(grace.page.context(), url())
    await person(ada, 'Grace').filter({ hasText: '2 tabs' }).waitFor()
    await second.page.close()
    await person(ada, 'Grace').filter({ hasText: 'tabs' }).waitFor({ state: 'detached' })

    // another name leaves no ghost of the one before
    await grace.page.getByLabel('You are').fill('Hopper')
    await grace.page.keyboard.press('Enter')
    await person(ada, 'Hopper').waitFor()
    await person(ada, 'Grace').waitFor({ state: 'detached' })
    expect(await person(ada, '').count()).toBe(2)

    // a cut is told as one, and changes nobody
    await ada.turn('Cut the link', true)
    await ada.page.getByText('as of the cut').waitFor()
    await person(ada, 'Hopper').waitFor()
    expect(await person(grace, 'Ada').count()).toBe(1)
    await grace.counts(5)
    await ada.turn('Cut the link', false)
    await replayedSinceCut(ada)
      .filter({ hasText: /\d events? replayed from :\d+ to :\d+ in \d+ ms/ })
      .waitFor()
    await ada.page.getByText('as of the cut').waitFor({ state: 'detached' })

    await grace.page.getByLabel('Message', { exact: true }).pressSequentially('Bye')
    await person(ada, 'Hopper').filter({ hasText: 'typing' }).waitFor()
    await grace.page.close()
    await person(ada, 'Hopper').waitFor({ state: 'detached' })
    await ada.page.getByText('Hopper left').waitFor()
    expect(await ada.page.getByText('Hopper is typing').count()).toBe(0)
    expect(ada.errors).toEqual([])
  })

  test('takes another name: the page connects under it, and speaks of no loss', async () => {
    const { page, people, connected, turn, errors } = await open('Lady')
    await page.evaluate(() => {
      const said: string[] = []
      const look = () =>
        said.push(
          document.querySelector('[role=status]')!.textContent!,
          document.querySelector('.present-news')!.textContent!,
        )
      new MutationObserver(look).observe(document.body, {
        characterData: true,
        childList: true,
        subtree: true,
      })
      Object.assign(window, { said })
    })
    await page.getByLabel('You are').fill('Lovelace')
    await page.keyboard.press('Enter')
    await people.getByText('Lovelace').waitFor()
    await connected()
    const said = new Set(await page.evaluate(() => (window as unknown as { said: string[] }).said))
    expect([...said].filter((text) => /lost|cut/.test(text))).toEqual([])
    expect(said).toContain('Connecting')
    const entries = page.locator('.entry')
    await entries.filter({ hasText: 'reconnecting under the new name' }).first().waitFor()
    expect(await entries.filter({ hasText: 'link lost' }).count()).toBe(0)

    await turn('Cut the link', true) // that one is a loss
    await entries.filter({ hasText: 'link lost' }).waitFor()
    expect(errors).toEqual([])
  })

  test('comes into a room that is full: how many are there is said beside the names, and nothing moves', async () => {
    const demo = await startExample(demoStart)
    onTestFinished(async () => void (await demo.stop()))
    const { page, people } = await open('Zoe', demo.url)
    const count = page.locator('.present-count')
    const line = async () => (await page.locator('.present').boundingBox())!
    const before = await line()
    const others = Array.from({ length: 60 }, (_, i) =>
      createClient(contract, { url: `${demo.url}/realtime`, auth: () => `Guest ${i}`, onReport: () => {} }),
    )
    onTestFinished(() => {
      for (const { connection } of others) connection.close()
    })
    for (const client of others) client.room({ id: 'general' }).on('message', () => {})
    await count.filter({ hasText: /^61 here$/ }).waitFor()
    expect(await people.count()).toBe(61)
    for (const width of [1_280, 320]) {
      await page.setViewportSize({ width, height: 720 })
      const { x, width: wide } = (await count.boundingBox())!
      expect(x + wide).toBeLessThan(width)
    }
    await page.setViewportSize({ width: 1_280, height: 720 })
    expect(await line()).toEqual(before)
    expect(await accessibilityFaults(page)).toEqual([])

    for (const { connection } of others) connection.close()
    await count.waitFor({ state: 'detached' })
  })

  test('reloads in the middle of an import, and can begin it anew', async () => {
    const { page, errors, connected } = await open('Edna')
    const imported = page.locator('[data-figure=imported]')
    await page.getByRole('button', { name: 'Import rows' }).click()
    await imported.filter({ hasText: /^[1-9]\d* of 400/ }).waitFor()
    await page.reload()
    await connected()
    await imported.filter({ hasText: /^0 of 400/ }).waitFor()
    await page.getByRole('button', { name: 'Import rows' }).click()
    await imported.filter({ hasText: /^[1-9]\d* of 400/ }).waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('the server stopped as well').waitFor()
    expect(errors).toEqual([])
  })

  test('kills the server under two windows and an import: nothing is lost or twice, what was said meanwhile is said once, and what is not known is told', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-demo-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const data = join(folder, 'events.db')
    const before = await startExample(demoStart, { data })
    onTestFinished(async () => void (await before.stop('SIGKILL')))
    const [ada, grace] = await Promise.all([open('Ada', before.url), open('Grace', before.url)])
    const notices = await ada.page.locator('.notices').boundingBox()
    await ada.page.getByRole('button', { name: 'Import rows' }).click()
    await ada.page
      .locator('[data-figure=imported]')
      .filter({ hasText: /^[1-9]/ })
      .waitFor()

    await before.stop('SIGKILL')
    for (const { page } of [ada, grace]) await page.getByRole('status').filter({ hasText: 'lost' }).waitFor()
    await grace.say('Said while the server was dead')
    const after = await startExample(demoStart, { port: new URL(before.url).port, data })
    onTestFinished(async () => void (await after.stop()))
    // at once: what was said waits for half a minute, and so may the next attempt
    for (const { page } of [ada, grace]) await page.evaluate(() => dispatchEvent(new Event('online')))

    for (const visitor of [ada, grace]) {
      await visitor.connected()
      await visitor.counts(5)
      await visitor.sees('Said while the server was dead')
      await visitor.page.locator('.notice-text', { hasText: 'Said while the server was dead' }).waitFor()
      expect(await faults(visitor)).toEqual([0, 0])
      expect(await visitor.page.getByText('Said while the server was dead', { exact: true }).count()).toBe(2) // the room, and its notice
      await person(visitor, 'Ada').waitFor()
      await person(visitor, 'Grace').waitFor()
    }
    await ada.page.getByText('nobody can say how far it got').waitFor()
    expect(await ada.page.locator('.notices').boundingBox()).toEqual(notices) // it was not pushed away
  })
})
