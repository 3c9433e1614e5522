/**
 * Chance that can be repeated: sfc32 (Chris Doty-Humphrey's small fast counter generator, public domain), which
 * passes PractRand and needs four integers of state.
 */
export function seededRandom(seed: number): () => number {
  let a = seed | 0
  let b = (seed / 2 ** 32) | 0
  let c = 0x9e3779b9 | 0
  let counter = 1
  function next(): number {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  for (let i = 0; i < 12; i++) next() // the author's warm-up: seeds that differ in one bit part here
  return next
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** A name in the form of `Clock.secret`: 22 characters of base64url. */
export function seededSecret(random: () => number): string {
  let text = ''
  for (let i = 0; i < 22; i++) text += alphabet[Math.floor(random() * 64)]
  return text
}
