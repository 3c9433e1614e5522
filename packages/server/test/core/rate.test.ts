import { expect, test } from 'vitest'
import { Rate } from '../../src/core/rate.js'

const takeAll = (rate: Rate, now: number): number => {
  let taken = 0
  while (rate.take(now)) taken++
  return taken
}

test('as many may come at once as in a second, and then as many as time has passed for', () => {
  const rate = new Rate(10, 0)
  expect(takeAll(rate, 0)).toBe(10)
  expect(takeAll(rate, 100)).toBe(1)
  expect(takeAll(rate, 150)).toBe(0)
  expect(takeAll(rate, 200)).toBe(1)
  expect(takeAll(rate, 60_000)).toBe(10)
})

test('a clock that is set back lets nobody in, and keeps nobody out for longer', () => {
  const rate = new Rate(10, 1_000_000)
  expect(takeAll(rate, 1_000_000)).toBe(10)
  expect(takeAll(rate, 0)).toBe(0)
  expect(takeAll(rate, 1_000)).toBe(10)
})
