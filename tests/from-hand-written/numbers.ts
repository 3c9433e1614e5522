/** Numbered events, and what became of them. */

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** What is wrong with a list that ought to hold 1 to `last`, each once and in order; nothing, if it does. */
export function wrongWith(got: readonly number[], last: number): string[] {
  const missing = numbers(1, last).filter((n) => !got.includes(n))
  const again = got.filter((n, i) => got.indexOf(n) < i)
  const isMixedUp = got.some((n, i) => i > 0 && n < (got[i - 1] as number))
  return [
    ...(missing.length > 0
      ? [`received ${last - missing.length} of ${last}; missing ${missing.join(', ')}`]
      : []),
    ...(again.length > 0 ? [`received again: ${again.join(', ')}`] : []),
    ...(isMixedUp ? ['received out of order'] : []),
  ]
}
