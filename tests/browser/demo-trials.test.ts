/** What somebody may do to the demo who does not believe it. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { say } from '../demo/say.js'
import { startExample } from '../examples/running.js'
import { describeInChromium } from './chromium.js'
import { type DemoPage, replayedSinceCut } from './demo-page.js'
import { unseenBelow } from './looks.js'
import { demoStart, faults, oneDemo } from './one-demo.js'

const logged = ({ page }: DemoPage, text: string | RegExp) =>
  page.getByRole('list', { name: 'What the library did' }).getByText(text).first()

describeInChromium('somebody who doubts the demo', () => {
  const { open } = oneDemo()

  test('silences the link as a dead path would: it is found out once something is said, and that is said once', async () => {
    const visitor = await open('Ada')
    const { page } = visitor
    await logged(visitor, 'connected over WebSocket').waitFor()
    await visitor.turn('Go silent', true)
    await visitor.say('Into the void')
    await page.locator('[data-held=to-server]').filter({ hasText: /[1-9]/ }).waitFor()
    await page.getByRole('status').filter({ hasText: 'Connected' }).waitFor() // nobody was told
    await logged(visitor, /^link lost \(HEARTBEAT\)/).waitFor()
    await page.getByText('waits for the link').waitFor()
    await visitor.turn('Go silent', false)
    await visitor.connected()
    await visitor.sees('Into the void')
    await replayedSinceCut(visitor)
      .filter({ hasText: /\d events? replayed from :\d+ to :\d+ in \d+ ms$/ })
      .waitFor()
    await visitor.counts(10)
    expect(await faults(visitor)).toEqual([0, 0])
    expect(await page.locator('.message', { hasText: 'Into the void' }).count()).toBe(1)
    expect(visitor.errors).toEqual([])
  })

  test('says something into a dead link: it is kept for a minute, and no more is said of it then than is known', async () => {
    const visitor = await open('Jill')
    const { page } = visitor
    await page.clock.install()
    await page.reload()
    await visitor.connected()
    await page.clock.pauseAt(Date.now() + 3_000)
    await visitor.turn('Go silent', true)
    await visitor.say('Is anybody there?')
    await page.clock.runFor(20_000)
    await logged(visitor, /^link lost \(HEARTBEAT\)/).waitFor()
    await page.getByText('waits for the link').waitFor()
    await page.clock.runFor(45_000)
    await page.getByText('it may have been said').waitFor()
    await page.clock.resume()
    await visitor.turn('Go silent', false) // and so it was
    await visitor.sees('Is anybody there?')
    await page.locator('.message-waiting').waitFor({ state: 'detached' })
  })

  test('cancels an import while the link is silent: it is said that the server is asked, and that it stopped once it heard of it', async () => {
    const visitor = await open('Iris')
    const { page } = visitor
    await page.getByRole('button', { name: 'Import rows' }).click()
    await page
      .locator('[data-figure=imported]')
      .filter({ hasText: /^[1-9]/ })
      .waitFor()
    await visitor.turn('Go silent', true)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('the server is asked to stop').waitFor()
    await logged(visitor, /^link lost \(HEARTBEAT\)/).waitFor() // asking found out
    expect(await page.getByText('the server stopped').count()).toBe(0)
    await visitor.turn('Go silent', false)
    await page.getByText('the server stopped as well').waitFor()
    expect(await faults(visitor)).toEqual([0, 0])
  })

  test('takes the network from the browser and gives it back: that it is offline is shown, and nothing is lost or twice', async () => {
    const visitor = await open('Bert')
    const { page } = visitor
    await page.context().setOffline(true)
    await page.getByRole('status').filter({ hasText: 'offline' }).waitFor()
    await visitor.say('Said while offline')
    await page.context().setOffline(false)
    await visitor.connected()
    await visitor.sees('Said while offline')
    await visitor.counts(10)
    expect(await faults(visitor)).toEqual([0, 0])
    expect(await page.locator('.message', { hasText: 'Said while offline' }).count()).toBe(1)
  })

  test('hides the tab, and is away to the others until it is shown again', async () => {
    const [cleo, dave] = await Promise.all([open('Cleo'), open('Dave')])
    // a browser without a window hides no tab by itself
    const hide = (hidden: boolean) =>
      dave.page.evaluate((now) => {
        Object.defineProperty(document, 'hidden', { configurable: true, value: now })
        document.dispatchEvent(new Event('visibilitychange'))
      }, hidden)
    await hide(true)
    await cleo.people.filter({ hasText: 'Dave' }).filter({ hasText: 'away' }).waitFor()
    await hide(false)
    await cleo.people.filter({ hasText: 'away' }).waitFor({ state: 'detached' })
    expect(await cleo.people.filter({ hasText: 'Dave' }).count()).toBe(1)
  })

  test('deletes the file of the server between two runs: a gap is told, and nothing is lost in silence, also over a reload', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-demo-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const data = join(folder, 'events.db')
    const before = await startExample(demoStart, { data })
    const visitor = await open('Edna', before.url)
    await visitor.say('Soon forgotten')
    await visitor.sees('Soon forgotten')
    await before.stop()
    for (const file of await readdir(folder)) await rm(join(folder, file))
    const after = await startExample(demoStart, { port: new URL(before.url).port, data })
    onTestFinished(async () => void (await after.stop()))

    await visitor.connected()
    await visitor.counts(5)
    await logged(visitor, /^gap: .+ gone \(reset\)$/).waitFor()
    await visitor.page.getByText('Some messages can no longer be had (reset).').waitFor()
    await visitor.page.locator('[data-position=room]', { hasText: '…' }).waitFor()
    expect([...(await faults(visitor)), await visitor.figure('gaps')]).toEqual([0, 0, 1])
    await visitor.page.reload()
    await visitor.connected()
    await visitor.counts(5)
    expect([...(await faults(visitor)), await visitor.figure('gaps')]).toEqual([0, 0, 0])
    expect(await visitor.page.getByText('Soon forgotten').count()).toBe(0)
  })

  test('has much more said at once than is shown: the page stays at its end', async () => {
    const demo = await startExample(demoStart)
    onTestFinished(async () => void (await demo.stop()))
    const { page, say: sayHere, sees } = await open('Gus', demo.url)
    await sayHere('Long ago')
    await sees('Long ago')
    const hal = (text: string) => say(demo.url, { from: 'Hal', text })
    const lines = Array.from({ length: 500 }, (_, n) => `Line ${n}${' and on'.repeat((n % 7) * 10)}`)
    while (lines.length > 0) await Promise.all(lines.splice(0, 50).map(hal))
    await hal('That was all')
    await sees('That was all')
    await expect.poll(() => unseenBelow(page)).toBeLessThan(4)
    expect(await page.locator('.message-waiting').count()).toBe(0) // what was said and is shown no more
  })

  test('presses everything that can be pressed, and each does what it says', async () => {
    const visitor = await open('Fritz')
    const { page } = visitor
    const pressed = new Set<string>()
    const press = async (name: string, role: 'button' | 'switch' = 'button') => {
      pressed.add(name)
      await page.getByRole(role, { name, exact: true }).click()
    }

    await press('Cut the link', 'switch')
    await logged(visitor, /^link lost \(LOST\)/).waitFor()
    await press('Cut the link', 'switch')
    await visitor.connected()
    await press('Slow motion', 'switch')
    await page.locator('[data-held=to-page]').filter({ hasText: /[1-9]/ }).waitFor()
    await press('Slow motion', 'switch')
    await page.locator('[data-held=to-page]').filter({ hasText: /^0$/ }).waitFor()
    await press('Go silent', 'switch')
    await page.locator('[data-held=to-page]').filter({ hasText: /[1-9]/ }).waitFor()
    await press('Go silent', 'switch')
    await visitor.counts(3)

    await press('Import rows')
    await press('Cancel')
    await page.getByText('the server stopped as well').waitFor()
    await press('Announce something')
    await page.getByText('Fritz announced').waitFor()
    await page.getByLabel('Message', { exact: true }).fill('By hand')
    await press('Send')
    await visitor.sees('By hand')
    await page.getByLabel('New room').fill('General')
    await press('Open')
    await press('Open “General 2”')
    await page.getByRole('heading', { name: 'general-2' }).waitFor()
    await page.getByRole('link', { name: 'Release' }).click()
    await page.getByRole('heading', { name: 'release' }).waitFor()
    await press('Use dark colours')
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark')
    pressed.add((await page.locator('.icon-button').textContent()) ?? '') // it has two names, and shows one

    const all = await page.locator('button:visible, [role=switch]').all()
    const names = await Promise.all(
      all.map((one) =>
        one.evaluate(
          (element) => (element as HTMLInputElement).labels?.[0]?.textContent ?? element.textContent ?? '',
        ),
      ),
    )
    expect(names.filter((name) => !pressed.has(name))).toEqual([])
    expect(await faults(visitor)).toEqual([0, 0])
    expect(visitor.errors).toEqual([])
  })
})
