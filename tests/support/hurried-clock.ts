import { type Clock, systemClock } from '@parley/shared/internal'

/**
 * The real clock, so many times as fast: what takes a client half a minute takes a test a second, over real sockets.
 * Only what is handed this clock is in a hurry.
 */
export function hurriedClock(speed: number): Clock {
  const start = systemClock.now()
  return {
    ...systemClock,
    now: () => start + (systemClock.now() - start) * speed,
    after: (delayMs, run) => systemClock.after(delayMs / speed, run),
  }
}
