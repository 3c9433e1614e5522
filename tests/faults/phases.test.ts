/** What becomes of work whose link breaks in each phase of its life, over real sockets. */
import { expect, test } from 'vitest'
import { everyPhase, phases } from './scenes/phases.js'
import { playWithout } from './scenes/play-without.js'
import { kinds } from './work-contract.js'
import { kept } from './worker.js'

const options = { timeout: 240_000 }

test(
  'work of each kind runs once and is answered, whether it is cut off before it arrives, while it runs, after it or on its way back',
  options,
  async () => {
    const counts = await everyPhase()
    expect(counts).toMatchObject({ ...kept, unknown: 0, refused: 0 })
    expect(counts.delivered).toBe(counts.sent)
    expect(counts.sent).toBeGreaterThan(2 * Object.keys(phases).length * kinds.length)
  },
)

test('without de-duplication the same phases find work that runs twice', options, async () => {
  expect((await playWithout('dedup', 'phases', {})).repeated).toBeGreaterThan(0)
})

test('without sending again the same phases find work that is lost', options, async () => {
  expect((await playWithout('replay', 'phases', {})).lost).toBeGreaterThan(0)
})
