/**
 * Makes the pictures of the demo in `docs/images`, or in a folder that is named:
 * `bun --conditions=source scripts/screenshots.ts [folder]`. Needs Chromium, as the browser tests do. All are of one visit,
 * which takes half a minute.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { launchChromium } from '../tests/browser/chromium.js'
import { openDemo } from '../tests/browser/demo-page.js'
import { say } from '../tests/demo/say.js'
import { startExample } from '../tests/examples/running.js'
import { root } from './packages.js'

const folder = process.argv[2] ?? join(root, 'docs/images')
const desktop = { width: 1280, height: 800 }
const phone = { width: 390, height: 844 }
const pictures = [
  { name: 'demo-light', viewport: desktop, colorScheme: 'light' },
  { name: 'demo-dark', viewport: desktop, colorScheme: 'dark' },
  { name: 'demo-phone-light', viewport: phone, colorScheme: 'light' },
  { name: 'demo-phone-dark', viewport: phone, colorScheme: 'dark' },
] as const

const talk: readonly (readonly [room: string, from: string, text: string, kind?: 'announcement'])[] = [
  ['general', 'Grace', 'Morning! Who is on the release today?'],
  ['general', 'Ada', 'Me. The notes are in the other room.'],
  ['general', 'Ada', 'I only want to see it survive a tunnel first.'],
  ['release', 'Linus', 'Tagged and signed.'],
  ['general', 'Grace', 'Cut the link as often as you like: nothing was missing so far.'],
  ['general', 'Ada', 'The release is out', 'announcement'],
  ['lunch', 'Mary', 'Soup, as on every Tuesday'],
]

const demo = await startExample('examples/demo/start.ts')
const browser = await launchChromium()
try {
  await mkdir(folder, { recursive: true })
  for (const [room, from, text, kind] of talk) {
    await say(demo.url, { from, room, text, ...(kind && { kind }) })
  }
  const [visitor, other] = await Promise.all([
    openDemo(await browser.newContext({ viewport: desktop }), demo.url, 'Ada'),
    openDemo(await browser.newContext(), demo.url, 'Grace'),
  ])
  await visitor.counts(120)
  await visitor.turn('Cut the link', true)
  await other.counts(60)
  await visitor.turn('Cut the link', false)
  await visitor.connected()
  await visitor.counts(80)
  await visitor.page.getByRole('button', { name: 'Import rows' }).click()
  await visitor.counts(20)
  await visitor.page.mouse.move(0, 0)
  for (const { name, viewport, colorScheme } of pictures) {
    await visitor.page.emulateMedia({ colorScheme })
    await visitor.page.setViewportSize(viewport)
    await other.page.getByLabel('Message', { exact: true }).pressSequentially('So ')
    await visitor.page.getByText('Grace is typing').waitFor()
    await visitor.page.evaluate(() => {
      ;(document.activeElement as HTMLElement).blur()
      scrollTo(0, 0)
    })
    // not on the way from one set of colours to the other
    await visitor.page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' })
    console.log(join(folder, `${name}.png`))
  }
} finally {
  await browser.close()
  await demo.stop()
}
