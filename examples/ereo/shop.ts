/** What the dashboard is about: the orders of a shop. */
import type { InferEvent } from '@parley/shared'
import type { contract } from './contract.js'
import { hub } from './hub.js'

export type Stats = InferEvent<typeof contract, 'stats', 'changed'>

let stats: Stats = { orders: 0, revenue: 0, biggest: 0 }

/** As they are now. */
export const readStats = (): Stats => stats

/** Changes them, and tells whoever looks. */
export async function changeStats(change: (before: Stats) => Stats): Promise<Stats> {
  stats = change(stats)
  await hub.channel.stats.emit('changed', stats)
  return stats
}
