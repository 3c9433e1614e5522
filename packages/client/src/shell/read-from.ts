/** Where a reader starts, as an application says it. */
import { ParleyError } from '@parley/shared'
import { type From, parsePosition } from '@parley/shared/internal'

/** Where a reader starts: `'now'`, `'first'`, the last n, or after a position. */
export type ReadFrom = 'now' | 'first' | { readonly last: number } | (string & {})

/** @throws ParleyError `BAD_OPTIONS` */
export function parseFrom(from: ReadFrom | undefined): From {
  if (from === undefined || from === 'now') return 'now'
  if (from === 'first') return 'first'
  if (typeof from === 'object' && Number.isSafeInteger(from?.last) && from.last >= 0)
    return { last: from.last }
  const position = typeof from === 'string' ? parsePosition(from) : undefined
  if (position) return position
  throw new ParleyError(
    'BAD_OPTIONS',
    `from: ${JSON.stringify(from)} is no place to start; give 'now', 'first', { last: n } or a position`,
  )
}
