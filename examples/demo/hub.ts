/** The server's side of the contract. Whatever emits imports this file, and never the router. */
import { createEmitter, createHub, memoryLog } from '@parley/server'
import { contract, Name } from './contract.js'

/** One log for both, so that an event that the hub emits also comes out of the emitter below, at the same position. */
const log = memoryLog()

export const hub = createHub(contract, {
  log,
  auth: Name.optional(),
  context: ({ auth }) => ({ name: auth ?? 'Guest' }),
})

/** The notifications as a plain SSE route of one's own, `/api/events`: no session, no `join`, readable with curl. */
export const notifications = createEmitter(contract, 'notifications', { log })
