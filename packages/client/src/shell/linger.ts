import { ParleyError } from '@parley/shared'
import { clientDefaults } from '@parley/shared/internal'

/** A timer takes no more (2^31-1): asked to wait longer, it fires at once. */
const longestTimerMs = 2_147_483_647

/**
 * How long a topic is kept after its last reader left.
 *
 * @throws ParleyError `BAD_OPTIONS`
 */
export function lingerOf(given: number = clientDefaults.lingerMs): number {
  if (given >= 0 && given <= longestTimerMs) return given
  throw new ParleyError(
    'BAD_OPTIONS',
    `lingerMs: ${given} is no time to keep a topic; give a number of ms from 0 to ${longestTimerMs}`,
  )
}
