/** What may travel. */
import { call, channel, defineContract } from '@parley/shared'
import { z } from 'zod'

export const contract = defineContract({
  notifications: channel({
    events: { notification: z.object({ text: z.string(), at: z.date() }) },
    replay: { last: 100, for: '10m' },
  }),
  notify: call({ input: z.object({ text: z.string().min(1) }), output: z.object({ at: z.date() }) }),
})
