import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SseLink, type SseLinkOutput } from '../../src/core/sse-link.js'

const types = (outputs: readonly SseLinkOutput[]) => outputs.map(({ type }) => type)
const delay = (outputs: readonly SseLinkOutput[]) =>
  outputs.flatMap((output) => (output.type === 'arm' ? [output.ms] : []))[0]

test('what is lost is asked for again after a delay', () => {
  const link = new SseLink()
  expect(types(link.start(0))).toEqual(['connect', 'arm'])
  expect(types(link.opened(100))).toEqual(['arm'])
  expect(types(link.lost(200, 0))).toEqual(['down', 'arm'])
  expect(types(link.elapsed(700, 0))).toEqual(['up'])
  expect(link.state).toBe('idle')
})

test.each([
  [0, 0, 500],
  [0, 0.999, 1_499],
  [3, 0.5, 4_500],
  [10, 0.5, 15_500],
  [2_000, 0, 500],
])('after %i failed attempts, chance %f waits %i ms', (failures, chance, ms) => {
  const link = new SseLink()
  for (let i = 0; i < failures; i++) {
    link.start(0)
    link.lost(0, 0)
    link.elapsed(500, 0)
  }
  link.start(0)
  expect(delay(link.lost(0, chance))).toBeCloseTo(ms)
})

test('a response that held 10 s starts the count anew, one that did not goes on', () => {
  for (const [heldMs, ms] of [
    [9_999, 500 + 4_000],
    [10_000, 500 + 1_000],
  ] as const) {
    const link = new SseLink()
    link.start(0)
    link.lost(0, 0)
    link.elapsed(500, 0)
    link.start(0)
    link.lost(0, 0)
    link.elapsed(500, 0)
    link.start(0)
    link.opened(1_000)
    expect(delay(link.lost(1_000 + heldMs, 1))).toBe(ms)
  }
})

test('advice holds for the next attempt alone, and coming back to the page does not shorten it', () => {
  const link = new SseLink()
  link.start(0)
  link.opened(0)
  link.advised(7_000)
  expect(delay(link.lost(10, 0.5))).toBe(7_125)
  expect(link.woke(20, 0)).toEqual([])
  link.elapsed(7_135, 0)
  link.start(7_135)
  expect(delay(link.lost(7_140, 0))).toBe(500)
  expect(link.woke(7_150, 0.5)).toEqual([{ type: 'arm', ms: 125 }])
})

test('a least wait holds for the next attempt alone too, and is no reason to come sooner than the back-off', () => {
  const link = new SseLink()
  const lose = (leastMs: number | undefined, chance: number) => {
    link.start(0)
    link.opened(0)
    if (leastMs !== undefined) link.spaced(leastMs)
    const ms = delay(link.lost(10, chance))
    const hastened = delay(link.woke(20, 0))
    link.elapsed(60_000, 0)
    return [ms, hastened]
  }
  expect(lose(2_000, 0.5)).toEqual([2_125, undefined]) // the back-off would be 1,000
  expect(lose(undefined, 0.5)).toEqual([1_500, 0])
  expect(lose(2_000, 0.5)).toEqual([2_500, 0])
  expect(lose(2_000, 0.5)).toEqual([4_500, 0])
})

test('advice of years is cut to what a timer can take', () => {
  const link = new SseLink()
  link.start(0)
  link.advised(1e15)
  expect(delay(link.lost(0, 0.9))).toBe(2 ** 31 - 1)
})

test('a wake-up never makes the wait longer', () => {
  const link = new SseLink()
  link.start(0)
  link.lost(0, 0)
  expect(link.woke(400, 0.999)).toEqual([{ type: 'arm', ms: 100 }])
})

test('silence is counted from the last byte', () => {
  const link = new SseLink()
  link.start(0)
  link.opened(0)
  link.heard(4_000)
  expect(link.elapsed(10_000, 0)).toEqual([{ type: 'arm', ms: 4_000 }])
  expect(types(link.elapsed(14_000, 0))).toEqual(['abort', 'down', 'arm'])
})

test('a timer that comes far too late ends the response and tries at once', () => {
  const link = new SseLink()
  link.start(0)
  link.opened(0)
  link.heard(99_000) // what was in the buffers while the machine slept says nothing of the link
  const outputs = link.elapsed(99_000, 0.5)
  expect(types(outputs)).toEqual(['abort', 'down', 'arm'])
  expect(delay(outputs)).toBe(125)
})

test('whenever it ends, nothing runs and nothing is asked for', () => {
  const input = fc.constantFrom(
    'start',
    'opened',
    'heard',
    'advised',
    'lost',
    'elapsed',
    'woke',
  ) satisfies fc.Arbitrary<keyof SseLink>
  fc.assert(
    fc.property(fc.array(input, { maxLength: 40 }), (inputs) => {
      const link = new SseLink()
      let isArmed = false
      let isAsking = false
      let now = 0
      const follow = (outputs: readonly SseLinkOutput[]) => {
        for (const { type } of outputs) {
          if (type === 'arm') isArmed = true
          else if (type === 'disarm') isArmed = false
          else if (type === 'connect') isAsking = true
          else if (type === 'abort') isAsking = false
        }
      }
      for (const name of inputs) {
        now += 3_000
        if (name === 'start') {
          if (link.state === 'idle') follow(link.start(now))
        } else if (name === 'lost') {
          if (isAsking) {
            isAsking = false
            follow(link.lost(now, 0.5))
          }
        } else if (name === 'elapsed') {
          if (isArmed) {
            isArmed = false
            follow(link.elapsed(now, 0.5))
          }
        } else if (name === 'heard') link.heard(now)
        else if (name === 'advised') link.advised(now)
        else if (name === 'opened') follow(link.opened(now))
        else follow(link.woke(now, 0.5))
        // while it is not idle something is under way, and a timer watches over it
        if (link.state !== 'idle') expect(isArmed).toBe(true)
        expect(isAsking).toBe(link.state === 'connecting' || link.state === 'open')
      }
      follow(link.end())
      expect([link.state, isArmed, isAsking]).toEqual(['idle', false, false])
    }),
  )
})
