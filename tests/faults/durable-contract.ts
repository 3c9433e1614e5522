import { channel, defineContract } from '@parley/shared'
import { z } from 'zod'

export const durableContract = defineContract({
  ticks: channel({
    events: { tick: z.object({ by: z.number(), n: z.number() }) },
    replay: { last: 100_000, for: '1h', bytes: 64 * 1_048_576 },
  }),
})
