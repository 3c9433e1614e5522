/** Many clients that lose their server at once. */
import { expect, test } from 'vitest'
import { herd } from './scenes/herd.js'
import { playWithout } from './scenes/play-without.js'
import { densest, spreadOf } from './spread.js'
import { kept } from './worker.js'

const options = { timeout: 240_000 }
const few = { clients: 40, speed: 5 }

test(
  '500 clients whose server is killed and started again all come back, and none loses an event or gets one twice',
  options,
  async () => {
    const counts = await herd({ clients: 500, speed: 2 })
    expect(counts).toMatchObject({ ...kept, unknown: 0, refused: 0 })
    expect(counts.delivered).toBe(counts.sent)
  },
)

test('without de-duplication the same count finds repeats', options, async () => {
  expect((await playWithout('dedup', 'herd', few)).repeated).toBeGreaterThan(0)
})

test('without replay the same count finds losses', options, async () => {
  expect((await playWithout('replay', 'herd', few)).lost).toBeGreaterThan(0)
})

test.each([1, 2, 3])(
  '500 clients that lose their server at one moment do not come back in one (seed %i)',
  async (seed) => {
    const attempts = await spreadOf({ clients: 500, awayMs: 4_000, seed })
    expect(attempts.length).toBeGreaterThan(1_000)
    expect(Math.min(...attempts)).toBeGreaterThanOrEqual(500)
    // spread evenly over the first second it would be fifty, and less after that
    expect(densest(attempts, 100)).toBeLessThan(100)
    expect(densest(attempts, 10)).toBeLessThan(25)
  },
)
