/** What may travel between the pages and their server. Both import this, and nothing else of each other. */
import { call, channel, defineContract, volatile } from '@parley/shared'
import { z } from 'zod'

export const Name = z.string().trim().min(1).max(32)

const Message = z.object({ id: z.string(), from: z.string(), text: z.string(), at: z.date() })

/** What the dashboard shows. */
const Stats = z.object({ orders: z.int(), revenue: z.int(), biggest: z.int() })

export const contract = defineContract({
  /** The two named events of the feed. */
  notifications: channel({
    events: {
      notification: z.object({ id: z.string(), text: z.string() }),
      chat: z.object({ id: z.string(), room: z.string(), from: z.string(), text: z.string() }),
    },
    replay: { last: 200, for: '10m' },
  }),
  stats: channel({ events: { changed: Stats }, replay: 'latest' }),
  orders: { place: call({ input: z.object({ euros: z.int().min(1).max(1_000) }), output: Stats }) },
  room: channel({
    params: z.object({ id: z.string().min(1).max(64) }),
    events: { message: Message, typing: volatile(z.object({ name: z.string() })) },
    messages: {
      say: call({
        input: z.object({ text: z.string().trim().min(1).max(500) }),
        output: z.object({ id: z.string() }),
      }),
      typing: volatile(z.object({})),
    },
    presence: z.object({ name: z.string() }),
    replay: { last: 200, for: '1h' },
  }),
})
