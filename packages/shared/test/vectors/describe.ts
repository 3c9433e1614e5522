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

/** The value that a description describes. */
export function makeValue(described: unknown): unknown {
  if (typeof described !== 'object' || described === null) return described
  if (Array.isArray(described)) return described.map(makeValue)
  const [tag, content] = Object.entries(described)[0] ?? []
  switch (tag) {
    case '$undefined':
      return undefined
    case '$number':
      return Number(content)
    case '$bigint':
      return BigInt(content)
    case '$date':
      return new Date(content)
    case '$regexp': {
      const end = content.lastIndexOf('/')
      return new RegExp(content.slice(1, end), content.slice(end + 1))
    }
    case '$url':
      return new URL(content)
    case '$bytes':
      return new Uint8Array(Buffer.from(content, 'base64'))
    case '$set':
      return new Set(content.map(makeValue))
    case '$map':
      return new Map(content.map((pair: unknown) => makeValue(pair) as [unknown, unknown]))
    case '$object':
      return Object.fromEntries(content.map(([key, child]: [string, unknown]) => [key, makeValue(child)]))
    case '$error': {
      const error = new Error(
        content.message,
        'cause' in content ? { cause: makeValue(content.cause) } : undefined,
      )
      if (content.name !== 'Error') error.name = content.name
      return error
    }
    default:
      return Object.fromEntries(Object.entries(described).map(([key, child]) => [key, makeValue(child)]))
  }
}
