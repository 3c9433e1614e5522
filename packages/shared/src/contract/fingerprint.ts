/**
 * Fingerprints: 64 bits that say whether two sides mean the same shape. A zod schema is read through its `_zod.def`:
 * key order does not count, functions and default values are left out (they are behaviour, and a default may be
 * the time of day), lazies are followed. Schemas can be recursive, so they are compared as graphs: every schema is
 * hashed with the hashes of those it holds, again and again, until that tells no two more apart. That is the same
 * for a schema written twice and for one used twice, and takes no longer the more the schemas refer to each other.
 */
import type { Schema } from './schema.js'
import type { CallSpec, ContractSpecs, ErrorSpec, MessageSpec, StreamSpec } from './spec.js'

/** A zod 4 schema or check, as far as it is read here. */
interface ZodLike {
  readonly _zod: { readonly def: { readonly type?: string }; readonly innerType?: unknown }
}

/** One schema or check: what it says itself, and the schemas and checks it holds, in the order that it names them. */
interface Node {
  readonly label: string
  readonly children: number[]
}

/** A schema whose lazies make ever new schemas is cut here. */
const maxNodes = 10_000

/** Whether a schema can be looked into, so that its fingerprint needs no version. */
export function isTransparent(schema: unknown): schema is Schema & ZodLike {
  return typeof schema === 'object' && schema !== null && '_zod' in schema
}

/** Fingerprint of one schema; one that cannot be looked into has that of its vendor and the contract's version. */
export function fingerprintSchema(schema: Schema, version = ''): string {
  if (!isTransparent(schema)) return hash(JSON.stringify([schema['~standard'].vendor, version]))
  const nodes = graph(schema)
  let hashes = nodes.map((node) => hash(node.label))
  for (let kinds = 0; ; ) {
    const next = nodes.map((node) => hash([node.label, ...node.children.map((i) => hashes[i])].join('\n')))
    const found = new Set(hashes).size
    if (found === kinds) {
      // No round will tell more apart. The pairs of this round and the next say how the kinds hold each other.
      const pairs = new Set(hashes.map((before, i) => before + next[i]))
      return hash([hashes[0], ...[...pairs].sort()].join('\n'))
    }
    kinds = found
    hashes = next
  }
}

/** Every schema and check that can be reached from one, breadth first. */
function graph(root: ZodLike): Node[] {
  const numbers = new Map<unknown, number>()
  const found: ZodLike[] = []
  const number = (reference: ZodLike): number => {
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
    const label = write(schema._zod.def, (child) => children.push(number(child)))
    nodes.push({ label, children })
  }
  return nodes
}

/** What a lazy stands for. One that stands for itself alone ends here, as itself. */
function follow(schema: ZodLike): ZodLike {
  const seen = new Set<ZodLike>()
  let at = schema
  while (at._zod.def.type === 'lazy' && !seen.has(at)) {
    seen.add(at)
    if (!isTransparent(at._zod.innerType)) break
    at = at._zod.innerType
  }
  return at
}

/** Text of a part of a definition: equal for equal parts, whatever the order of their keys. */
function write(value: unknown, child: (schema: ZodLike) => void): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value)
  if (isTransparent(value)) {
    child(value)
    return '$'
  }
  if (value instanceof RegExp) return String(value)
  if (value instanceof Date) return `Date ${value.getTime()}`
  if (Array.isArray(value)) return `[${value.map((item) => write(item, child)).join()}]`
  if (value instanceof Set || value instanceof Map) return write([...value], child)
  let text = '{'
  for (const key of Object.keys(value).sort()) {
    if (key === 'defaultValue') continue
    const item: unknown = Reflect.get(value, key)
    if (item === undefined || typeof item === 'function') continue
    text += `${JSON.stringify(key)}:${write(item, child)},`
  }
  return `${text}}`
}

/** Fingerprint of a contract: what either side has to know to understand the other; not how long things are kept. */
export function fingerprintContract(specs: Omit<ContractSpecs, 'fingerprint'>, version = ''): string {
  const of = (schema: Schema | undefined): string | 0 => (schema ? fingerprintSchema(schema, version) : 0)
  const byKey = (a: readonly unknown[], b: readonly unknown[]): number =>
    String(a[0]) < String(b[0]) ? -1 : 1
  const errors = (map: ReadonlyMap<string, ErrorSpec>): unknown =>
    [...map.values()].map(({ code, schema }) => [code, of(schema)]).sort(byKey)
  const request = ({ input, output, errors: declared }: CallSpec | MessageSpec | StreamSpec): unknown[] => [
    of(input),
    of(output),
    errors(declared),
  ]
  const parts = [
    ...[...specs.channels.values()].map(({ path, params, events, messages, presence, times }) => [
      path,
      of(params),
      [...events.values()].map((event) => [event.name, event.volatile, event.fingerprint]).sort(byKey),
      [...messages.values()].map((one) => [one.name, one.kind, one.idempotent, ...request(one)]).sort(byKey),
      of(presence),
      times,
    ]),
    ...[...specs.calls.values()].map((one) => [one.path, one.idempotent, ...request(one)]),
    ...[...specs.streams.values()].map((one) => [one.path, 'stream', of(one.yields), ...request(one)]),
  ]
  return hash(JSON.stringify([version, parts.sort(byKey)]))
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
