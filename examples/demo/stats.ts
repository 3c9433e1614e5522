/** The dashboard's numbers. They are emitted when they change, and the log has the newest: a restart goes on from there. */
import type { InferEvent } from '@parley/shared'
import type { contract } from './contract.js'
import { hub } from './hub.js'
import { lastOf, reading } from './reading.js'
import { rooms, router } from './router.js'
import { sums } from './sums.js'

export type Stats = InferEvent<typeof contract, 'stats', 'changed'>

/** However much changes, readers get no more than one event in this time. */
const atMostEachMs = 250

/** The numbers as they were last emitted. */
let told: Stats = { here: 0, rooms: 0, ...sums }
export const stats = (): Stats => told

const now = (): Stats => ({ here: router.inspect().present, rooms: rooms.list().length, ...sums })

const isSame = (a: Stats, b: Stats): boolean =>
  a.here === b.here && a.rooms === b.rooms && a.said === b.said && a.imported === b.imported

/** Goes on from the log, and emits until `stop`. */
export async function startStats(): Promise<{ stop(): void }> {
  await reading(async (client) => {
    const [said] = (await lastOf(client.stats, 1)).events
    if (said) Object.assign(sums, { said: said.data.said, imported: said.data.imported })
    const [opened] = (await lastOf(client.rooms.all, 1)).events
    if (opened) rooms.restore(opened.data)
  })
  const tell = (): void => {
    const next = now()
    if (isSame(next, told)) return
    told = next
    void hub.channel.stats.emit('changed', next)
  }
  tell()
  const timer = setInterval(tell, atMostEachMs)
  return {
    stop() {
      clearInterval(timer)
      tell()
    },
  }
}
