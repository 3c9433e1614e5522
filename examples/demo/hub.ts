/** The server's side of the contract. Whatever emits imports this file, and never the router. */
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createEmitter, createHub } from '@parley/server'
import { sqliteLog } from '@parley/server/sqlite'
import { contract, Name } from './contract.js'

/** Where the events are kept. One process at a time has the file. */
const file = process.env.DATA ?? join(import.meta.dirname, 'data', 'events.db')
mkdirSync(dirname(file), { recursive: true })

/** One log for both, so that an event that the hub emits also comes out of the emitter below, at the same position. */
const log = sqliteLog(file)

export const hub = createHub(contract, {
  log,
  auth: Name.optional(),
  context: ({ auth }) => ({ name: auth ?? 'Guest' }),
  identify: ({ name }) => name, // two tabs under one name are one member
})

/** The notifications as a plain SSE route of one's own, `/api/events`: no session, no `join`, readable with curl. */
export const notifications = createEmitter(contract, 'notifications', { log })
