/**
 * The schemas of two contracts as one graph: each is a number, those of the newer contract come after those of the
 * older one, and two that are the same share their kind.
 */
import type { Json, SchemaNode } from '../fingerprint.js'
import { type Def, isNamed, kindsOf, ordinal } from './defs.js'

/** A check of a schema: what it says, and the same as a text to compare. */
export interface Check {
  readonly rule: string
  readonly def: Def
}

export class SchemaGraph {
  readonly #nodes: readonly SchemaNode[]
  readonly #shift: number
  /** Of each schema; what is alike in all that a description says has the same. */
  readonly kinds: readonly number[]

  /** @param before schemas of the older contract. @param now those of the newer one. */
  constructor(before: readonly SchemaNode[], now: readonly SchemaNode[]) {
    this.#shift = before.length
    const shifted = now.map(({ def, children }) => ({
      def,
      children: children.map((n) => n + before.length),
    }))
    this.#nodes = [...before, ...shifted]
    this.kinds = kindsOf(this.#nodes)
  }

  /** The number here of a schema of the newer contract. */
  newer(n: number): number {
    return n + this.#shift
  }

  def(n: number): Def {
    return this.#nodes[n]!.def as Def
  }

  inner(n: number): number {
    return this.ref(n, this.def(n).innerType)
  }

  /** The number of a schema that one holds. What is malformed stands for the holder itself, which fits nothing new. */
  ref(n: number, ref: Json | undefined): number {
    const at = ordinal(ref)
    return (at === undefined ? undefined : this.#nodes[n]!.children[at]) ?? n
  }

  refs(n: number, refs: Json | undefined): number[] {
    return Array.isArray(refs) ? refs.map((ref) => this.ref(n, ref)) : []
  }

  shape(def: Def): { readonly [name: string]: Json } | undefined {
    const { type, shape } = def
    return type === 'object' && isNamed(shape) ? shape : undefined
  }

  /** The schema of the fields that an object does not name; without one they are stripped. */
  rest(n: number): number | undefined {
    const { catchall } = this.def(n)
    return catchall === undefined || catchall === null ? undefined : this.ref(n, catchall)
  }

  /** The checks of a schema; one such as `z.email()` is a check itself. */
  checks(n: number): readonly Check[] {
    const def = this.def(n)
    const checks = this.refs(n, def.checks).map((check) => {
      const { type, abort, ...said } = this.def(check)
      const held = this.#nodes[check]!.children.map((child) => this.kinds[child])
      return { rule: `${JSON.stringify(said)} ${held}`, def: said }
    })
    if (def.check === undefined) return checks
    const { type, abort, checks: _, coerce, ...said } = def
    return [{ rule: `${JSON.stringify(said)} `, def: said }, ...checks]
  }
}
