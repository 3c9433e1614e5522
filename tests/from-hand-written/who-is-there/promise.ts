import type { VirtualClock } from '@parley/shared/testing'
import { drawn, visit } from '../page.js'
import type { Promised } from '../row.js'

/** One tab of somebody, on a page that lists who is there. */
export interface Tab {
  /** The names, with commas. */
  shown(): string
  close(): Promise<void>
  /** From now on its link carries nothing, and nobody is told. */
  goSilent(): void
}

export interface Program {
  readonly clock: VirtualClock
  enter(userId: string): Promise<Tab>
}

export const promised: Promised<Program> = {
  says: 'everybody who is there is shown, once, and nobody else',
  async broken({ clock, enter }) {
    using _ = visit('http://parley.test/')
    const wrong: string[] = []
    const look = async (when: string, tab: Tab, expected: string, afterMs = 100): Promise<void> => {
      await clock.advance(afterMs)
      await drawn()
      const shown = tab.shown().split(', ').sort().join(', ')
      if (shown !== expected) wrong.push(`${when}: ${shown}`)
    }
    const ann = await enter('ann')
    const bob = await enter('bob')
    await look('ann and bob', ann, 'ann, bob')
    const again = await enter('bob')
    await look('bob has two tabs', ann, 'ann, bob')
    await again.close()
    await look('bob closes one of them', ann, 'ann, bob')
    const carol = await enter('carol')
    await look('carol comes, and is shown', carol, 'ann, bob, carol')
    carol.goSilent()
    await look("carol's link is dead for a minute", ann, 'ann, bob', 60_000)
    for (const tab of [ann, bob, carol]) await tab.close()
    return wrong
  },
}
