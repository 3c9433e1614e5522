/** Opens the page of the browser tests, and asks it what it got. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import type { Transport } from './page/page.js'

/** Opens the page in a context of its own, or as a further tab of one. An error that the page throws fails the test. */
export async function visit(where: Browser | BrowserContext, url: string | URL): Promise<Page> {
  const page = await where.newPage()
  const errors: Error[] = []
  page.on('pageerror', (error) => errors.push(error))
  onTestFinished(async () => {
    await page.close()
    if (errors.length > 0) throw new AggregateError(errors, `the page threw: ${errors.join('; ')}`)
  })
  await page.goto(String(url))
  return page
}

/** Starts to read ticks from now on, and waits until that is live. */
export async function readTicks(page: Page, ...transports: readonly Transport[]): Promise<void> {
  await page.evaluate((all) => Promise.all(all.map((one) => window.fixture.readTicks(one))), transports)
}

/** What the page got: the numbers of ticks, and the reason of a gap in its place. */
export function received(page: Page, transport: Transport): Promise<(number | string)[]> {
  return page.evaluate(
    (one) => window.fixture.ticks[one]!.items.map((item) => ('gap' in item ? item.gap : item.n)),
    transport,
  )
}

/** Waits until this tick has come. */
export async function tickCame(page: Page, transport: Transport, n: number): Promise<void> {
  await page.waitForFunction(
    ([one, wanted]) => {
      const last = window.fixture.ticks[one]?.items.at(-1)
      return last !== undefined && 'n' in last && last.n >= wanted
    },
    [transport, n] as const,
  )
}

/** The whole numbers from one to the other, both included. */
export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

/** When the page was told that a reader is live, each time, by the wall clock. */
export async function liveTimes(page: Page, transport: Transport): Promise<number[]> {
  const statuses = await page.evaluate((one) => window.fixture.ticks[one]!.statuses, transport)
  return statuses.filter(({ status }) => status === 'live').map(({ at }) => at)
}
