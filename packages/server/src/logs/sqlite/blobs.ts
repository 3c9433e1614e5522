/** The bytes of a payload in one column: for each blob its length, 32 bits with the lowest byte first, and itself. */

const lengthBytes = 4

export function packBlobs(blobs: readonly Uint8Array[]): Uint8Array {
  const packed = new Uint8Array(blobs.reduce((sum, blob) => sum + lengthBytes + blob.length, 0))
  const view = new DataView(packed.buffer)
  let at = 0
  for (const blob of blobs) {
    view.setUint32(at, blob.length, true)
    packed.set(blob, at + lengthBytes)
    at += lengthBytes + blob.length
  }
  return packed
}

export function unpackBlobs(packed: Uint8Array): Uint8Array[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  const blobs: Uint8Array[] = []
  for (let at = 0; at < packed.length; ) {
    const end = at + lengthBytes + view.getUint32(at, true)
    blobs.push(packed.subarray(at + lengthBytes, end))
    at = end
  }
  return blobs
}
