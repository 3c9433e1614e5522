/** What both servers speak of: the same schemas, so that both check the same. */
import { call, channel, defineContract } from '@parley/shared'
import { z } from 'zod'

export const Order = z.object({
  item: z.string().min(1).max(100),
  count: z.number().int().min(1).max(1_000),
  note: z.string().max(500).optional(),
})
export const Receipt = z.object({ id: z.string(), total: z.number(), lines: z.array(z.string()) })
export const Message = z.object({
  room: z.string().min(1),
  author: z.object({ id: z.number().int(), name: z.string() }),
  text: z.string().min(1).max(2_000),
})

export type Order = z.output<typeof Order>
export type Receipt = z.output<typeof Receipt>
export type Message = z.output<typeof Message>

export const contract = defineContract({
  feed: channel({ events: { message: Message } }),
  order: call({ input: Order, output: Receipt }),
})

/** What the handler of both servers does: next to nothing. */
export function receiptFor({ item, count }: Order): Receipt {
  return { id: `r-${count}`, total: count * 25, lines: [item, 'shipping'] }
}

/** What a call asks for, as JSON. */
export const orderText = JSON.stringify({ item: 'a kettle, red', count: 3 } satisfies Order)

/** What is emitted. The tilde stands in it once, and in nothing else that a stream carries: readers count it. */
export const message: Message = {
  room: 'general',
  author: { id: 1_042, name: 'Ada' },
  text: 'The quick brown fox jumps over the lazy dog~',
}
