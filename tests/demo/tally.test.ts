import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Arrival,
  begun,
  charted,
  counted,
  expected,
  gapped,
  nothing,
  type Tally,
} from '../../examples/demo/page/tally.js'

const arrival = (n: number): Arrival => ({ n, at: n * 100, arrived: n * 100 + 5, replayed: false })
/** What must hold at any time. */
const sum = (tally: Tally) => expected(tally) - tally.lost - tally.told + tally.twice
const countAll = (numbers: readonly number[], from: Tally = nothing): Tally =>
  numbers.reduce((tally, n) => counted(tally, arrival(n)), from)

describe("the page's arithmetic", () => {
  test('finds nothing wrong with numbers that come once and in order', () => {
    expect(countAll([7, 8, 9])).toMatchObject({ first: 7, last: 9, received: 3, lost: 0, twice: 0, gaps: 0 })
  })

  test('counts each number that is missing without a word as lost', () => {
    const tally = countAll([7, 8, 12])
    expect(tally).toMatchObject({ received: 3, lost: 3, told: 0 })
    expect(tally.arrivals.map(({ hole }) => hole)).toEqual([undefined, undefined, 'lost'])
  })

  test('counts what a gap told of apart from what was lost', () => {
    const tally = countAll([12, 14], gapped(countAll([7, 8]), 'trimmed'))
    expect(tally).toMatchObject({ gaps: 1, told: 3, lost: 1 })
    expect(tally.arrivals.map(({ hole }) => hole)).toEqual([undefined, undefined, 'told', 'lost'])
  })

  test('goes on from the number that came with the page, and takes that one for a repeat', () => {
    expect(countAll([8, 9], begun(7))).toMatchObject({ first: 7, received: 3, lost: 0, twice: 0 })
    expect(countAll([9], begun(7))).toMatchObject({ lost: 1 })
    expect(countAll([7, 8], begun(7))).toMatchObject({ received: 3, twice: 1 })
  })

  test('takes a count that begins anew behind a reset for no repeat, and for nothing lost', () => {
    const tally = countAll([3, 4, 6], gapped(countAll([100, 101]), 'reset'))
    expect(tally).toMatchObject({
      earlier: 2,
      first: 3,
      last: 6,
      received: 5,
      lost: 1,
      twice: 0,
      told: 0,
      gaps: 1,
    })
    expect(tally.received).toBe(sum(tally))
    // behind any other gap the log is the same one: what came before comes twice
    expect(countAll([101], gapped(countAll([100, 101]), 'expired'))).toMatchObject({ twice: 1 })
  })

  test('holds that what was received is what there was, less what is missing, and what came twice', () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 0, max: 30 }) },
      fc.constantFrom('reset' as const, 'trimmed' as const, 'overflow' as const),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const tally = steps.reduce<Tally>(
          (before, one) => (typeof one === 'number' ? counted(before, arrival(one)) : gapped(before, one)),
          nothing,
        )
        expect(tally.received).toBe(sum(tally))
        expect(tally.received).toBe(steps.filter((one) => typeof one === 'number').length)
      }),
    )
  })

  test('sees any loss and any repeat in an otherwise whole run', () => {
    const run = fc.tuple(
      fc.uniqueArray(fc.integer({ min: 1, max: 48 })),
      fc.uniqueArray(fc.integer({ min: 0, max: 49 })),
    )
    fc.assert(
      fc.property(run, ([missing, repeated]) => {
        const numbers = Array.from({ length: 50 }, (_, n) => n).filter((n) => !missing.includes(n))
        const again = numbers.filter((n) => repeated.includes(n))
        const tally = countAll(numbers.flatMap((n) => (again.includes(n) ? [n, n] : [n])))
        expect(tally).toMatchObject({ lost: missing.length, twice: again.length })
        expect(tally.received).toBe(numbers.length + again.length)
      }),
    )
  })

  test('keeps no more than what the chart shows', () => {
    const tally = countAll(Array.from({ length: charted + 50 }, (_, n) => n))
    expect(tally.arrivals.length).toBe(charted)
    expect(tally.arrivals.at(-1)?.n).toBe(charted + 49)
  })
})
