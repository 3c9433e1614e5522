import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { Ticker } from '../../src/shell/ticker.js'

test('it ticks once a second while somebody wants it, and has no timer otherwise', async () => {
  const clock = virtualClock()
  const ticker = new Ticker(clock)
  const start = ticker.now()
  const ticks: number[] = []
  const stop = ticker.add((now) => ticks.push(now - start))
  await clock.advance(3_500)
  expect(ticks).toEqual([1_000, 2_000, 3_000])
  expect(ticker.now() - start).toBe(3_500)
  stop()
  expect(clock.pending()).toBe(0)
})

test.each([-3_600_000, 3_600_000])(
  'a wall clock that is set by %i ms moves its time by no more than a tick',
  async (byMs) => {
    const clock = virtualClock()
    const ticker = new Ticker(clock)
    ticker.add(() => {})
    await clock.advance(10_000)
    const before = ticker.now()
    clock.adjust(byMs)
    await clock.advance(10_000)
    expect(ticker.now() - before).toBeGreaterThanOrEqual(9_000)
    expect(ticker.now() - before).toBeLessThanOrEqual(12_000)
  },
)

test('a process that stood still has not been silent: what came meanwhile is still to be read', async () => {
  const clock = virtualClock()
  const ticker = new Ticker(clock)
  ticker.add(() => {})
  await clock.advance(5_000)
  const before = ticker.now()
  clock.jump(60_000)
  await clock.advance(0)
  expect(ticker.now() - before).toBeLessThanOrEqual(2_000)
})
