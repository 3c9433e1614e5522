/** How many bytes go through one call: an argument list has a limit. */
const chunkBytes = 0x8000

/** Bytes as base64 (RFC 4648, section 4: the standard alphabet, padded). */
export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    binary += String.fromCharCode(...bytes.subarray(at, at + chunkBytes))
  }
  return btoa(binary)
}

/** Reads base64, or gives `undefined` for text that is none. `atob` alone is too kind: it skips spaces and padding. */
export function fromBase64(text: string): Uint8Array | undefined {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const body = padding ? text.slice(0, -padding) : text
  if (text.length % 4 !== 0 || /[^A-Za-z0-9+/]/.test(body)) return undefined
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}
