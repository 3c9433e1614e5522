import { describe, expect, test } from 'vitest'
import { came, emptyLane, lastReplay, linked, spansOf } from '../../examples/demo/page/link-lane.js'
import { width } from '../../examples/demo/page/strip.js'

const start = 1_000_000

describe('the lane of the link', () => {
  test('shows how the link was over time, and what came from the log at its moment', () => {
    let lane = linked(emptyLane, 'open', start)
    lane = linked(lane, 'reconnecting', start + 1_000)
    lane = linked(lane, 'open', start + 3_000)
    lane = came(lane, { replayed: true, position: 'e-7' }, start + 3_000)
    lane = came(lane, { replayed: true, position: 'e-8' }, start + 3_012)
    lane = came(lane, { replayed: false, position: 'e-9' }, start + 3_020)
    expect(spansOf(lane, start + 4_000)).toEqual([
      { kind: 'open', x: width - 40, wide: 10 },
      { kind: 'cut', x: width - 30, wide: 20 },
      { kind: 'open', x: width - 10, wide: 10 },
      { kind: 'replay', x: width - 11, wide: 2 },
    ])
    expect(lastReplay(lane)).toBe('2 events replayed from :7 to :8 in 12 ms')
  })

  test('takes events that come live in between for the end of a replay', () => {
    const replayed = { replayed: true, position: 'e-1' }
    let lane = came(emptyLane, replayed, start)
    lane = came(lane, { replayed: false, position: 'e-2' }, start + 10)
    lane = came(lane, replayed, start + 20)
    expect(lane.replays.map(({ events }) => events)).toEqual([1, 1])
    expect(lastReplay(emptyLane)).toBe('')
  })

  test('forgets what is past the left edge, but not how the link is', () => {
    const lane = linked(linked(linked(emptyLane, 'open', 0), 'reconnecting', 1_000), 'open', 2_000)
    const later = linked(lane, 'reconnecting', 100_000)
    expect(later.stretches.map(({ from }) => from)).toEqual([2_000, 100_000])
    expect(spansOf(later, 100_000 + width * 100)).toEqual([{ kind: 'cut', x: 0, wide: width }])
  })
})
