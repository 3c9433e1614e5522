/** What the browser remembers between visits. A browser that may not (private mode, blocked storage) just forgets. */

export function remembered(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined
  } catch {
    return undefined // storage is forbidden: as on a first visit
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // storage is forbidden or full: it holds until the page is left
  }
}
