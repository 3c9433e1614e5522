/** What becomes of work whose link breaks in each phase of its life, over real sockets. */
import { expect, test } from 'vitest'
import { everyPhase, phases } from './scenes/phases.js'
import { playWithout } from './scenes/play-without.js'
import { kinds } from './work-contract.js'
import { kept } from './worker.js'

const transports = ['websocket', 'sse'] as const
const each = Object.keys(phases).length * kinds.length

test.each(transports)(
  'over a %s each kind of work runs once and is answered, whether it is cut off before it arrives, while it runs, after it or on its way back',
  { timeout: 60_000 },
  async (transport) => {
    const counts = await everyPhase({ transport })
    expect(counts).toMatchObject({ ...kept, unknown: 0, refused: 0 })
    expect(counts.delivered).toBe(counts.sent)
    expect(counts.sent).toBeGreaterThan(each)
  },
)

test.each(transports)(
  'without de-duplication the same phases find work over a %s that runs twice',
  { timeout: 60_000 },
  async (transport) => {
    expect((await playWithout('dedup', 'phases', { transport })).repeated).toBeGreaterThan(0)
  },
)

test.each(transports)(
  'without sending again the same phases find work over a %s that is lost',
  { timeout: 60_000 },
  async (transport) => {
    expect((await playWithout('replay', 'phases', { transport })).lost).toBeGreaterThan(0)
  },
)
