/** The options that hub and emitter have in common, checked where they are given: a wrong one shows itself much later. */
import { ParleyError } from '@parley/shared'
import { limits as defaults, type Limits } from '@parley/shared/internal'

/** No timer waits for longer (2^31-1 ms): asked to, it fires at once. */
const longestMs = 2_147_483_647

/**
 * The limits with the defaults in their places; one that is `undefined` is left at its default.
 *
 * @throws ParleyError `BAD_OPTIONS` for a name that is no limit, and for a value that is no number above 0.
 */
export function checkLimits(given: Partial<Limits> = {}): Limits {
  const limits: Limits & Record<string, number> = { ...defaults }
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, name))
      throw bad(`there is no limit '${name}'; there are ${Object.keys(defaults).join(', ')}`)
    if (value === undefined) continue
    const most = name.endsWith('Ms') ? longestMs : Number.MAX_SAFE_INTEGER
    if (!(typeof value === 'number' && value > 0 && value <= most))
      throw bad(`the limit '${name}' must be a number above 0 and up to ${most}, and is ${String(value)}`)
    limits[name] = value
  }
  return limits
}

/**
 * A time in ms, 0 included.
 *
 * @throws ParleyError `BAD_OPTIONS`
 */
export function checkMs(name: string, ms: number): number {
  if (ms >= 0 && ms <= longestMs) return ms
  throw bad(`'${name}' must be a number of ms from 0 up to ${longestMs}, and is ${String(ms)}`)
}

/**
 * Origins as a browser sends them.
 *
 * @throws ParleyError `BAD_OPTIONS` for one that no browser sends, such as one with a path.
 */
export function checkOrigins(given: readonly string[] = []): readonly string[] {
  for (const origin of given) {
    if (origin === '*') continue
    // other schemes than http have an opaque origin for URL, and a browser sends them as they are (RFC 6454)
    if (typeof origin === 'string' && /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+$/.test(origin) && isPlain(origin))
      continue
    throw bad(
      `allowedOrigins: ${JSON.stringify(origin)} is no origin; write scheme, host and port alone, in lower case, as 'https://app.example.com'`,
    )
  }
  return given
}

/** Whether a browser would write it in the same way: a default port is left out, a host is in lower case. */
function isPlain(origin: string): boolean {
  if (!/^https?:/.test(origin)) return true
  return URL.canParse(origin) && new URL(origin).origin === origin
}

function bad(message: string): ParleyError {
  return new ParleyError('BAD_OPTIONS', message)
}
