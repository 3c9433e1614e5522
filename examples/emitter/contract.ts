import { channel, defineContract } from '@parley/shared'
import { z } from 'zod'

export const contract = defineContract({
  weather: channel({
    events: { reading: z.object({ station: z.string(), celsius: z.number(), at: z.date() }) },
    replay: { last: 100, for: '10m' }, // who was away for less than that misses nothing
  }),
})
