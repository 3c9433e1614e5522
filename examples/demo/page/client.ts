/** The page's one client. Everything on the page goes over its one link, which the switches act upon. */
import { createClient, webSocketLink } from '@parley/client'
import { contract } from '../contract.js'
import { breakable } from './breakable-link.js'
import { link } from './link.js'
import { name } from './name.js'
import { createValue } from './value.js'

export const client = createClient(contract, {
  transport: breakable(webSocketLink('/realtime')),
  auth: () => name.getSnapshot(),
})

/** Another name was taken, and the connection under it is on its way: nothing was lost. */
export const renaming = createValue(false)

let isAsking = false
// the first to listen, so that whoever is told of a connection after it knows
client.connection.subscribe(() => {
  const isTrying = client.connection.getSnapshot().status === 'connecting'
  renaming.set(isAsking || (isTrying && renaming.getSnapshot()))
})

// another name is another hello
name.subscribe(() => {
  isAsking = true
  client.connection.reconnect()
  isAsking = false
})

// a browser says when its network is back; the switch says so itself
let { cut } = link.getSnapshot()
link.subscribe(() => {
  const wasCut = cut
  cut = link.getSnapshot().cut
  if (wasCut && !cut) client.connection.reconnect()
})
