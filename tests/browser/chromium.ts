/**
 * The browser of the tests: Debian's Chromium, driven by playwright-core. `PARLEY_CHROMIUM` names another one. Where
 * there is none the tests are skipped with a line that says so; with `CI=true` that is a failure.
 */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe } from 'vitest'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false // not there, or not ours to run: look further
  }
}

/** The executable, or `undefined` when this machine has no Chromium. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const chosen = env.PARLEY_CHROMIUM
  if (chosen !== undefined && chosen !== '') {
    if (!isExecutable(chosen)) throw new Error(`PARLEY_CHROMIUM names ${chosen}, which cannot be run`)
    return chosen
  }
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable)
}

const executable = findChromium()

/** How long one step on a page may take: a machine of one core that does other things too is slow, and is no fault. */
const stepMs = 60_000
const testMs = 240_000

/**
 * Starts a browser with a user data folder of its own, which goes when it is closed (playwright-core makes one for
 * each launch). The flags keep it from looking for the network, a GPU, or a sandbox that root has not got. Playwright
 * runs it without the back-forward cache unless it is told otherwise.
 */
export async function launchChromium({ hasBackForwardCache = false } = {}): Promise<Browser> {
  if (executable === undefined) throw new Error('There is no Chromium on this machine')
  const browser = await chromium.launch({
    executablePath: executable,
    headless: true,
    ...(hasBackForwardCache ? { ignoreDefaultArgs: ['--disable-back-forward-cache'] } : {}),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  browser.on('context', (context) => context.setDefaultTimeout(stepMs))
  return browser
}

/** One browser for all tests of a `describe`: to be asked for within a test. */
export function oneBrowser(): () => Browser {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser.close())
  return () => browser
}

/** A `describe` for tests that need a browser. */
export function describeInChromium(name: string, define: () => void): void {
  if (executable === undefined) {
    const missing = `${name}: no Chromium here (looked for ${names.join(', ')}; PARLEY_CHROMIUM names another)`
    if (process.env.CI === 'true') throw new Error(missing)
    console.warn(`SKIPPED ${missing}`)
  }
  describe.skipIf(executable === undefined)(name, { timeout: testMs }, define)
}
