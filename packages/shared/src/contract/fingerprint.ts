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

/** What a description is made of. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** One schema or check: what it says itself, with `{ $: n }` in the place of its n-th child. */
export interface SchemaNode {
  readonly def: Json
  /** The schemas and checks that it holds, in the order that it names them: their numbers in the graph. */
  readonly children: readonly number[]
}

/** All schemas that can be reached from those that were given to it, breadth first. */
export interface SchemaGraph {
  /** The number of a schema; the first one is 0. */
  number(schema: ZodLike | Schema): number
  /** To be asked for once no more schemas are given. */
  nodes(): readonly SchemaNode[]
}

/** What stands for a schema inside something else. */
type Place = (schema: ZodLike | Schema) => Json

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
  const graph = schemaGraph(version)
  graph.number(schema)
  const nodes = graph.nodes().map(({ def, children }) => ({ label: JSON.stringify(def), children }))
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
export function fingerprintContract(specs: Specs, version = ''): string {
  return hash(
    version +
      JSON.stringify(normaliseContract(specs, (schema) => fingerprintSchema(schema as Schema, version))),
  )
}

type Specs = Pick<ContractSpecs, 'channels' | 'calls' | 'streams'>

/** What counts of a contract, as JSON: the same for contracts that mean the same. */
export function normaliseContract({ channels, calls, streams }: Specs, place: Place): Json {
  return normalise({ channels, calls, streams }, place, (name) => oneSided.includes(name))
}

/** @param most schemas and checks; those beyond are taken for the first one. */
export function schemaGraph(version: string, most: number = maxNodes): SchemaGraph {
  const numbers = new Map<unknown, number>()
  const found: (ZodLike | Schema)[] = []
  const number = (reference: ZodLike | Schema): number => {
    const schema = follow(reference)
    let n = numbers.get(schema)
    if (n === undefined && found.length < most) {
      n = found.push(schema) - 1
      numbers.set(schema, n)
    }
    return n ?? 0
  }
  const node = (schema: ZodLike | Schema): SchemaNode => {
    const children: number[] = []
    const place: Place = (child) => ({ $: children.push(number(child)) - 1 })
    const def = isTransparent(schema)
      ? normalise(
          schema._zod.def,
          place,
          (name, owner) => name === 'defaultValue' && owner === schema._zod.def,
        )
      : { vendor: schema['~standard'].vendor, version }
    return { def, children }
  }
  return {
    number,
    nodes() {
      const nodes: SchemaNode[] = []
      for (const schema of found) nodes.push(node(schema)) // which finds more
      return nodes
    },
  }
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

/** A value as JSON: equal for equal values, whatever the order of their keys. What JSON cannot say is `{ $: text }`. */
function normalise(value: unknown, place: Place, skips: Skips): Json {
  const all = (items: Iterable<unknown>): Json[] => Array.from(items, (item) => normalise(item, place, skips))
  const named = (fields: [string, unknown][]): Json =>
    Object.fromEntries(
      fields
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, item]) => [name[0] === '$' ? `$${name}` : name, normalise(item, place, skips)]),
    )
  if (isTransparent(value) || isSchema(value)) return place(value)
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value === 'bigint') return { $: `${value}n` }
  if (value instanceof Date) return { $: `Date ${value.getTime()}` }
  if (typeof value !== 'object' || value instanceof RegExp)
    return { $: typeof value === 'function' ? '' : String(value) }
  if (value instanceof Map) return named([...value])
  if (Array.isArray(value) || value instanceof Set) return all(value)
  const names = Object.keys(value).filter((name) => !skips(name, value))
  const fields = names.map((name): [string, unknown] => [name, Reflect.get(value, name)])
  const counts = (item: unknown): boolean =>
    item !== undefined && (typeof item !== 'function' || isSchema(item))
  return named(fields.filter(([, item]) => counts(item)))
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
