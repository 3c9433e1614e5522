import type { Encoded } from '@parley/shared/internal'

/** What a payload takes in memory, roughly: its text in characters, which costs nothing to count, and its bytes. */
export function sizeOf({ json, meta, blobs }: Encoded): number {
  const text = json.length + (meta?.length ?? 0)
  return blobs ? blobs.reduce((sum, blob) => sum + blob.length, text) : text
}
