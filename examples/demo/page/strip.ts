/**
 * The strip chart as three SVG paths. A number stands where it was counted, one unit wide, and as high as it was late:
 * a live one is a low mark, what a cut held back comes as a wedge, and a hole is a hole.
 */
import type { Arrival } from './tally.js'

export const width = 300
export const height = 100
const intervalMs = 100
const low = 9
/** The least time that fills the height, so that a live line stays flat. */
const leastScaleMs = 4_000

export interface Strip {
  readonly live: string
  readonly replayed: string
  readonly lost: string
  /** Where the numbers end that have come: what is right of it is still to come. */
  readonly edge: number
}

/** @param now Ms since 1970, by the page's clock. */
export function strip(arrivals: readonly Arrival[], now: number): Strip {
  const newest = arrivals.at(-1)
  if (!newest) return { live: '', replayed: '', lost: '', edge: 0 }
  // by the server's clock, as far as the page can know it: nothing arrives before it was counted
  const skew = Math.min(...arrivals.map(({ at, arrived }) => arrived - at))
  const age = Math.max(0, Math.floor((now - skew - newest.at) / intervalMs))
  const right = (n: number): number => width - age - (newest.n - n)
  const late = (one: Arrival): number => Math.max(0, one.arrived - skew - one.at)

  const shown = arrivals.filter(({ n }) => right(n) > 0)
  const scale = Math.max(leastScaleMs, ...shown.map(late))
  const paths = { live: '', replayed: '', lost: '' }
  for (const one of shown) {
    const x = right(one.n)
    const tall = Math.round(low + (height - low) * (late(one) / scale))
    paths[one.replayed ? 'replayed' : 'live'] += `M${x - 1} ${height}v-${tall}h.72v${tall}z`
  }
  for (const [index, one] of arrivals.entries()) {
    const before = arrivals[index - 1]
    if (one.hole !== 'lost' || !before || right(one.n) <= 0) continue
    const from = Math.max(0, right(before.n))
    paths.lost += `M${from} 0H${right(one.n) - 1}V${height}H${from}z`
  }
  return { ...paths, edge: Math.max(0, width - age) }
}
