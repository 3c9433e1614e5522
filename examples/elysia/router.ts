/** The handlers, and the emitter of a plain SSE route; one log for both. */
import { anyone, createEmitter, createHub, createRouter, memoryLog } from '@parley/server'
import { contract } from './contract.js'

const log = memoryLog()

export const hub = createHub(contract, { log })

export const notifications = createEmitter(contract, 'notifications', { log })

export const router = createRouter(hub, {
  notifications: { join: anyone },
  notify: async ({ input, topics }) => {
    const at = new Date()
    await topics.notifications.emit('notification', { text: input.text, at })
    return { at }
  },
})
