/** How people and times are shown. */

/** The hue of a name, in degrees: the same one for the same name. */
export function hueOf(name: string): number {
  let hash = 7
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 360
  return hash
}

export const initialsOf = (name: string): string =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? '')
    .join('')
    .toUpperCase()

const format = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })

export const clock = (at: Date): string => format.format(at)
