/** What both directions of the codec go by. */

/** Deepest value that is written or read, counted in the JSON. Frames are held to less (`limits.jsonDepth`). */
export const maxDepth = 256

/** Longest BigInt: parsing takes time in the square of its digits, and Python reads no more by default. */
export const maxBigIntDigits = 4_300

/** The name of the custom rule for bytes, in annotations: `["custom","bytes"]`. */
export const bytesRule = 'bytes'

/** Keys that no path may contain and superjson refuses to write: they lead to prototypes. */
export function isPrototypeKey(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype'
}

/** A plain object: one that JSON's own parser, or `Object.create(null)`, could have made. */
export function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** The rules that an application registered on its superjson instance. */
export interface Customs {
  findApplicable(value: unknown): Custom | undefined
  findByName(name: string): Custom | undefined
}

/** One of these rules, as `registerCustom` keeps it. */
export interface Custom {
  readonly name: string
  serialize(value: unknown): unknown
  deserialize(json: unknown): unknown
}
