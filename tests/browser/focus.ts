/** Where somebody is who has only a keyboard. */
import type { Page } from 'playwright-core'

export interface Place {
  /** Its name; `body` is nowhere. */
  readonly name: string
  /** It shows that one is there: with an outline of 2px or more. */
  readonly visible: boolean
}

declare global {
  interface Window {
    placeOf(element: Element | null): Place
    places: Place[]
  }
}

/** To be called once for a page, after each time it is loaded. */
export async function watchFocus(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.placeOf = (element) => {
      if (!(element instanceof HTMLElement) || element === document.body) {
        return { name: 'body', visible: false }
      }
      const { outlineStyle, outlineWidth } = getComputedStyle(element)
      const isField = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement
      // biome-ignore lint/performance/useDomNodeTextContent: a text that is not drawn is no name
      const text = ((isField && element.labels?.[0]) || element).innerText
      return {
        name: element.getAttribute('aria-label') ?? text.replaceAll(/\s+/g, ' ').trim(),
        visible: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2,
      }
    }
    window.places = []
    addEventListener('focusin', ({ target }) => window.places.push(window.placeOf(target as Element)))
  })
}

export const focused = (page: Page): Promise<Place> =>
  page.evaluate(() => window.placeOf(document.activeElement))

/** The names of all that can be used now, in the order of the page. */
export const usable = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('a[href], button, input, textarea, [tabindex="0"]')]
      .filter((element) => element.checkVisibility() && !element.matches(':disabled'))
      .map((element) => window.placeOf(element).name),
  )

/** The places that so many presses of a key lead to. */
export async function walk(page: Page, key: 'Tab' | 'Shift+Tab', steps: number): Promise<Place[]> {
  await page.evaluate(() => {
    window.places = []
  })
  for (let step = 0; step < steps; step++) await page.keyboard.press(key)
  return page.evaluate(() => window.places)
}
