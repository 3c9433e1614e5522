/** The demo's page, as a visitor sees it. */
import type { BrowserContext, Locator, Page } from 'playwright-core'

export interface DemoPage {
  readonly page: Page
  /** What the console has shown as an error, and what was thrown. */
  readonly errors: string[]
  /** Who is said to be in the room, one each. */
  readonly people: Locator
  /** One number of the counter, as it is shown. */
  figure(name: 'received' | 'replayed' | 'lost' | 'twice' | 'gaps'): Promise<number>
  /** Waits until so many more numbers have come than now. */
  counts(more: number): Promise<void>
  /** Where in the log the counter is. */
  position(): Promise<number>
  /** Waits until the counter is there, or further. */
  reaches(position: number): Promise<void>
  say(text: string): Promise<void>
  /** Waits for a message of the room that is there for all. */
  sees(text: string): Promise<void>
  /** Turns the switch with this name, and waits for what follows on the page. */
  turn(name: 'Cut the link' | 'Go silent' | 'Slow motion', on: boolean): Promise<void>
  connected(): Promise<void>
}

/** Opens the page and waits until it is connected, joined, and counting. */
export async function openDemo(context: BrowserContext, url: string, name?: string): Promise<DemoPage> {
  const page = await context.newPage()
  const errors: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(error.stack ?? error.message))
  await page.goto(url)

  const status = page.getByRole('status')
  const figure: DemoPage['figure'] = async (which) =>
    Number((await page.locator(`[data-figure=${which}]`).textContent())?.replaceAll(',', ''))
  const demo: DemoPage = {
    page,
    errors,
    people: page.getByRole('list', { name: 'Who is here' }).getByRole('listitem'),
    figure,
    async counts(more) {
      const goal = (await figure('received')) + more
      await page.waitForFunction(
        (least) =>
          Number(document.querySelector('[data-figure=received]')?.textContent?.replaceAll(',', '')) >= least,
        goal,
      )
    },
    position: async () => Number((await page.locator('[data-position=counter]').textContent())?.slice(1)),
    async reaches(position) {
      await page.waitForFunction(
        (least) => Number(document.querySelector('[data-position=counter]')?.textContent?.slice(1)) >= least,
        position,
      )
    },
    async say(text) {
      await page.getByLabel('Message', { exact: true }).fill(text)
      await page.keyboard.press('Enter')
    },
    sees: (text) =>
      page.locator('.message:not(.message-waiting) .message-text', { hasText: text }).first().waitFor(),
    async turn(which, on) {
      await page.getByRole('switch', { name: which }).setChecked(on)
      if (which === 'Cut the link' && on) await status.filter({ hasText: 'lost' }).waitFor()
    },
    connected: () => status.filter({ hasText: 'Connected' }).waitFor(),
  }
  await demo.connected()
  await demo.counts(1)
  if (name !== undefined) {
    await page.getByLabel('You are').fill(name)
    await page.keyboard.press('Enter')
    await demo.connected()
  }
  return demo
}

/** The newest replay after a cut, as the page tells of it. What came while its script was loaded is one, too. */
export const replayedSinceCut = ({ page }: DemoPage) =>
  page.locator('.entry-replay:has(~ .entry-cut)').first()
