/**
 * Fingerprints: 64 bits that say whether two sides mean the same shape. A zod schema is read through its `_zod.def`:
 * key order does not count, functions and default values are left out (they are behaviour, and a default may be
 * the time of day), lazies are followed. Schemas can be recursive, so they are compared as graphs: every schema is
 * hashed with the hashes of those it holds, again and again, until that tells no two more apart. That is the same
 * for a schema written twice and for one used twice, and takes no longer the more the schemas refer to each other.
 */
import { isSchema, type Schema } from './schema.js'
import type { ContractSpecs } from './spec.js'

/** A zod 4 schema or check, as far as it is read here. */
interface ZodLike {
  readonly _zod: { readonly def: { readonly type?: string }; readonly innerType?: unknown }
}

/** One schema or check: what it says itself, and the schemas and checks it holds, in the order that it names them. */
interface Node {
  readonly label: string
  readonly children: readonly number[]
}

/** What stands for a schema inside something else. */
type Place = (schema: ZodLike | Schema) => string

/** Whether a field does not count. */
type Skips = (name: string, owner: object) => boolean

/** A schema whose lazies make ever new schemas is cut here. */
const maxNodes = 10_000

/** What one side does by itself: how long it keeps things, how long it takes, how it answers over HTTP. (And what follows from the rest.) */
const oneSided: readonly string[] = ['replay', 'upgrade', 'onceMs', 'withinMs', 'status', 'fingerprint']

/** Whether a schema can be looked into, so that its fingerprint needs no version. */
export function isTransparent(schema: unknown): schema is ZodLike {
  return typeof schema === 'object' && schema !== null && '_zod' in schema
}

/** Fingerprint of one schema; one that cannot be looked into has that of its vendor and the contract's version. */
export function fingerprintSchema(schema: Schema, version = ''): string {
  const nodes = graph(schema, version)
  let hashes = nodes.map((node) => hash(node.label))
  for (let kinds = 0; ; ) {
    const next = nodes.map(({ label, children }) => hash([label, ...children.map((i) => hashes[i])].join()))
    const found = new Set(hashes).size
    if (found === kinds) {
      // No round will tell more apart. The pairs of this round and the next say how the kinds hold each other.
      const pairs = new Set(hashes.map((before, i) => before + next[i]))
      return hash([hashes[0], ...[...pairs].sort()].join())
    }
    kinds = found
    hashes = next
  }
}

/** Fingerprint of a contract: all that either side has to know to understand the other. */
export function fingerprintContract(
  { channels, calls, streams }: Omit<ContractSpecs, 'fingerprint'>,
  version = '',
): string {
  const place: Place = (schema) => fingerprintSchema(schema as Schema, version)
  return hash(version + write([channels, calls, streams], place, (name) => oneSided.includes(name)))
}

/** Every schema and check that can be reached from one, breadth first. */
function graph(root: Schema, version: string): Node[] {
  const numbers = new Map<unknown, number>()
  const found: (ZodLike | Schema)[] = []
  const number = (reference: ZodLike | Schema): number => {
    const schema = follow(reference)
    let n = numbers.get(schema)
    if (n === undefined && found.length < maxNodes) {
      n = found.push(schema) - 1
      numbers.set(schema, n)
    }
    return n ?? 0
  }
  number(root)
  const nodes: Node[] = []
  for (const schema of found) {
    const children: number[] = []
    const place: Place = (child) => {
      children.push(number(child))
      return '$'
    }
    const label = isTransparent(schema)
      ? write(schema._zod.def, place, (name, owner) => name === 'defaultValue' && owner === schema._zod.def)
      : `${schema['~standard'].vendor} ${version}`
    nodes.push({ label, children })
  }
  return nodes
}

/** What a lazy stands for. One that stands for itself alone ends here, as itself. */
function follow(schema: ZodLike | Schema): ZodLike | Schema {
  const seen = new Set<unknown>()
  let at = schema
  while (isTransparent(at) && at._zod.def.type === 'lazy' && !seen.has(at)) {
    seen.add(at)
    at = at._zod.innerType as ZodLike
  }
  return at
}

/** Text of a value: equal for equal values, whatever the order of their keys. */
function write(value: unknown, place: Place, skips: Skips): string {
  const all = (items: Iterable<unknown>): string =>
    `[${Array.from(items, (item) => write(item, place, skips))}]`
  if (isTransparent(value) || isSchema(value)) return place(value)
  if (typeof value === 'function') return ''
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object' || value === null || value instanceof RegExp) return String(value)
  if (value instanceof Date) return `Date ${value.getTime()}`
  if (value instanceof Map) return all([...value].sort(([a], [b]) => (a < b ? -1 : 1)))
  if (Array.isArray(value) || value instanceof Set) return all(value)
  const names = Object.keys(value).filter((name) => !skips(name, value))
  const fields = names.sort().map((name): [string, unknown] => [name, Reflect.get(value, name)])
  const counts = (item: unknown): boolean =>
    item !== undefined && (typeof item !== 'function' || isSchema(item))
  return `{${all(fields.filter(([, item]) => counts(item)))}}`
}

/** 64 bits of a text as 16 hex digits: cyrb53's two lanes, whole. Not for secrets. */
function hash(text: string): string {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 0x9e3779b1)
    b = Math.imul(b ^ unit, 0x5f356495)
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35)
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
  return hex(a) + hex(b)
}

function hex(lane: number): string {
  return (lane >>> 0).toString(16).padStart(8, '0')
}
