import type { BreakableLink, VirtualClock } from '@parley/shared/testing'
import type { Promised } from '../row.js'

/** One client, and what its server did for it. */
export interface Program {
  readonly clock: VirtualClock
  readonly link: BreakableLink
  /** Resolves, or rejects, once it is known what became of it. */
  pay(amount: number): Promise<unknown>
  /** How often the server was paid. */
  paid(): number
}

export const promised: Promised<Program> = {
  says: 'who sends something learns what became of it, and it is not done twice',
  async broken({ clock, link, pay, paid }) {
    const wrong: string[] = []
    await clock.advance(1_000)
    for (const [time, awayMs] of [
      ['for 2 s', 2_000],
      ['for 5 min', 300_000],
    ] as const) {
      const before = paid()
      let isKnown = false
      const known = (): void => {
        isKnown = true
      }
      pay(5).then(known, known)
      await clock.runUntil(() => paid() > before)
      link.refuse(true)
      link.cut() // with the answer under way
      await clock.advance(awayMs)
      link.refuse(false)
      await clock.advance(600_000)
      const times = paid() - before
      if (!isKnown) wrong.push(`cut ${time}: paid, and the sender still waits 10 min later`)
      if (times > 1) wrong.push(`cut ${time}: paid ${times} times`)
    }
    return wrong
  },
}
