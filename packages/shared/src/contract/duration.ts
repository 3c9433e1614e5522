/** A time span: a number of milliseconds, or a number with its unit, such as `'30s'` or `'10m'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const unitMs: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/** A duration in milliseconds; `undefined` for anything that is none, nothing and less included. */
export function parseDuration(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? textMs(value) : value
  return typeof ms === 'number' && ms > 0 && Number.isSafeInteger(Math.round(ms)) ? ms : undefined
}

function textMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text)
  const unit = match && unitMs.get(match[2]!)
  return unit ? Number(match[1]) * unit : undefined
}
