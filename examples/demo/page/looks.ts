/** How people are shown. */

/** The class with the hue of a name, one of 24: the page's policy takes no styles from the HTML itself. */
export function hueOf(name: string): string {
  let hash = 7
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 360
  return `hue-${Math.floor(hash / 15)}`
}

export const initialsOf = (name: string): string =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? '')
    .join('')
    .toUpperCase()
