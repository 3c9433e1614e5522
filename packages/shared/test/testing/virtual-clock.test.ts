import { virtualClock } from '@parley/shared/testing'
import * as fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'

describe('time', () => {
  test('stands still until it is advanced', async () => {
    const clock = virtualClock({ start: 5_000 })
    await clock.settle()
    expect(clock.now()).toBe(5_000)
    await clock.advance(250)
    expect(clock.now()).toBe(5_250)
  })

  test('a timer runs at its time, and the clock shows that time while it runs', async () => {
    const clock = virtualClock({ start: 0 })
    const seen: number[] = []
    clock.after(100, () => seen.push(clock.now()))
    await clock.advance(99)
    expect(seen).toEqual([])
    await clock.advance(1_000)
    expect(seen).toEqual([100])
    expect(clock.now()).toBe(1_099)
  })

  test('timers run in the order of their time and then of their creation, whatever was cancelled', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ delay: fc.nat(20), cancelled: fc.boolean() }), { maxLength: 200 }),
        async (timers) => {
          const clock = virtualClock({ start: 0 })
          const ran: number[] = []
          const cancels = timers.map(({ delay }, i) => clock.after(delay, () => ran.push(i)))
          for (const [i, { cancelled }] of timers.entries()) if (cancelled) cancels[i]!()
          const expected = timers
            .map((timer, i) => ({ ...timer, i }))
            .filter(({ cancelled }) => !cancelled)
            .sort((a, b) => a.delay - b.delay || a.i - b.i)
            .map(({ i }) => i)
          expect(clock.pending()).toBe(expected.length)
          await clock.advance(20)
          expect(ran).toEqual(expected)
          expect(clock.pending()).toBe(0)
        },
      ),
      { numRuns: 50 },
    )
  })

  test('promises settle between two timers of one moment, however long their chain', async () => {
    const clock = virtualClock()
    const order: string[] = []
    clock.after(10, async () => {
      for (let i = 0; i < 500; i++) await undefined
      order.push('chain')
    })
    clock.after(10, () => order.push('second timer'))
    await clock.advance(10)
    expect(order).toEqual(['chain', 'second timer'])
  })

  test('a timer that is armed by a timer runs in the same advance when it is due within it', async () => {
    const clock = virtualClock({ start: 0 })
    const ticks: number[] = []
    const tick = () => {
      ticks.push(clock.now())
      clock.after(30, tick)
    }
    clock.after(30, tick)
    await clock.advance(100)
    expect(ticks).toEqual([30, 60, 90])
    expect(clock.pending()).toBe(1)
  })

  test('a cancelled timer does not run, and cancelling one that has run changes nothing', async () => {
    const clock = virtualClock()
    const ran: string[] = []
    const cancelFirst = clock.after(1, () => ran.push('first'))
    const cancelSecond = clock.after(1, () => ran.push('second'))
    cancelSecond()
    await clock.advance(1)
    cancelFirst()
    expect(ran).toEqual(['first'])
    expect(clock.pending()).toBe(0)
  })

  test('what a timer throws comes out of advance, with time standing at that timer', async () => {
    const clock = virtualClock({ start: 0 })
    clock.after(5, () => {
      throw new Error('broken timer')
    })
    await expect(clock.advance(100)).rejects.toThrow('broken timer')
    expect(clock.now()).toBe(5)
    await clock.advance(0)
  })

  test('after a jump timers are late: they run at the next advance, at the later time', async () => {
    const clock = virtualClock({ start: 0 })
    const seen: number[] = []
    clock.after(1_000, () => seen.push(clock.now()))
    clock.jump(90_000)
    await clock.settle()
    expect(seen).toEqual([])
    expect(clock.now()).toBe(90_000)
    await clock.advance(0)
    expect(seen).toEqual([90_000])
  })

  test('a corrected wall clock moves no timer', async () => {
    const clock = virtualClock({ start: 10_000 })
    let ran = 0
    clock.after(100, () => ran++)
    clock.adjust(-5_000)
    expect(clock.now()).toBe(5_000)
    await clock.advance(99)
    expect(ran).toBe(0)
    await clock.advance(1)
    expect(ran).toBe(1)
    expect(clock.now()).toBe(5_100)
  })

  test('runUntil stops at the timer that made the condition true', async () => {
    const clock = virtualClock({ start: 0 })
    let count = 0
    for (const delay of [10, 20, 30]) clock.after(delay, () => count++)
    await clock.runUntil(() => count === 2, 1_000)
    expect(clock.now()).toBe(20)
  })

  test('runUntil rejects when the condition did not come true in time, and the time is spent', async () => {
    const clock = virtualClock({ start: 0 })
    await expect(clock.runUntil(() => false, 500)).rejects.toThrow('within 500 ms')
    expect(clock.now()).toBe(500)
  })

  test('runUntil sees a condition that time alone makes true', async () => {
    const clock = virtualClock({ start: 0 })
    await clock.runUntil(() => clock.now() >= 500, 500)
  })

  test('two advances at once are a mistake that is told', async () => {
    const clock = virtualClock()
    const first = clock.advance(1)
    await expect(clock.advance(1)).rejects.toThrow('already')
    await first
  })

  test('a timer that re-arms itself without delay is told instead of hanging the test', async () => {
    const clock = virtualClock()
    const again = () => void clock.after(0, again)
    again()
    await expect(clock.advance(1)).rejects.toThrow('without delay')
  })

  test('durations that no clock can pass are refused', async () => {
    const clock = virtualClock()
    await expect(clock.advance(-1)).rejects.toThrow(RangeError)
    await expect(clock.advance(Number.NaN)).rejects.toThrow(RangeError)
    expect(() => clock.jump(-1)).toThrow(RangeError)
    expect(() => clock.after(2 ** 31, () => {})).toThrow(RangeError)
    expect(() => clock.after(Number.NaN, () => {})).toThrow(RangeError)
  })

  test("a test runner's fake timers do not stop it", async () => {
    vi.useFakeTimers()
    try {
      const clock = virtualClock()
      let ran = 0
      clock.after(5, () => ran++)
      await clock.advance(5)
      expect(ran).toBe(1)
    } finally {
      vi.useRealTimers()
    }
  })

  test('promises settle as well where there is no setImmediate, as in browsers', async () => {
    vi.stubGlobal('setImmediate', undefined)
    vi.resetModules()
    try {
      const browser = await import('@parley/shared/testing')
      const clock = browser.virtualClock()
      const order: string[] = []
      clock.after(10, async () => {
        for (let i = 0; i < 500; i++) await undefined
        order.push('chain')
      })
      clock.after(10, () => order.push('second timer'))
      await clock.advance(10)
      expect(order).toEqual(['chain', 'second timer'])
      expect(browser.virtualClock).not.toBe(virtualClock)
    } finally {
      vi.unstubAllGlobals()
      vi.resetModules()
    }
  })
})

describe('chance', () => {
  test('the same seed gives the same numbers and secrets, another seed gives others', () => {
    const run = (seed: number) => {
      const clock = virtualClock({ seed })
      return Array.from({ length: 20 }, () => [clock.random(), clock.secret()])
    }
    expect(run(7)).toEqual(run(7))
    expect(run(7)).not.toEqual(run(8))
  })

  test('a secret more or less changes no number', () => {
    const quiet = virtualClock({ seed: 3 })
    const chatty = virtualClock({ seed: 3 })
    chatty.secret()
    expect(chatty.random()).toBe(quiet.random())
  })

  test('numbers lie from 0 up to 1 and spread evenly', () => {
    const clock = virtualClock({ seed: 1 })
    const buckets = new Array<number>(10).fill(0)
    for (let i = 0; i < 100_000; i++) {
      const roll = clock.random()
      expect(roll >= 0 && roll < 1).toBe(true)
      buckets[Math.floor(roll * 10)]!++
    }
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })

  test('a secret has the form of a real one and does not repeat', () => {
    const clock = virtualClock()
    const secrets = Array.from({ length: 1_000 }, () => clock.secret())
    for (const secret of secrets) expect(secret).toMatch(/^[A-Za-z0-9_-]{22}$/)
    expect(new Set(secrets).size).toBe(1_000)
  })
})
