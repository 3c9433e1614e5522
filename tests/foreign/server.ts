import { createHub, createRouter } from '@parley/server'
import { serve } from '@parley/server/bun'
import { call, channel, defineContract } from '@parley/shared'
import { z } from 'zod'

/** How many events of a room can be had again: few, so that a client is soon too late. */
export const kept = 5

/** When everything was said, so that a test knows it. */
export const saidAt = new Date('2026-01-02T03:04:05.678Z')

const contract = defineContract({
  room: channel({
    params: z.object({ id: z.string() }),
    events: { message: z.object({ text: z.string(), at: z.date() }) },
    messages: { say: call({ input: z.object({ text: z.string() }), output: z.object({ at: z.date() }) }) },
    replay: { last: kept },
  }),
  publish: call({ input: z.object({ room: z.string(), texts: z.array(z.string()) }) }),
  rooms: {
    create: call({
      input: z.object({ name: z.string() }),
      output: z.object({ name: z.string(), since: z.date() }),
      errors: { NAME_TAKEN: z.object({ suggestion: z.string() }) },
    }),
  },
})

/** The server that a client in another language meets. */
export function startServer() {
  const hub = createHub(contract, {
    auth: z.literal('token-of-ann'),
    context: () => ({ user: 'ann' }),
    identify: ({ user }) => user,
    onReport: () => {}, // refusals are part of the play, and what a client sees of them is looked at
  })
  const router = createRouter(hub, {
    room: {
      join: ({ params, context }) => params.id === 'general' && context.user === 'ann',
      messages: {
        say: async ({ input, emit }) => {
          await emit('message', { text: input.text, at: saidAt })
          return { at: saidAt }
        },
      },
    },
    publish: async ({ input, topics }) => {
      // the play publishes while nobody reads: while the node knows of a reader it keeps more than the window says
      while (router.inspect().readers > 0) await new Promise((resolve) => setImmediate(resolve))
      for (const text of input.texts) topics.room({ id: input.room }).emit('message', { text, at: saidAt })
    },
    rooms: {
      create: ({ input, errors }) => {
        if (input.name === 'taken') throw errors.NAME_TAKEN({ suggestion: 'taken-2' })
        return { name: input.name, since: saidAt }
      },
    },
  })
  const { url, stop } = serve(router, { port: 0, hostname: '127.0.0.1' })
  return { url, stop, inspect: () => router.inspect() }
}
