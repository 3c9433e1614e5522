/**
 * What may travel. superjson and JSON write `null`, `{}` or nothing for what they cannot express; this walk goes
 * before them and refuses it by path. Like both, it sees enumerable properties with string names, no others.
 */
import { ParleyError } from '../errors.js'
import { formatPath } from './path.js'
import { isPlainJson } from './plain.js'
import {
  bytesRule,
  type Custom,
  type Customs,
  isPlainObject,
  isPrototypeKey,
  maxBigIntDigits,
  maxDepth,
} from './rules.js'

/**
 * Throws `NOT_SERIALIZABLE`, naming the path, unless superjson writes all of a value.
 *
 * @param errorProps properties of an Error that travel beside name, message and cause (`allowErrorProps`)
 */
export function assertTravels(
  value: unknown,
  customs: Customs | undefined,
  errorProps: readonly string[],
): void {
  const path: (string | number)[] = []
  const ancestors: object[] = []

  function refuse(what: string, cause?: unknown): never {
    throw new ParleyError('NOT_SERIALIZABLE', `cannot send ${formatPath(path)}: ${what}`, { cause })
  }

  function visit(value: unknown): void {
    if (value instanceof Uint8Array) return // ours, whatever else claims it
    const custom = customs?.findApplicable(value)
    if (custom) visitCustom(value, custom)
    else if (typeof value === 'function') refuse('a function; leave it out')
    else if (typeof value === 'symbol') refuse('a symbol; send a string')
    else if (typeof value === 'bigint') visitBigInt(value)
    else if (typeof value === 'object' && value !== null) visitObject(value)
  }

  function visitBigInt(value: bigint): void {
    if (value.toString().length > maxBigIntDigits) refuse(`a BigInt of over ${maxBigIntDigits} digits`)
  }

  function visitObject(value: object): void {
    if (Array.isArray(value)) visitArray(value)
    else if (isPlainObject(value)) visitEntries(value, value)
    else if (value instanceof Error) visitError(value)
    else if (isExactly(Map, value) || isExactly(Set, value)) visitEntries(value, [...value])
    else if (isExactly(Date, value)) visitDate(value)
    else if (value instanceof ArrayBuffer) refuse('an ArrayBuffer; wrap it: new Uint8Array(buffer)')
    else if (!isExactly(RegExp, value) && !isExactly(URL, value))
      refuse(
        `an instance of ${value.constructor?.name || 'a class'}; send plain data, or give both sides a superjson instance with a registerCustom for it`,
      )
  }

  function visitDate(date: Date): void {
    if (Number.isNaN(date.getTime())) refuse('an invalid Date')
  }

  /** JSON writes `null` for a hole; superjson annotates a property that its JSON then leaves out. */
  function visitArray(value: readonly unknown[]): void {
    for (let i = 0; i < value.length; i++) {
      if (value[i] === undefined && !(i in value)) refuseAt(i, 'a hole in an array; put null there')
    }
    const extra = Object.keys(value)[value.length]
    if (extra !== undefined) refuseAt(extra, 'a property of an array; send its elements alone')
    visitEntries(value, value)
  }

  function visitError(error: Error): void {
    if (typeof error.name !== 'string' || typeof error.message !== 'string')
      refuse('an Error whose name or message is not a string')
    const { name, message } = error
    const parts: Record<string, unknown> = { name, message }
    if ('cause' in error) parts.cause = error.cause
    for (const prop of errorProps) parts[prop] = (error as unknown as Record<string, unknown>)[prop]
    visitEntries(error, parts)
  }

  /** superjson looks into what a rule made of an object that it would look into itself, and takes the rest as it is. */
  function visitCustom(value: unknown, custom: Custom): void {
    if (custom.name === bytesRule) refuse(`the custom type name '${bytesRule}' is Parley's own; rename yours`)
    const output = serialize(custom, value)
    if (!isLookedInto(value)) {
      if (!isPlainJson(output, undefined))
        refuse(`its custom type '${custom.name}' gives something that is not JSON`)
      return
    }
    if (typeof output !== 'object' || output === null || !(Array.isArray(output) || isPlainObject(output)))
      refuse(`its custom type '${custom.name}' must turn it into a plain object or array`)
    visitEntries(value, output)
  }

  function serialize(custom: Custom, value: unknown): unknown {
    try {
      return custom.serialize(value)
    } catch (cause) {
      return refuse(`its custom type '${custom.name}' failed`, cause)
    }
  }

  /** Visits what a value becomes: itself, or the object or array that superjson makes of it. */
  function visitEntries(value: object, becomes: object): void {
    const again = ancestors.indexOf(value)
    if (again === 0) refuse('a cycle; it is the whole value again')
    if (again > 0) refuse('a cycle; it is one of those that it stands in')
    if (path.length >= maxDepth) refuse(`nested deeper than ${maxDepth}`)
    ancestors.push(value)
    if (Array.isArray(becomes)) {
      for (let i = 0; i < becomes.length; i++) visitAt(i, becomes[i])
    } else {
      for (const key of Object.keys(becomes)) {
        if (isPrototypeKey(key)) refuseAt(key, 'a key that leads to prototypes; use a Map')
        visitAt(key, (becomes as Record<string, unknown>)[key])
      }
    }
    ancestors.pop()
  }

  function visitAt(key: string | number, child: unknown): void {
    path.push(key)
    visit(child)
    path.pop()
  }

  function refuseAt(key: string | number, what: string): never {
    path.push(key)
    return refuse(what)
  }

  visit(value)
}

function isLookedInto(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  return (
    Array.isArray(value) ||
    isPlainObject(value) ||
    value instanceof Map ||
    value instanceof Set ||
    value instanceof Error
  )
}

/** Whether a value is of this class and of none derived from it, of which it would lose the rest. */
function isExactly<T extends object>(type: { readonly prototype: T }, value: object): value is T {
  return Object.getPrototypeOf(value) === type.prototype
}
