import { readFileSync } from 'node:fs'

/** A file of golden vectors, as the type that its reader knows it to have (README.md says which). */
export function loadVectors<T>(
  name: 'closes' | 'fallback' | 'faults' | 'frames' | 'payloads' | 'positions' | 'sse',
): T {
  return JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8')) as T
}

/** Bytes that stand in a vector as base64. */
export function fromVector(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'))
}
