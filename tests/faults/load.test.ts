/** What is promised of calls, messages, streams and events at load, over real sockets that break all the time. */
import { expect, test } from 'vitest'
import { load } from './scenes/load.js'
import { playWithout } from './scenes/play-without.js'
import { kept } from './worker.js'

const options = { timeout: 240_000 }

test(
  'through links that are cut, stalled and half-opened all the time no call, message, stream or event is lost, comes twice or overtakes',
  options,
  async () => {
    const counts = await load()
    // the session outlives each cut, so there is nothing of which nobody knows what became
    expect(counts).toMatchObject({ ...kept, unknown: 0 })
    expect(counts.delivered).toBe(counts.run)
    expect(counts.delivered).toBeGreaterThan(200)
  },
)

test('without de-duplication the same count finds repeats', options, async () => {
  expect((await playWithout('dedup', 'load', {})).repeated).toBeGreaterThan(0)
})

test('without replay the same count finds losses', options, async () => {
  expect((await playWithout('replay', 'load', {})).lost).toBeGreaterThan(0)
})
