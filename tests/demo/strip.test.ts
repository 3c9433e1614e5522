import { describe, expect, test } from 'vitest'
import { height, strip, width } from '../../examples/demo/page/strip.js'
import type { Arrival } from '../../examples/demo/page/tally.js'

const start = 1_000_000
const live = (n: number): Arrival => ({ n, at: start + n * 100, arrived: start + n * 100, replayed: false })
const late = (n: number, arrived: number): Arrival => ({
  ...live(n),
  arrived: start + arrived,
  replayed: true,
})

/** Left edge and height of each mark. */
const marks = (path: string) =>
  [...path.matchAll(/M(-?[\d.]+) \d+v-(\d+)/g)].map(([, x, tall]) => [Number(x), Number(tall)])

describe('the strip chart', () => {
  test('is empty before anything has come', () => {
    expect(strip([], start)).toEqual({ live: '', replayed: '', lost: '', edge: 0 })
  })

  test('puts a number one mark to the left for each tenth of a second since it was counted', () => {
    const shown = strip([live(0), live(1)], start + 100)
    expect(marks(shown.live).map(([x]) => x)).toEqual([width - 2, width - 1])
    expect(strip([live(0), live(1)], start + 600).edge).toBe(width - 5)
  })

  test('draws what was held back as a wedge: the longer, the higher', () => {
    const arrivals = [live(0), ...[1, 2, 3].map((n) => late(n, 10_000))]
    const heights = marks(strip(arrivals, start + 10_000).replayed).map(([, tall]) => tall as number)
    expect(heights.length).toBe(3)
    expect(heights).toEqual([...heights].sort((a, b) => b - a))
    expect(heights[0]).toBe(height)
  })

  test('does not take a clock that is wrong for lateness', () => {
    const skewed = [0, 1, 2].map((n) => ({ ...live(n), arrived: live(n).at + 3_600_000 }))
    const right = marks(strip([0, 1, 2].map(live), start + 200).live)
    expect(marks(strip(skewed, start + 3_600_200).live)).toEqual(right)
  })

  test('shows a hole that nobody told of, and leaves out what is past the left edge', () => {
    const lost = [live(0), { ...live(10), hole: 'lost' as const }]
    expect(strip(lost, start + 1_000).lost).not.toBe('')
    expect(strip(lost, start + 1_000 + width * 100)).toMatchObject({ live: '', lost: '', edge: 0 })
  })
})
