/** What is promised over `kill -9` of a server that has its log on the disk, and a start on the same file and port. */
import { expect, test } from 'vitest'
import { playWithout } from './scenes/play-without.js'
import { restart } from './scenes/restart.js'
import { unacknowledged } from './scenes/unacknowledged.js'
import { kept } from './worker.js'

const options = { timeout: 240_000 }
const unknown = 'OUTCOME_UNKNOWN'
const answered = 'answered'

test(
  'what is under way as the server is killed ends unknown, but for what is idempotent; what is sent meanwhile goes out in order',
  options,
  async () => {
    const { counts, survivors } = await restart()
    // of each client four, and two messages that waited for the one that ran
    expect(counts).toMatchObject({ ...kept, unknown: 12, refused: 0 })
    for (const { underWay, runs, meanwhile, said } of survivors) {
      // `pay` is `once`: what it was about to do is on the disk, and it is not tried again
      expect(underWay).toEqual({ say: unknown, add: unknown, look: answered, pay: unknown, count: unknown })
      expect(runs).toEqual({ say: 1, add: 1, look: 2, pay: 1, count: 1 })
      expect(new Set(meanwhile)).toEqual(new Set([answered]))
      expect(said).toHaveLength(1 + 15)
      expect(said).toEqual([...said].sort((a, b) => a - b))
    }
  },
)

test(
  'what was answered and not acknowledged as the server is killed runs again only where it is idempotent and its answer was lost',
  options,
  async () => {
    const { counts, told } = await unacknowledged()
    expect(counts).toMatchObject({ ...kept, unknown: 6, refused: 0 })
    for (const { reply, ends, runs } of told) {
      const came = reply === 'came'
      const lost = came ? answered : unknown
      expect(ends).toEqual({ say: lost, add: lost, look: answered, pay: answered, count: lost })
      expect(runs).toEqual({ say: 1, add: 1, look: came ? 1 : 2, pay: 1, count: 1 })
    }
  },
)

test('without de-duplication the same counts find repeats', options, async () => {
  const { counts, survivors } = await playWithout('dedup', 'restart', {})
  expect(survivors.map(({ runs }) => runs.pay)).toEqual([2, 2])
  expect(counts.repeated).toBeGreaterThan(2) // events as well
  const { told } = await playWithout('dedup', 'unacknowledged', {})
  expect(told.map(({ runs }) => runs.pay)).toEqual([1, 2, 1, 2])
})

test.each(['restart', 'unacknowledged'] as const)(
  'without replay the same counts find losses (%s)',
  options,
  async (scene) => {
    expect((await playWithout('replay', scene, {})).counts.lost).toBeGreaterThan(0)
  },
)
