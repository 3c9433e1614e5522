/** Schemas as descriptions have them: `def` of zod, without functions. */
import type { Json, SchemaNode } from '../fingerprint.js'

export type Def = { readonly [name: string]: Json | undefined }

/** Numbers such that two schemas have the same one exactly if nothing tells them apart. */
export function kindsOf(nodes: readonly SchemaNode[]): readonly number[] {
  const labels = nodes.map(({ def }) => JSON.stringify(def))
  let kinds = nodes.map(() => 0)
  for (let count = 0; ; ) {
    const found = new Map<string, number>()
    kinds = nodes.map(({ children }, i) => {
      const key = `${kinds[i]} ${children.map((n) => kinds[n])} ${labels[i]}`
      const kind = found.get(key) ?? found.size
      found.set(key, kind)
      return kind
    })
    if (found.size === count) return kinds
    count = found.size
  }
}

/** The values of an enum, as zod has them (a TypeScript enum names its numbers, too), or of a literal. */
export function valuesOf(def: Def): readonly Json[] {
  if (Array.isArray(def.values)) return def.values
  if (!isNamed(def.entries)) return []
  const entries = Object.entries(def.entries)
  const numbers = new Set(entries.map(([, value]) => value).filter((value) => typeof value === 'number'))
  return entries.filter(([name]) => !numbers.has(+name)).map(([, value]) => value)
}

export function ordinal(ref: Json | undefined): number | undefined {
  return isNamed(ref) && typeof ref.$ === 'number' ? ref.$ : undefined
}

export function isNamed(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A name as it was, before the description escaped it. */
export function spelled(name: string): string {
  return name.startsWith('$') ? name.slice(1) : name
}

/** A value for a person; what JSON cannot say is told from a text by its quotes. */
export function textOf(value: Json): string {
  return isNamed(value) && typeof value.$ === 'string' ? value.$ : JSON.stringify(value)
}

/** What a schema is, for a person. */
export function kindOf({ type, vendor }: Def): string {
  if (type === undefined) return `a schema of ${String(vendor)}`
  const name = String(type)
  if (/^(any|unknown|undefined|null|void|never)$/.test(name)) return name
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`
}
