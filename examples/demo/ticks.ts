/** The counter. Each number is one more than the one before, so whoever reads it can see a hole or a repeat. */
import { hub } from './hub.js'

const intervalMs = 100

/**
 * Counts until `stop`. It begins at the tenths of a second since 1970 and never counts faster than they pass, so after
 * a restart it begins above every number of the run before. What was not counted meanwhile was never emitted: a
 * reader that comes back is told so by a gap.
 */
export function startTicks(): { stop(): void } {
  let n = Math.floor(Date.now() / intervalMs)
  const timer = setInterval(() => {
    n++
    void hub.channel.ticks.emit('tick', { n, at: new Date() })
  }, intervalMs)
  return { stop: () => clearInterval(timer) }
}
