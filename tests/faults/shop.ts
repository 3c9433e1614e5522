import { call, channel, defineContract } from '@parley/shared'
import { z } from 'zod'

/** Of a server that is killed: what it must not do twice, and what it did. */
export const shopContract = defineContract({
  shop: channel({ events: { paid: z.string() } }),
  pay: call({ input: z.string(), output: z.object({ receipt: z.string() }), once: '24h' }),
  paid: call({ output: z.array(z.string()) }),
})
