/** How long to wait before the next attempt to connect. `chance` is a number from 0 (included) to 1 (excluded). */
import { clientDefaults } from '@parley/shared/internal'

/** After a failure: `base + random(0, min(cap, step * 2^n))`. The base keeps even the luckiest client off a server that just died. */
export function backoffMs(attempt: number, chance: number): number {
  const { reconnectBaseMs, reconnectStepMs, reconnectCapMs } = clientDefaults
  return reconnectBaseMs + chance * Math.min(reconnectCapMs, reconnectStepMs * 2 ** attempt)
}

/** "At once": spread a little, because what wakes one client up often wakes a thousand. */
export function soonMs(chance: number): number {
  return chance * clientDefaults.reconnectSoonMs
}
