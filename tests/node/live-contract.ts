import { call, channel, defineContract, stream } from '@parley/shared'
import { z } from 'zod'

/** One of everything that a client and a server have between them. */
export const liveContract = defineContract({
  room: channel({
    params: z.object({ id: z.string() }),
    events: { said: z.object({ n: z.number() }) },
    messages: { say: call({ input: z.object({ n: z.number() }), output: z.object({ n: z.number() }) }) },
    presence: z.object({ name: z.string() }),
  }),
  half: call({ input: z.number(), output: z.number(), errors: { ODD: z.object({ nearest: z.number() }) } }),
  count: stream({ input: z.object({ to: z.number() }), yields: z.number(), output: z.string() }),
})
