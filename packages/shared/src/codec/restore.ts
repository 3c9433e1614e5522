/**
 * What each annotation makes of the JSON at its place. Shapes are checked: a `set` of a string would be its
 * characters, an Error's message an object, a custom type's name `toString`. superjson does not check them, so this
 * is done here instead of by it; a property test holds the two to the same values. Throws `BAD_REQUEST`.
 */
import { type Annotation, type Restore, unreadable } from './annotations.js'
import { fromBase64 } from './base64.js'
import { formatPath } from './path.js'
import { bytesRule, type Custom, type Customs, maxBigIntDigits } from './rules.js'

type Simple = Extract<Annotation, string>

/**
 * @param blobs those of the frame, each of which may be used once
 * @param errorProps properties of an Error that are taken beside name, message and cause (`allowErrorProps`)
 */
export function restoreWith(
  customs: Customs | undefined,
  errorProps: readonly string[],
  blobs: readonly Uint8Array[] | undefined,
): Restore {
  const used = new Set<unknown>()

  function bytes(json: unknown): Uint8Array | undefined {
    if (typeof json === 'string') return fromBase64(json)
    if (typeof json !== 'number' || used.has(json)) return undefined
    used.add(json)
    return blobs?.[json]
  }

  function restore(type: Annotation, json: unknown): unknown {
    if (typeof type !== 'string')
      return type.custom === bytesRule
        ? (bytes(json) ?? refuse())
        : customs?.findByName(type.custom)?.deserialize(json)
    return type === 'Error' ? error(json, errorProps) : simple[type](json)
  }

  return (type, json, path) => {
    const name = JSON.stringify(typeof type === 'string' ? type : type.custom.slice(0, 40))
    if (typeof type !== 'string' && type.custom !== bytesRule && !isRule(customs?.findByName(type.custom)))
      throw unreadable(`${formatPath(path)} is of the type ${name}, which is not registered here`)
    try {
      return restore(type, json)
    } catch (cause) {
      throw unreadable(`${formatPath(path)} is no ${name}`, cause)
    }
  }
}

/** A name such as `toString` finds what every object has. */
function isRule(found: Custom | undefined): boolean {
  return typeof found?.deserialize === 'function'
}

function refuse(): never {
  throw new TypeError('it has another form')
}

function text(json: unknown): string {
  return typeof json === 'string' ? json : refuse()
}

const simple: { readonly [T in Exclude<Simple, 'Error'>]: (json: unknown) => unknown } = {
  undefined: (json) => (json === null ? undefined : refuse()),
  bigint: (json) =>
    /^-?\d+$/.test(text(json)) && text(json).length <= maxBigIntDigits ? BigInt(text(json)) : refuse(),
  Date(json) {
    const date = new Date(text(json))
    return Number.isNaN(date.getTime()) ? refuse() : date
  },
  regexp(json) {
    const end = text(json).lastIndexOf('/')
    return end > 0 && text(json)[0] === '/'
      ? new RegExp(text(json).slice(1, end), text(json).slice(end + 1))
      : refuse()
  },
  set: (json) => (Array.isArray(json) ? new Set(json) : refuse()),
  map: (json) => (Array.isArray(json) && json.every(isPair) ? new Map(json) : refuse()),
  number: (json) => (/^(NaN|-?Infinity|-0)$/.test(text(json)) ? Number(json) : refuse()),
  URL: (json) => new URL(text(json)),
}

function isPair(json: unknown): json is [unknown, unknown] {
  return Array.isArray(json) && json.length === 2
}

/** Takes no stack from the other side, unless the application allows it. */
function error(json: unknown, props: readonly string[]): Error {
  if (typeof json !== 'object' || json === null) return refuse()
  const { name, message, cause } = json as Record<string, unknown>
  const made = new Error(text(message), 'cause' in json ? { cause } : undefined)
  const taken = props.filter((prop) => Object.hasOwn(json, prop))
  return Object.assign(
    made,
    { name: text(name), stack: undefined },
    pick(json as Record<string, unknown>, taken),
  )
}

function pick(from: Record<string, unknown>, keys: readonly string[]): object {
  return Object.fromEntries(keys.map((key) => [key, from[key]]))
}
