/** Medians and ratios, for a person. */
import type { Measured, Workload } from './workloads.js'

/** A table of one workload. A ratio is the median of the rounds' own, so that a slow minute weighs on both sides. */
export function tableOf({ name, unit, goal }: Workload, taken: ReadonlyMap<string, Measured[]>): string {
  const [floor = []] = taken.values()
  const rows = [...taken].map(([contestant, rounds]) => {
    const against = (of: (one: Measured) => number): string => {
      const ratios = rounds.map((one, n) => of(one) / of(floor[n] as Measured))
      return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)})`
    }
    return [
      contestant,
      Math.round(median(rounds.map(({ perSecond }) => perSecond))).toLocaleString('en'),
      against(({ perSecond }) => perSecond),
      median(rounds.map(({ serverMicros }) => serverMicros)).toFixed(2),
      against(({ serverMicros }) => serverMicros),
    ]
  })
  const head = ['', 'a second', 'of the floor', `CPU us a ${unit}`, 'of the floor']
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const lines = all.map((row) =>
    row.map((cell, n) => (n === 0 ? cell.padEnd(widths[n] ?? 0) : cell.padStart(widths[n] ?? 0))).join('  '),
  )
  return `${name} (goal: ${goal})\n${lines.map((line) => `  ${line}`).join('\n')}\n`
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]]
  return sorted.length % 2 === 1 ? high : (low + high) / 2
}
