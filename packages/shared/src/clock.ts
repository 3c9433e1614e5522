/**
 * Time, chance and names, as the shells see them: the real ones by default, virtual ones in tests. The pure core
 * never sees this; it is told `now` and given ids.
 */
export interface Clock {
  /** Milliseconds of wall-clock time. */
  now(): number
  /** Calls `run` once after `delayMs`; the result cancels it. */
  after(delayMs: number, run: () => void): () => void
  /** A number from 0 (included) to 1 (excluded). */
  random(): number
  /** 128 random bits as 22 characters of base64url: nobody can guess it. */
  secret(): string
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
  secret() {
    const bytes = crypto.getRandomValues(new Uint8Array(16))
    return btoa(String.fromCharCode(...bytes))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replace(/=+$/, '')
  },
}
