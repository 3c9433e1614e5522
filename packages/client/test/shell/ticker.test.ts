import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { Ticker, type Timed } from '../../src/shell/ticker.js'

function world() {
  const clock = virtualClock()
  const start = clock.now()
  const ran: number[] = []
  const timed = {
    next: Number.POSITIVE_INFINITY,
    elapsed(now: number) {
      ran.push(now - start)
      timed.next = Number.POSITIVE_INFINITY
    },
  }
  let jumps = 0
  const ticker = new Ticker(clock, [timed], () => {
    jumps += 1
  })
  /** Something is due so many ms after the start. */
  const due = (ms: number): void => {
    timed.next = start + ms
    ticker.touch()
  }
  return { clock, ran, ticker, due, timed, jumps: () => jumps }
}

test('what is due runs when it is due', async () => {
  const { clock, ran, due } = world()
  due(100)
  await clock.advance(99)
  expect(ran).toEqual([])
  await clock.advance(1)
  expect(ran).toEqual([100])
  expect(clock.pending()).toBe(0)
})

test('what is put off costs no timer of its own, and runs in time', async () => {
  const { clock, ran, due } = world()
  due(100)
  for (let ms = 110; ms < 200; ms += 10) due(ms)
  expect(clock.pending()).toBe(1)
  await clock.advance(300)
  expect(ran).toEqual([190])
})

test('what becomes due earlier moves the timer', async () => {
  const { clock, ran, due } = world()
  due(100)
  due(50)
  await clock.advance(50)
  expect(ran).toEqual([50])
})

test('when nothing is due any more there is no timer', () => {
  const { clock, due } = world()
  due(100)
  due(Number.POSITIVE_INFINITY)
  expect(clock.pending()).toBe(0)
})

test('a wait longer than a timer can be is waited in parts', async () => {
  const { clock, ran, due } = world()
  const month = 30 * 24 * 3_600_000
  due(month)
  await clock.advance(month - 1)
  expect(ran).toEqual([])
  await clock.advance(1)
  expect(ran).toEqual([month])
})

test('a timer that runs late by a sleep says so, before what was due', async () => {
  const { clock, ran, due, jumps } = world()
  due(100)
  clock.jump(5_000)
  await clock.advance(0)
  expect(jumps()).toBe(1)
  expect(ran).toEqual([5_000])
  due(6_000)
  await clock.advance(1_000)
  expect(jumps()).toBe(1)
})

test('time does not go back with the wall clock, and what is due still runs', async () => {
  const { clock, ran, ticker, due, timed } = world()
  due(100)
  await clock.advance(50)
  const before = ticker.now()
  clock.adjust(-60_000)
  expect(ticker.now()).toBe(before)
  await clock.advance(100)
  expect(ran).toHaveLength(1)
  expect(timed.next).toBe(Number.POSITIVE_INFINITY)
})

test('one that was set back between two looks holds a timer up by no more than its own time', async () => {
  const { clock, ran, due } = world()
  due(100)
  clock.adjust(-60_000)
  await clock.advance(100)
  expect(ran).toEqual([100])
})

test('what the timed do in their turn is seen', async () => {
  const clock = virtualClock()
  let ran = 0
  const again: Timed & { next: number } = {
    next: clock.now() + 10,
    elapsed(now) {
      ran += 1
      again.next = now + 10
    },
  }
  new Ticker(clock, [again], () => {}).touch()
  await clock.advance(100)
  expect(ran).toBe(10)
})
