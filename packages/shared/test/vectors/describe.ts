import { toBase64 } from '../../src/codec/base64.js'

/**
 * A value in the notation of payloads.json (see README.md): plain JSON, and an object with one `$` key for what JSON
 * does not have. Two values are the same when their descriptions are; `undefined`, `-0` and an Error's cause count.
 */
export function describeValue(value: unknown): unknown {
  switch (typeof value) {
    case 'undefined':
      return { $undefined: true }
    case 'bigint':
      return { $bigint: value.toString() }
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? '-0' : String(value) }
    case 'string':
    case 'boolean':
      return value
    case 'object':
      return value === null ? null : describeObject(value)
    default:
      throw new Error(`a ${typeof value} has no description`)
  }
}

function describeObject(value: object): unknown {
  if (Array.isArray(value)) return value.map(describeValue)
  if (value instanceof Date) return { $date: value.toISOString() }
  if (value instanceof RegExp) return { $regexp: String(value) }
  if (value instanceof URL) return { $url: value.href }
  if (value instanceof Uint8Array) return { $bytes: toBase64(value) }
  if (value instanceof Set) return { $set: [...value].map(describeValue) }
  if (value instanceof Map) return { $map: [...value].map((pair) => pair.map(describeValue)) }
  if (value instanceof Error) {
    const { name, message, cause } = value
    return { $error: { name, message, ...(cause === undefined ? {} : { cause: describeValue(cause) }) } }
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw new Error('an instance has no description')
  const entries = Object.entries(value).map(([key, child]) => [key, describeValue(child)] as const)
  return entries.some(([key]) => key.startsWith('$')) ? { $object: entries } : Object.fromEntries(entries)
}
