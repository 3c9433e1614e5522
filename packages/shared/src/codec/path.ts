/** Where in a value something stands: property names, and indexes of arrays (and of a Map's or Set's entries). */
export type Path = readonly (string | number)[]

const identifier = /^[A-Za-z_$][\w$]*$/

/** Writes a path the way a programmer would: `room.members[3]["a b"]`; the whole value is `the value`. */
export function formatPath(path: Path): string {
  if (path.length === 0) return 'the value'
  return path
    .map((key, at) => {
      if (typeof key === 'number') return `[${key}]`
      if (!identifier.test(key)) return `[${JSON.stringify(key)}]`
      return at === 0 ? key : `.${key}`
    })
    .join('')
}
