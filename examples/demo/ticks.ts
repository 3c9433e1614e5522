/** The counter. Each number is one more than the one before, so whoever reads it can see a hole or a repeat. */
import { createClient } from '@parley/client'
import { contract } from './contract.js'
import { hub } from './hub.js'
import { router } from './router.js'

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

/** The newest number in the log: read as anybody would, by a client in the same process. */
async function newest(): Promise<number | undefined> {
  const client = createClient(contract, { transport: router.link({ context: { name: 'The counter' } }) })
  let found: number | undefined
  client.ticks.on(
    'tick',
    ({ n }) => {
      found = n
    },
    { from: { last: 1 } },
  )
  await client.ticks.ready()
  client.connection.close()
  return found
}
