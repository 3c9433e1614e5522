/** What a page looks like, as figures: where things stand, and how well texts can be read. */
import type { Page } from 'playwright-core'

/** Everything that a visitor could lose sight of. */
const everything =
  'header, section, h1, h2, p, form, label, input, textarea, button, dl > *, svg, nav a, li:not(.event-log li), figcaption'

/** Where all of this stands: `x y width height` by what it is. */
export function boxesOf(page: Page, all = everything): Promise<Record<string, string>> {
  return page.evaluate((all) => {
    const boxes: Record<string, string> = {}
    for (const [index, element] of [...document.querySelectorAll(all)].entries()) {
      if (element.getClientRects().length === 0) continue // not drawn
      const { x, y, width, height } = element.getBoundingClientRect()
      const name = `${index} ${element.tagName.toLowerCase()} ${element.id || (element.classList[0] ?? '')}`
      boxes[name] = [x + scrollX, y + scrollY, width, height].map((one) => one.toFixed(1)).join(' ')
    }
    return boxes
  }, all)
}

/** How many pixels of what was said are below what one sees of it. */
export const unseenBelow = (page: Page): Promise<number> =>
  page
    .getByRole('log', { name: 'Messages' })
    .evaluate((box) => box.scrollHeight - box.clientHeight - box.scrollTop)

/** The texts whose contrast is under 4.5 (WCAG 2.2, 1.4.3), with it. */
export function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = 1
    const context = canvas.getContext('2d', { willReadFrequently: true })!
    type Rgb = readonly [number, number, number]

    /** Lays colours over each other, in whatever notation they are. */
    const mixed = (colours: readonly string[]): Rgb => {
      context.globalAlpha = 1
      for (const colour of colours) {
        context.fillStyle = colour
        context.fillRect(0, 0, 1, 1)
      }
      const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data
      return [red, green, blue]
    }
    const luminance = (rgb: Rgb): number => {
      const [red, green, blue] = rgb.map((part) => {
        const one = part / 255
        return one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4
      }) as [number, number, number]
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    const contrast = (a: Rgb, b: Rgb): number => {
      const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((one, other) => one - other)
      return (high + 0.05) / (low + 0.05)
    }

    const faint: string[] = []
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      const element = text.parentElement
      if (!text.textContent?.trim() || !element?.checkVisibility({ visibilityProperty: true })) continue
      if (element.closest('.visually-hidden, noscript')) continue
      const grounds: string[] = []
      for (let one: Element | null = element; one; one = one.parentElement) {
        grounds.unshift(getComputedStyle(one).backgroundColor)
      }
      const ground = mixed(['white', ...grounds])
      const ratio = contrast(mixed(['white', ...grounds, getComputedStyle(element).color]), ground)
      if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${element.className} ${text.textContent.trim()}`)
    }
    return faint
  })
}
