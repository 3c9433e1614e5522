import { call, channel, defineContract } from '@parley/shared'
import { z } from 'zod'

export const contract = defineContract({
  counter: channel({
    events: { counted: z.object({ n: z.number(), at: z.date() }) },
    messages: { add: call({ input: z.object({ times: z.number() }), output: z.object({ n: z.number() }) }) },
  }),
  half: call({
    input: z.object({ of: z.number() }),
    output: z.number(),
    errors: { ODD: z.object({ nearest: z.number() }) },
  }),
})
