/** Every handler that the contract asks for: one that is missing, or answers with another shape, does not compile. */
import { anyone, createRouter } from '@parley/server'
import { hub } from './hub.js'
import { hasRoom, keepMessage } from './rooms.js'
import { changeStats } from './shop.js'

export const router = createRouter(hub, {
  notifications: { join: anyone },
  stats: { join: anyone },
  orders: {
    place: async ({ input, topics }) => {
      const stats = await changeStats((before) => ({
        orders: before.orders + 1,
        revenue: before.revenue + input.euros,
        biggest: Math.max(before.biggest, input.euros),
      }))
      await topics.notifications.emit('notification', {
        id: crypto.randomUUID(),
        text: `An order of ${input.euros} euros`,
      })
      return stats
    },
  },
  room: {
    join: ({ params }) => hasRoom(params.id),
    // the server says who one is, whatever the page wants to be
    presence: ({ context }) => ({ name: context.name }),
    messages: {
      say: async ({ input, params, context, emit, topics }) => {
        const message = { id: crypto.randomUUID(), from: context.name, text: input.text, at: new Date() }
        keepMessage(params.id, message)
        // acknowledged once both are in the log
        await emit('message', message)
        const { id, from, text } = message
        await topics.notifications.emit('chat', { id, room: params.id, from, text })
        return { id }
      },
      typing: ({ context, others }) => others.emit('typing', { name: context.name }),
    },
  },
})
