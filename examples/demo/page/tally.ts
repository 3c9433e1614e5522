/**
 * The arithmetic of the counter. Each number is one more than the one before, so a reader needs nothing but the last
 * one to know: one more is right, more than that is a hole, less is a repeat. A hole is `lost` unless the client has
 * told of it: then it is `told`. Where a gap says that the log began anew, a lower number is no repeat: the count may have
 * begun anew with it. So at any time
 *
 *     received = earlier + (last - first + 1) - lost - told + twice
 */
import type { ReadGap } from '@parley/client'

/** One number, as it arrived. */
export interface Arrival {
  readonly n: number
  /** When the server counted it, and when it came, in ms since 1970 by the clock of each. */
  readonly at: number
  readonly arrived: number
  /** It was read from the log: the page was away, or too slow, when it was counted. */
  readonly replayed: boolean
  /** What lies between the number before and this one. */
  readonly hole?: 'lost' | 'told'
}

export interface Tally {
  readonly first: number | undefined
  readonly last: number | undefined
  /** How many there were in counts that are over, as `last - first + 1` of each. */
  readonly earlier: number
  readonly received: number
  readonly replayed: number
  /** Numbers that are missing without a word. */
  readonly lost: number
  readonly twice: number
  readonly gaps: number
  /** Numbers that are missing, as gaps said. */
  readonly told: number
  /** A gap was told, and the number after it has not come yet. */
  readonly afterGap: ReadGap['reason'] | undefined
  /** The newest ones, for the chart. */
  readonly arrivals: readonly Arrival[]
}

/** Half a minute of numbers. */
export const charted = 300

export const nothing: Tally = {
  ...{ first: undefined, last: undefined, earlier: 0 },
  ...{ received: 0, replayed: 0, lost: 0, twice: 0, gaps: 0, told: 0 },
  afterGap: undefined,
  arrivals: [],
}

/** The first number came with the page itself. */
export const begun = (n: number): Tally => ({ ...nothing, first: n, last: n, received: 1 })

/** How many numbers there were from the first one on, whether they came or not. */
export const expected = ({ first, last, earlier }: Tally): number =>
  earlier + (first === undefined || last === undefined ? 0 : last - first + 1)

export function counted(tally: Tally, arrival: Arrival): Tally {
  const { n, replayed } = arrival
  if (tally.last !== undefined && n <= tally.last) {
    if (tally.afterGap !== 'reset') return { ...tally, received: tally.received + 1, twice: tally.twice + 1 }
    const anew = { ...tally, earlier: expected(tally), first: undefined, last: undefined, arrivals: [] }
    return counted(anew, arrival)
  }
  const missing = tally.last === undefined ? 0 : n - tally.last - 1
  const hole = missing === 0 ? undefined : tally.afterGap ? 'told' : 'lost'
  return {
    ...tally,
    first: tally.first ?? n,
    last: n,
    received: tally.received + 1,
    replayed: tally.replayed + (replayed ? 1 : 0),
    lost: tally.lost + (hole === 'lost' ? missing : 0),
    told: tally.told + (hole === 'told' ? missing : 0),
    afterGap: undefined,
    arrivals: [...tally.arrivals.slice(1 - charted), { ...arrival, ...(hole && { hole }) }],
  }
}

export function gapped(tally: Tally, reason: ReadGap['reason']): Tally {
  return { ...tally, gaps: tally.gaps + 1, afterGap: tally.afterGap === 'reset' ? 'reset' : reason }
}
