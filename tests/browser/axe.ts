/** What axe-core finds wrong with a page as it stands: WCAG 2.2 AA and its own best practices. */
import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** One line for each element: `color-contrast: button.primary: what is wrong with it`. Nothing is a page without a fault. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // by evaluation: a script tag would be stopped by the page's content security policy
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document, {
      resultTypes: ['violations'],
      rules: { 'target-size': { enabled: true } }, // WCAG 2.2; off by default
    })
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary = '' }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
    )
  })
}

declare global {
  interface Window {
    readonly axe: typeof axe
  }
}
