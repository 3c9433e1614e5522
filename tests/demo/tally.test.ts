import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Arrival,
  charted,
  counted,
  gapped,
  nothing,
  type Tally,
} from '../../examples/demo/page/tally.js'

const arrival = (n: number): Arrival => ({ n, at: n * 100, arrived: n * 100 + 5, replayed: false })
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
    const tally = countAll([12, 14], gapped(countAll([7, 8])))
    expect(tally).toMatchObject({ gaps: 1, told: 3, lost: 1 })
    expect(tally.arrivals.map(({ hole }) => hole)).toEqual([undefined, undefined, 'told', 'lost'])
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
