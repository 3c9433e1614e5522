/**
 * What the browser remembers between visits, in cookies: so the server knows it too, and its first drawing is the
 * visitor's. A browser that takes none just forgets.
 */
const yearSeconds = 31_536_000

/** One of the cookies of a request, or of a document. */
export function cookieOf(cookies: string, key: string): string | undefined {
  for (const pair of cookies.split(/; */)) {
    if (!pair.startsWith(`${key}=`)) continue
    try {
      return decodeURIComponent(pair.slice(key.length + 1))
    } catch {
      return undefined // not written by us: as on a first visit
    }
  }
  return undefined
}

/** As `Set-Cookie` and `document.cookie` take it. */
export const cookie = (key: string, value: string): string =>
  `${key}=${encodeURIComponent(value)}; Path=/; Max-Age=${yearSeconds}; SameSite=Lax`

/** On the server nothing is remembered by itself. */
export const remembered = (key: string): string | undefined =>
  typeof document === 'undefined' ? undefined : cookieOf(document.cookie, key)

export function remember(key: string, value: string): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the newer interface is not in every browser yet
  document.cookie = cookie(key, value)
}
