/** The counter. Each number is one more than the one before, so whoever reads it can see a hole or a repeat. */
import { hub } from './hub.js'
import { lastOf, reading } from './reading.js'

const intervalMs = 100

/**
 * Counts until `stop`, from the newest number in the log on: a restart is no hole. Where there is none it begins at the
 * tenths of a second since 1970, and it never counts faster than they pass, so that it never falls below a number that
 * somebody saw and the log has forgotten.
 */
export async function startTicks(): Promise<{ stop(): void }> {
  let n = (await newest()) ?? Math.floor(Date.now() / intervalMs)
  const timer = setInterval(() => {
    n++
    void hub.channel.ticks.emit('tick', { n, at: new Date() })
  }, intervalMs)
  return { stop: () => clearInterval(timer) }
}

/** The newest number in the log. */
async function newest(): Promise<number | undefined> {
  const { events } = await reading((client) => lastOf(client.ticks, 1))
  return events.at(-1)?.data.n
}
