/** What is promised of calls, messages, streams and events at load, over real sockets that break all the time. */
import { expect, test } from 'vitest'
import { load } from './scenes/load.js'
import { playWithout } from './scenes/play-without.js'
import { kept } from './worker.js'

const transports = ['websocket', 'sse'] as const

test.each(transports)(
  'calls, messages, streams and events over a %s that is cut, stalled and half-opened all the time: nothing is lost, runs twice or overtakes',
  { timeout: 60_000 },
  async (transport) => {
    const counts = await load({ transport })
    // the session outlives each cut, so there is nothing of which nobody knows what became
    expect(counts).toMatchObject({ ...kept, unknown: 0 })
    expect(counts.delivered).toBe(counts.run)
    expect(counts.delivered).toBeGreaterThan(100)
  },
)

test.each(transports)(
  'without de-duplication the same count finds repeats over a %s',
  { timeout: 60_000 },
  async (transport) => {
    expect((await playWithout('dedup', 'load', { transport })).repeated).toBeGreaterThan(0)
  },
)

test.each(transports)(
  'without replay the same count finds losses over a %s',
  { timeout: 60_000 },
  async (transport) => {
    expect((await playWithout('replay', 'load', { transport })).lost).toBeGreaterThan(0)
  },
)
