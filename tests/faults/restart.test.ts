/** What is promised over `kill -9` of a server that has its log on the disk, and a start on the same file and port. */
import { describe, expect, test } from 'vitest'
import { playWithout } from './scenes/play-without.js'
import { restart } from './scenes/restart.js'
import { unacknowledged } from './scenes/unacknowledged.js'
import { kept } from './worker.js'

const transports = ['websocket', 'sse'] as const
const options = { timeout: 60_000 }

describe.each(transports)('over a %s', (transport) => {
  test(
    'what was under way as the server was killed has an unknown outcome, but for what is idempotent; what was sent meanwhile goes out in order',
    options,
    async () => {
      const { counts, underWay, meanwhile, runs, said } = await restart({ transport })
      expect(counts).toMatchObject({ ...kept, refused: 0 })
      const unknown = 'OUTCOME_UNKNOWN'
      // `pay` is a `once` call: its intent is on the disk, and it is not tried again
      expect(underWay).toEqual({
        say: unknown,
        add: unknown,
        look: 'answered',
        pay: unknown,
        count: unknown,
      })
      expect(runs).toEqual({ say: 1, add: 1, look: 2, pay: 1, count: 1 })
      expect(new Set(meanwhile)).toEqual(new Set(['answered']))
      // the two messages behind the one that ran never did, and are told to be unknown
      expect(counts.unknown).toBe(6)
      expect(said).toEqual([...said].sort((a, b) => a - b))
      expect(said).toHaveLength(1 + meanwhile.length * 0.75)
    },
  )

  test(
    'what was answered and not yet acknowledged as the server was killed never runs again',
    options,
    async () => {
      const { counts, ends, runs } = await unacknowledged('came', { transport })
      expect(counts).toMatchObject({ ...kept, unknown: 0, refused: 0 })
      expect(new Set(Object.values(ends))).toEqual(new Set(['answered']))
      expect(runs).toEqual({ say: 1, add: 1, look: 1, pay: 1, count: 1 })
    },
  )

  test(
    'what was answered on a link that lost the answer, by a server that was killed then, runs again only where it is idempotent, and is answered where it is `once`',
    options,
    async () => {
      const { counts, ends, runs } = await unacknowledged('was lost', { transport })
      expect(counts).toMatchObject({ ...kept, unknown: 3, refused: 0 })
      const unknown = 'OUTCOME_UNKNOWN'
      expect(ends).toEqual({ say: unknown, add: unknown, look: 'answered', pay: 'answered', count: unknown })
      expect(runs).toEqual({ say: 1, add: 1, look: 2, pay: 1, count: 1 })
    },
  )
})

test('without de-duplication the same count finds repeats after a restart', options, async () => {
  const [killed, lost] = [
    await playWithout('dedup', 'restart', { transport: 'websocket' }),
    await playWithout('dedup', 'reply was lost', { transport: 'sse' }),
  ]
  for (const { counts, runs } of [killed, lost]) {
    expect(runs.pay).toBe(2)
    // events as well
    expect(counts.repeated).toBeGreaterThan(1)
  }
  const { counts } = await playWithout('dedup', 'reply came', { transport: 'websocket' })
  expect(counts.repeated).toBeGreaterThan(0)
})

test.each(['restart', 'reply came', 'reply was lost'] as const)(
  'without replay the same count finds losses after a restart (%s)',
  options,
  async (scene) => {
    const { counts } = await playWithout('replay', scene, { transport: 'websocket' })
    expect(counts.lost).toBeGreaterThan(0)
  },
)
