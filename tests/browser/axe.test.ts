import { expect, test } from 'vitest'
import { accessibilityFaults } from './axe.js'
import { describeInChromium, oneBrowser } from './chromium.js'

const page = (head: string, body: string) =>
  `<!doctype html><html lang="en"><head><title>A page</title>
  <meta http-equiv="content-security-policy" content="default-src 'self'; style-src 'unsafe-inline'">
  <style>p { color: #222; background: #fff } ${head}</style></head>
  <body><main><h1>A page</h1>${body}</main></body></html>`

describeInChromium('the look for faults of accessibility', () => {
  const browser = oneBrowser()

  test('finds each planted fault, and nothing where there is none, under a strict policy too', async () => {
    const tab = await browser().newPage()
    const faultsOf = async (head: string, body: string) => {
      await tab.setContent(page(head, body))
      return (await accessibilityFaults(tab)).map((fault) => fault.split(': ')[0])
    }
    try {
      expect(await faultsOf('', '<p>Text</p><label>Name <input></label>')).toEqual([])
      expect(await faultsOf('p { color: #888 }', '<p>Text</p>')).toEqual(['color-contrast']) // 3.5:1
      expect(await faultsOf('', '<input>')).toEqual(['label'])
      expect(await faultsOf('', '<p role="img">Text</p>')).toEqual(['role-img-alt'])
      const small = 'button { all: unset; font: 8px/8px serif; display: block; height: 9px; width: 9px }'
      expect(await faultsOf(small, '<button>a</button><button>b</button>')).toContain('target-size')
    } finally {
      await tab.close()
    }
  })
})
