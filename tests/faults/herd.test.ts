/** Many clients that lose their server at once. */
import { clientDefaults } from '@parley/shared/internal'
import { expect, test } from 'vitest'
import { herd } from './scenes/herd.js'
import { playWithout } from './scenes/play-without.js'
import { kept } from './worker.js'

const options = { timeout: 60_000 }
const few = { clients: 40, speed: 5, awayMs: 0 }

test(
  '500 clients whose server is killed and started again all come back, spread over a second, and none loses an event or gets one twice',
  options,
  async () => {
    const clients = 500
    const { counts, firstDelays } = await herd({ clients, speed: 2, awayMs: 0 })
    expect(counts).toMatchObject({ ...kept, unknown: 0, refused: 0 })
    expect(counts.delivered).toBe(counts.sent)

    // what each chose by chance, not what the machine made of it
    const { reconnectBaseMs, reconnectStepMs } = clientDefaults
    expect(firstDelays).toHaveLength(clients)
    expect(Math.min(...firstDelays)).toBeGreaterThanOrEqual(reconnectBaseMs)
    expect(Math.max(...firstDelays)).toBeLessThanOrEqual(reconnectBaseMs + reconnectStepMs)
    const tenths = Array.from({ length: 10 }, (_, i) => {
      const from = reconnectBaseMs + (i * reconnectStepMs) / 10
      return firstDelays.filter((delay) => delay >= from && delay < from + reconnectStepMs / 10).length
    })
    // a tenth of the clients in each tenth of the time, and nowhere more than twice that
    expect(Math.max(...tenths)).toBeLessThan(clients / 5)
  },
)

test('without de-duplication the same count finds repeats', options, async () => {
  expect((await playWithout('dedup', 'herd', few)).counts.repeated).toBeGreaterThan(0)
})

test('without replay the same count finds losses', options, async () => {
  expect((await playWithout('replay', 'herd', few)).counts.lost).toBeGreaterThan(0)
})
