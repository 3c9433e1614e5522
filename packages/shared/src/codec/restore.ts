/**
 * What each annotation asks of the JSON at its place. The shapes are checked here, because superjson trusts them: a
 * `set` of a string becomes its characters, an Error's message may be an object, a custom type's name may be
 * `toString`. Then superjson itself makes the value. Throws `BAD_REQUEST`.
 */
import type { SuperJSON } from 'superjson'
import { type Annotation, type Restore, unreadable } from './annotations.js'
import { fromBase64 } from './base64.js'
import { formatPath } from './path.js'
import { bytesRule, type Customs, maxBigIntDigits } from './rules.js'

/** @param superjson knows the custom rules. @param blobs those of the frame, each of which may be used once. */
export function restoreWith(
  superjson: SuperJSON,
  customs: Customs | undefined,
  blobs: readonly Uint8Array[] | undefined,
): Restore {
  const used = new Set<number>()

  function takeBytes(json: unknown): Uint8Array | undefined {
    if (typeof json === 'string') return fromBase64(json)
    if (typeof json !== 'number' || used.has(json)) return undefined
    used.add(json)
    return blobs?.[json]
  }

  return (type, json, path) => {
    const name = typeof type === 'string' ? type : type.custom
    const malformed = (cause?: unknown) =>
      unreadable(`${formatPath(path)} is no ${JSON.stringify(name.slice(0, 40))}`, cause)
    if (typeof type !== 'string') {
      if (name === bytesRule) {
        const bytes = takeBytes(json)
        if (!bytes) throw malformed()
        return bytes
      }
      // a name such as `toString` finds what every object has
      if (typeof customs?.findByName(name)?.deserialize !== 'function')
        throw unreadable(`${formatPath(path)} is of the unknown type ${JSON.stringify(name.slice(0, 40))}`)
    } else if (!shapes[type](json)) {
      throw malformed()
    }
    try {
      return superjson.deserialize<unknown>(
        {
          json: (type === 'Error' ? errorParts(json, superjson.allowedErrorProps) : json) as string,
          meta: { values: [typeof type === 'string' ? type : ['custom', name]], v: 1 },
        },
        { inPlace: true },
      )
    } catch (cause) {
      throw malformed(cause)
    }
  }
}

const isText = (json: unknown): json is string => typeof json === 'string'

const shapes: { readonly [T in Extract<Annotation, string>]: (json: unknown) => boolean } = {
  undefined: (json) => json === null,
  bigint: (json) => isText(json) && json.length <= maxBigIntDigits && /^-?\d+$/.test(json),
  Date: (json) => isText(json) && !Number.isNaN(new Date(json).getTime()),
  Error: (json) => isNamed(json),
  regexp: (json) => isText(json) && json[0] === '/' && json.lastIndexOf('/') > 0,
  set: (json) => Array.isArray(json),
  map: (json) => Array.isArray(json) && json.every((pair) => Array.isArray(pair) && pair.length === 2),
  number: (json) => json === 'NaN' || json === 'Infinity' || json === '-Infinity' || json === '-0',
  URL: isText,
}

function isNamed(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return false
  const { name, message } = json as { readonly name?: unknown; readonly message?: unknown }
  return isText(name) && isText(message)
}

/** superjson would also take a stack from the other side. */
function errorParts(json: unknown, allowed: readonly string[]): object {
  const kept = new Set(['name', 'message', 'cause', ...allowed])
  return Object.fromEntries(Object.entries(json as object).filter(([key]) => kept.has(key)))
}
