import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Batches } from '../../src/core/batches.js'

/** Everybody that is told, with when, at a look every 100 ms. */
function tell(withinMs: number, there: number, comes: (now: number) => number = () => 0): number[] {
  const batches = new Batches(0, withinMs, 2_000)
  const told: number[] = []
  let left = there
  for (let now = 0; now < withinMs; now += 100) {
    left += comes(now)
    const count = batches.due(now, left)
    for (let n = 0; n < count; n += 1) told.push(now)
    left -= count
  }
  return told
}

test('a fleet is told in even batches, every 2 s, within two thirds of the time', () => {
  const told = tell(30_000, 1_000)
  const times = [...new Set(told)]
  expect(times).toEqual([0, 2_000, 4_000, 6_000, 8_000, 10_000, 12_000, 14_000, 16_000, 18_000])
  for (const time of times) expect(told.filter((at) => at === time)).toHaveLength(100)
})

test('one client alone is told at once, and one that comes late as soon as it is there', () => {
  expect(tell(30_000, 1)).toEqual([0])
  expect(tell(30_000, 0, (now) => (now === 25_000 ? 1 : 0))).toEqual([25_000])
})

test('whatever the time, and however many come meanwhile, all are told, and nobody twice', () => {
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 60_000 }), fc.nat(500), fc.nat(3), (withinMs, there, coming) => {
      let came = 0
      const told = tell(withinMs, there, (now) => {
        if (now % 700 !== 0) return 0
        came += coming
        return coming
      })
      expect(told).toHaveLength(there + came)
    }),
  )
})

test('a look that comes late makes up for the batches that it missed', () => {
  const batches = new Batches(0, 30_000, 2_000)
  expect(batches.due(0, 100)).toBe(10)
  expect(batches.due(9_000, 90)).toBe(40)
  expect(batches.due(60_000, 50)).toBe(50)
})
