/** The contract that the mistakes in `errors/` are made with, and what the server knows of it. */
import { call, channel, defineContract, stream, volatile } from '@parley/shared'
import { z } from 'zod'

const Message = z.object({ id: z.string(), text: z.string(), sentBy: z.string(), at: z.date() })

export const contract = defineContract({
  notifications: channel({ events: { notification: z.object({ title: z.string() }), chat: Message } }),
  room: channel({
    params: z.object({ id: z.string() }),
    events: { message: Message, typing: volatile(z.object({ name: z.string() })) },
    messages: {
      say: call({ input: z.object({ text: z.string() }), output: z.object({ id: z.string() }) }),
      typing: volatile(z.object({ name: z.string() })),
    },
    presence: z.object({ name: z.string() }),
  }),
  rooms: {
    create: call({
      input: z.object({ name: z.string() }),
      output: z.object({ id: z.string() }),
      errors: { NAME_TAKEN: z.object({ suggestion: z.string() }) },
    }),
    list: call({ output: z.array(z.string()) }),
  },
  importRows: stream({ input: z.array(z.string()), yields: z.number(), output: z.string() }),
})
