import { type Customs, isPlainObject, isPrototypeKey, maxDepth } from './rules.js'

/**
 * Whether `JSON.stringify` alone writes all of a value, so that it needs no meta. `false` may also mean that it
 * cannot travel at all; finding out which, and where, is left to the slower `assertTravels`.
 */
export function isPlainJson(value: unknown, customs: Customs | undefined, depth = 0): boolean {
  if (customs?.findApplicable(value)) return false
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      break
    default:
      return false
  }
  if (value === null) return true
  if (depth === maxDepth) return false
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (!isPlainJson(value[i], customs, depth + 1)) return false
    }
    return true
  }
  if (!isPlainObject(value)) return false
  for (const key of Object.keys(value)) {
    if (isPrototypeKey(key) || !isPlainJson(value[key], customs, depth + 1)) return false
  }
  return true
}
