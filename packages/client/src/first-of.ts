/** Items by their keys: which of them is there for the first time. */

/** Keys that are remembered; older ones cannot come again but by a mistake. */
const maxKeys = 10_000

/** Tells whether the key of an item is there for the first time, those of the items of `data` being there already. */
export function firstOf(
  key: ((item: unknown) => unknown) | undefined,
  data: unknown,
): (item: unknown) => boolean {
  if (!key) return () => true
  const seen = new Set(Array.isArray(data) ? data.map((item) => key(item)) : [])
  return (item) => {
    const one = key(item)
    if (one === undefined) return true
    if (seen.has(one)) return false
    seen.add(one)
    if (seen.size > maxKeys) seen.delete(seen.values().next().value)
    return true
  }
}
