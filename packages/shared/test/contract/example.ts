/** One contract with everything in it, for the tests of this folder. */
import { call, channel, defineContract, stream, volatile } from '@parley/shared'
import { z } from 'zod'

export const contract = defineContract({
  notifications: channel({
    events: { notification: z.object({ title: z.string(), at: z.date() }) },
    replay: { last: 50, for: '10m' },
  }),
  stats: channel({ events: { changed: z.object({ users: z.number() }) }, replay: 'latest', times: true }),
  room: channel({
    params: z.object({ id: z.string().min(1), page: z.number().default(1) }),
    events: {
      message: z.object({ text: z.string(), sentBy: z.string().default('nobody') }),
      typing: volatile(z.object({ name: z.string() })),
    },
    messages: {
      say: call({
        input: z.object({ text: z.string(), loud: z.boolean().default(false) }),
        output: z.object({ id: z.string().transform((id) => id.length) }),
        errors: { MUTED: { data: z.object({ until: z.date() }), status: 403 } },
        withinMs: 2_000,
      }),
      clear: call(),
      react: z.enum(['up', 'down']),
      typing: volatile(z.object({ name: z.string() })),
    },
    presence: z.object({ name: z.string(), away: z.boolean().default(false) }),
    upgrade: { message: (old) => (typeof old === 'string' ? { text: old } : undefined) },
  }),
  rooms: {
    create: call({
      input: z.object({ name: z.string(), open: z.boolean().default(true) }),
      output: z.object({ id: z.string() }),
      errors: { NAME_TAKEN: z.object({ suggestion: z.string() }), FULL: { status: 503 } },
    }),
    list: call({ output: z.array(z.string()), idempotent: true }),
    audit: {
      feed: channel({ events: { entry: z.string() } }),
      pay: call({ input: z.number(), once: '24h' }),
    },
  },
  importRows: stream({
    input: z.array(z.string()),
    yields: z.object({ done: z.number() }),
    output: z.object({ rows: z.number() }),
    errors: { BAD_ROW: z.number() },
  }),
})
