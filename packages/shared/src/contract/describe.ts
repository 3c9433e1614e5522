/**
 * A contract as JSON, to be kept: what a server needs to know of a contract that it served before. It holds what the
 * fingerprint hashes, made by the same walk.
 */
import { type Json, normaliseContract, type SchemaNode, schemaGraph } from './fingerprint.js'
import type { ContractSpecs } from './spec.js'

/** What {@link describeContract} gives: plain JSON, for a file such as `contract.lock.json`. */
export interface ContractDescription {
  /** Of this form; 1. */
  readonly v: number
  readonly fingerprint: string
  /** Channels, calls and streams by path; `{ $: n }` stands for the n-th schema. */
  readonly contract: unknown
  readonly schemas: readonly unknown[]
}

/** A description that was looked at. */
export interface KnownContract extends ContractDescription {
  readonly contract: {
    readonly [kind in 'channels' | 'calls' | 'streams']: { readonly [path: string]: Json }
  }
  readonly schemas: readonly SchemaNode[]
}

/** A contract with more schemas and checks than this is not described. */
const mostSchemas = 200_000

/**
 * Describes a contract as JSON, so that a later version of the server can tell whether pages that were built with this
 * one fit it. A hub over a durable log keeps descriptions by itself; for others write them to a file with each release.
 *
 * @throws ParleyError nothing; a contract whose schemas have no end is cut, and fits no other.
 * @example
 * const lock = JSON.parse(await readFile('contract.lock.json', 'utf8'))
 * const others = lock.filter(({ fingerprint }) => fingerprint !== contract.fingerprint)
 * await writeFile('contract.lock.json', JSON.stringify([...others, describeContract(contract)]))
 * // and in the server: createHub(contract, { contracts: lock })
 */
export function describeContract(specs: ContractSpecs): KnownContract {
  const graph = schemaGraph(specs.version ?? '', mostSchemas)
  const contract = normaliseContract(specs, (schema) => ({ $: graph.number(schema) }))
  const schemas = graph.nodes()
  const { fingerprint } = specs
  // what is cut would be compared as something else
  const whole = schemas.length < mostSchemas ? schemas : []
  return { v: 1, fingerprint, contract: contract as KnownContract['contract'], schemas: whole }
}

/** Looks at JSON that should be a description. */
export function parseDescription(value: unknown): KnownContract | undefined {
  if (!isObject(value) || value.v !== 1 || !isFingerprint(value.fingerprint)) return undefined
  const { contract, schemas } = value
  if (!isObject(contract) || ![contract.channels, contract.calls, contract.streams].every(isObject))
    return undefined
  if (!Array.isArray(schemas) || !schemas.every((node) => isNode(node, schemas.length))) return undefined
  return value as unknown as KnownContract
}

/** 16 hex digits. */
export function isFingerprint(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{16}$/.test(value)
}

function isNode(node: unknown, count: number): node is SchemaNode {
  if (!isObject(node) || !isObject(node.def) || !Array.isArray(node.children)) return false
  return node.children.every((n) => Number.isInteger(n) && n >= 0 && n < count)
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
