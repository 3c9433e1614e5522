import { createElement, type FunctionComponent, StrictMode } from 'react'
import { wrongWith } from '../numbers.js'
import { show, visit } from '../page.js'
import type { Promised } from '../row.js'
import { until } from '../until.js'

export interface Line {
  n: number
}

export interface Program {
  /** Where its pages are from. */
  readonly url: string
  /** Keeps a line, and tells whoever listens. */
  write(line: Line): unknown
  /** What the page is rendered from; it travels as JSON. */
  loader(): unknown
  readonly Lines: FunctionComponent<{ loaded: never }>
  readers(): number
}

export const promised: Promised<Program> = {
  says: 'a page shows what was loaded and all that came after it',
  async broken({ url, write, loader, Lines, readers }) {
    const post = async (from: number, to: number): Promise<void> => {
      for (let n = from; n <= to; n++) await write({ n })
    }
    await post(1, 3)
    const loaded = JSON.parse(JSON.stringify(await loader()))
    await post(4, 5) // while the page is on its way, and its script is loaded
    using visited = visit(url)
    await using page = await show(
      createElement(StrictMode, null, createElement(Lines, { loaded: loaded as never })),
    )
    await until('the page reads', () => readers() === 1 && visited.isListening())
    await post(6, 7)
    const shown = (): number[] => page.items().map(Number)
    await until('the last one is shown', () => shown().includes(7))
    return wrongWith(shown(), 7)
  },
}
