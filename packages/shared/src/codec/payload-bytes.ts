import type { Encoded } from './payload.js'

const encoder = new TextEncoder()

/** Counting alone is ten times as fast as encoding, where the runtime can do it (Bun and Node). */
const utf8Bytes: (text: string) => number =
  typeof Buffer === 'undefined'
    ? (text) => encoder.encode(text).length
    : (text) => Buffer.byteLength(text, 'utf8')

/** The bytes of a payload in UTF-8: what the bounds that an application sets are counted in. */
export function payloadBytes({ json, meta, blobs }: Encoded): number {
  let bytes = utf8Bytes(json)
  if (meta !== undefined) bytes += utf8Bytes(meta)
  if (blobs) for (const blob of blobs) bytes += blob.length
  return bytes
}
