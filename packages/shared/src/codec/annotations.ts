/**
 * superjson's meta on the way in: read into a tree of our own and applied to a copy along its paths, so that a
 * hostile meta meets neither superjson's path walking nor anything's prototype. Throws `BAD_REQUEST`.
 *
 * A tree is `[type]`, `[type, { path: tree }]` or `{ path: tree }`; a path is keys joined by dots, with a dot or
 * backslash inside a key behind a backslash. superjson writes no path that begins with another of the same object.
 */
import { ParleyError } from '../errors.js'
import { formatPath, type Path } from './path.js'
import { isPrototypeKey, maxDepth } from './rules.js'

const simpleTypes = ['undefined', 'bigint', 'Date', 'Error', 'regexp', 'set', 'map', 'number', 'URL'] as const

/** What a place in the JSON stands for: one of superjson's simple types, or a custom one by name. */
export type Annotation = (typeof simpleTypes)[number] | { readonly custom: string }

interface Annotated {
  type?: Annotation
  children?: Map<string, Annotated>
}

/** Gives what stands at an annotated place, once everything below it was given. */
export type Restore = (type: Annotation, json: unknown, path: Path) => unknown

/** Applies a meta to the JSON it came with, which stays as it is. */
export function applyMeta(meta: unknown, json: unknown, restore: Restore): unknown {
  return apply(readMeta(meta), json, restore, [])
}

export function unreadable(what: string, cause?: unknown): ParleyError<'BAD_REQUEST'> {
  return new ParleyError('BAD_REQUEST', `cannot read the payload: ${what}`, { cause })
}

// --- reading ------------------------------------------------------------------------------------------------

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readMeta(meta: unknown): Annotated {
  if (!isRecord(meta)) throw unreadable('its meta is not an object')
  for (const key of Object.keys(meta)) {
    if (key !== 'values' && key !== 'v')
      throw unreadable(`its meta holds ${JSON.stringify(key.slice(0, 40))}`)
  }
  if (meta.v !== undefined && meta.v !== 1) throw unreadable('its meta is not of version 1')
  const root: Annotated = {}
  readTree(meta.values, root, 0)
  return root
}

function readTree(tree: unknown, into: Annotated, depth: number): void {
  if (depth > maxDepth) throw unreadable(`its meta is nested deeper than ${maxDepth}`)
  if (isRecord(tree)) {
    readChildren(tree, into, depth)
    return
  }
  if (!Array.isArray(tree) || tree.length < 1 || tree.length > 2) throw unreadable('its meta is malformed')
  if (into.type) throw unreadable('its meta says two things of one place')
  into.type = readType(tree[0])
  if (tree.length === 1) return
  if (!isRecord(tree[1])) throw unreadable('its meta is malformed')
  readChildren(tree[1], into, depth)
}

function readChildren(trees: Record<string, unknown>, into: Annotated, depth: number): void {
  for (const [text, tree] of Object.entries(trees)) {
    let node = into
    for (const key of readPath(text)) {
      node.children ??= new Map()
      const child = node.children.get(key) ?? {}
      node.children.set(key, child)
      node = child
    }
    readTree(tree, node, depth + 1)
  }
}

function readPath(text: string): string[] {
  const keys: string[] = []
  let key = ''
  for (let i = 0; i < text.length; i++) {
    let char = text[i]
    if (char === '.') {
      keys.push(key)
      if (keys.length > maxDepth) throw unreadable(`its meta is nested deeper than ${maxDepth}`)
      key = ''
      continue
    }
    if (char === '\\') {
      char = text[++i]
      if (char !== '.' && char !== '\\') throw unreadable('its meta holds a malformed path')
    }
    key += char
  }
  keys.push(key)
  if (keys.some(isPrototypeKey)) throw unreadable('its meta holds a path that leads to prototypes')
  return keys
}

function readType(type: unknown): Annotation {
  const simple = simpleTypes.find((known) => known === type)
  if (simple) return simple
  if (Array.isArray(type) && type.length === 2 && type[0] === 'custom' && typeof type[1] === 'string')
    return { custom: type[1] }
  const name: unknown = Array.isArray(type) ? type[0] : type
  throw unreadable(
    typeof name === 'string'
      ? `its meta holds the type ${JSON.stringify(name.slice(0, 40))}, which is not accepted`
      : 'its meta is malformed',
  )
}

// --- applying -----------------------------------------------------------------------------------------------

function apply(node: Annotated, json: unknown, restore: Restore, path: (string | number)[]): unknown {
  const below = node.children ? applyChildren(node.children, json, restore, path) : json
  return node.type ? restore(node.type, below, path) : below
}

function applyChildren(
  children: ReadonlyMap<string, Annotated>,
  json: unknown,
  restore: Restore,
  path: (string | number)[],
): unknown {
  if (path.length === maxDepth) throw unreadable(`annotated deeper than ${maxDepth}`)
  const isArray = Array.isArray(json)
  if (!isArray && !isRecord(json)) throw unreadable(`its meta goes deeper than ${formatPath(path)}`)
  const copy = (isArray ? [...json] : { ...json }) as Record<string, unknown>
  for (const [key, child] of children) {
    path.push(isArray ? Number(key) : key)
    if (!(isArray ? isIndex(key, json.length) : Object.hasOwn(json, key)))
      throw unreadable(`its meta names ${formatPath(path)}, which is not there`)
    copy[key] = apply(child, copy[key], restore, path)
    path.pop()
  }
  return copy
}

function isIndex(key: string, length: number): boolean {
  const index = Number(key)
  return String(index) === key && Number.isInteger(index) && index >= 0 && index < length
}
