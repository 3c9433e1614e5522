import { call, channel, defineContract, volatile } from '@parley/shared'
import { z } from 'zod'

const Message = z.object({ id: z.string(), text: z.string() })

export const contract = defineContract({
  feed: channel({
    events: { message: Message, left: z.object({ name: z.string() }), typing: volatile(z.string()) },
  }),
  room: channel({
    params: z.object({ id: z.string() }),
    events: { message: Message, left: z.object({ name: z.string() }) },
    messages: {
      say: call({
        input: z.object({ text: z.string().min(1) }),
        output: z.object({ id: z.string() }),
        errors: { MUTED: z.object({ until: z.number() }) },
      }),
      wave: volatile(z.string()),
      clear: call(),
    },
    times: true,
  }),
  lounge: channel({ events: { message: Message }, presence: z.object({ name: z.string() }) }),
})
