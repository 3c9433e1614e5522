/** What the page of the browser tests and its server agree on. */
import { call, channel, defineContract } from '@parley/shared'
import { z } from 'zod'

const tick = z.object({ n: z.number().int(), at: z.date() })

export const contract = defineContract({
  /** Numbered, so that a hole or a repeat can be seen; kept for longer than any test is away. */
  ticks: channel({ events: { tick }, replay: { last: 20_000, for: '10m', bytes: 8_388_608 } }),
  /** Of a stand-alone emitter. */
  news: channel({ events: { headline: z.object({ text: z.string(), at: z.date() }), alert: z.string() } }),
  room: channel({
    params: z.object({ id: z.string() }),
    events: { message: z.string() },
    messages: { say: call({ input: z.string(), output: z.number().int() }) },
  }),
})
