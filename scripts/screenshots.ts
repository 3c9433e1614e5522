/**
 * Makes the pictures of the demo in `docs/images`: `bun --conditions=source scripts/screenshots.ts`. Needs Chromium, as
 * the browser tests do.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { BrowserContextOptions } from 'playwright-core'
import { launchChromium } from '../tests/browser/chromium.js'
import { openDemo } from '../tests/browser/demo-page.js'
import { startExample } from '../tests/examples/running.js'
import { root } from './packages.js'

const folder = join(root, 'docs/images')
const viewport = { width: 1280, height: 800 } as const
const phone = { width: 390, height: 844 } as const
const pictures: Readonly<Record<string, BrowserContextOptions>> = {
  'demo-light': { viewport, colorScheme: 'light' },
  'demo-dark': { viewport, colorScheme: 'dark' },
  'demo-phone-light': { viewport: phone, colorScheme: 'light' },
  'demo-phone-dark': { viewport: phone, colorScheme: 'dark' },
}

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
    const response = await fetch(`${demo.url}/realtime/message/room/say?id=${room}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${from}` },
      body: JSON.stringify({ text, kind }),
    })
    if (!response.ok) throw new Error(await response.text())
  }
  for (const [name, options] of Object.entries(pictures)) {
    const context = await browser.newContext(options)
    const visitor = await openDemo(context, demo.url, 'Ada')
    const other = await openDemo(await browser.newContext(), demo.url, 'Grace')
    await visitor.counts(120)
    await visitor.turn('Cut the link', true)
    await other.counts(60)
    await visitor.turn('Cut the link', false)
    await visitor.connected()
    await visitor.counts(100)
    await other.page.getByLabel('Message', { exact: true }).pressSequentially('So ')
    await visitor.page.getByText('Grace is typing').waitFor()
    await visitor.page.getByRole('button', { name: 'Import rows' }).click()
    await visitor.counts(25)
    await visitor.page.mouse.move(0, 0)
    await visitor.page.evaluate(() => scrollTo(0, 0))
    await visitor.page.screenshot({ path: join(folder, `${name}.png`) })
    await other.page.context().close()
    await context.close()
    console.log(`docs/images/${name}.png`)
  }
} finally {
  await browser.close()
  await demo.stop()
}
