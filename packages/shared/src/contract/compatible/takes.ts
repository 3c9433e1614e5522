/** What one schema takes, as far as its description tells: a value, or that nothing is there. */
import type { Json } from '../fingerprint.js'
import type { Side } from '../resolve.js'
import { textOf, valuesOf } from './defs.js'
import type { SchemaGraph } from './graph.js'

/** Absence, as descriptions write it. */
export const nothing: Json = { $: 'undefined' }

/** Unions in unions, without end: what is deeper is not asked. */
const deepest = 64

/** Whether one value is taken: of what is not sure, it is not. */
export function takes(graph: SchemaGraph, n: number, value: Json, side: Side, depth = 0): boolean {
  if (depth > deepest || graph.checks(n).length > 0) return false
  const def = graph.def(n)
  const inside = (): boolean => takes(graph, graph.inner(n), value, side, depth + 1)
  const isNothing = value === nothing || textOf(value) === 'undefined'
  switch (def.type) {
    case 'any':
    case 'unknown':
      return true
    case 'undefined':
    case 'void':
      return isNothing
    case 'null':
      return value === null
    case 'optional':
      return isNothing || inside()
    case 'nullable':
      return value === null || inside()
    case 'default':
    case 'prefault':
      return (side === 'written' && isNothing) || inside()
    case 'catch':
      return side === 'written' || inside()
    case 'readonly':
      return inside()
    case 'nonoptional':
      return !isNothing && inside()
    case 'enum':
    case 'literal':
      return valuesOf(def).some((one) => textOf(one) === textOf(value))
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === def.type
    case 'bigint':
      return /^-?\d+n$/.test(textOf(value)) && typeof value === 'object'
    case 'union':
      if (def.inclusive === false && def.discriminator === undefined) return false
      return graph.refs(n, def.options).some((option) => takes(graph, option, value, side, depth + 1))
    case 'pipe':
      return side === 'read' && takes(graph, graph.ref(n, def.out), value, side, depth + 1)
    default:
      return false
  }
}

/** Whether an object need not have the field. */
export function mayBeAbsent(graph: SchemaGraph, n: number, side: Side, depth = 0): boolean {
  const def = graph.def(n)
  if (depth > deepest) return false
  const of = (ref: Json | undefined): boolean => mayBeAbsent(graph, graph.ref(n, ref), side, depth + 1)
  switch (def.type) {
    case 'optional':
      return true
    case 'default':
    case 'prefault':
    case 'transform':
      return side === 'written'
    case 'catch':
      return side === 'written' || of(def.innerType)
    case 'nullable':
    case 'readonly':
      return of(def.innerType)
    case 'union':
      return graph.refs(n, def.options).some((option) => mayBeAbsent(graph, option, side, depth + 1))
    case 'pipe':
      return of(side === 'written' ? def.in : def.out)
    default:
      return false
  }
}
