/**
 * The binary form of a frame: the length of its text (4 bytes, big-endian), the text in UTF-8, then each blob
 * behind its own length. In the payload's `json` the blob's index stands where the bytes belong.
 */
import { Fault } from './fault.js'

const lengthBytes = 4
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function joinBlobs(text: string, blobs: readonly Uint8Array[]): Uint8Array {
  const parts = [encoder.encode(text), ...blobs]
  const size = parts.reduce((sum, part) => sum + lengthBytes + part.length, 0)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const part of parts) {
    view.setUint32(at, part.length)
    bytes.set(part, at + lengthBytes)
    at += lengthBytes + part.length
  }
  return bytes
}

export function splitBlobs(bytes: Uint8Array): { text: string; blobs: Uint8Array[] } | Fault {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts: Uint8Array[] = []
  let at = 0
  while (at < bytes.length) {
    if (at + lengthBytes > bytes.length) return new Fault('PROTOCOL', 'binary frame: a length is cut short')
    const length = view.getUint32(at)
    at += lengthBytes
    if (length > bytes.length - at) return new Fault('PROTOCOL', 'binary frame: a part is cut short')
    parts.push(new Uint8Array(bytes.subarray(at, at + length))) // a copy: Buffer's own `slice` is none
    at += length
  }
  const head = parts.shift()
  if (!head) return new Fault('PROTOCOL', 'binary frame: empty')
  try {
    return { text: decoder.decode(head), blobs: parts }
  } catch {
    return new Fault('PROTOCOL', 'binary frame: its text is not UTF-8')
  }
}
