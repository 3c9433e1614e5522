import { createSubscriber } from '@parley/client'
import type { Clock } from '@parley/shared/internal'
import { Counting } from './counting.js'
import { workContract } from './work-contract.js'

/** Counts what the subscriber of one topic gets from a server at this address, once it is live. */
export async function readBySse(
  base: URL | string,
  clock: Clock,
): Promise<{ readonly counting: Counting; close(): void }> {
  const url = new URL('/realtime/events/ticks', base)
  const subscriber = createSubscriber(workContract, 'ticks', { url, clock, onReport: () => {} })
  const counting = new Counting()
  subscriber.on('tick', ({ n }) => counting.take(n))
  subscriber.onGap(() => counting.gaps++)
  await subscriber.ready()
  return { counting, close: () => subscriber.close() }
}
