/** The server's side of the contract. Whatever emits imports this file, and never the router. */
import { createEmitter, createHub, memoryLog } from '@parley/server'
import { contract, Name } from './contract.js'

/** One for both, so that what the hub emits also comes out of the emitter, at the same position. */
const log = memoryLog()

export const hub = createHub(contract, {
  log,
  auth: Name.optional(),
  context: ({ auth }) => ({ name: auth ?? 'Guest' }),
  identify: ({ name }) => name,
})

/** The feed as an SSE route of its own: `app/routes/api/events.ts`. */
export const notifications = createEmitter(contract, 'notifications', { log })
