/** One demo, and one browser to visit it with, for all tests of a `describe`. */
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { type Running, startExample } from '../examples/running.js'
import { oneBrowser } from './chromium.js'
import { type DemoPage, openDemo } from './demo-page.js'

export const demoStart = 'examples/demo/start.ts'

export interface OneDemo {
  url(): string
  /** A visitor in a context of their own. `url`: of another demo. */
  open(name?: string, url?: string): Promise<DemoPage>
}

export function oneDemo(): OneDemo {
  const browser = oneBrowser()
  let demo: Running
  beforeAll(async () => {
    demo = await startExample(demoStart)
  })
  afterAll(() => demo.stop())
  return {
    url: () => demo.url,
    async open(name, url = demo.url) {
      const context = await browser().newContext()
      onTestFinished(() => context.close())
      return openDemo(context, url, name)
    },
  }
}

/** What the page counts as lost, and as come twice. */
export async function faults({ figure }: DemoPage): Promise<number[]> {
  return [await figure('lost'), await figure('twice')]
}
