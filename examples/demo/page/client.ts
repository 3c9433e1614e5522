/** The page's one client. Everything on the page goes over its one link, which the switches act upon. */
import { createClient, webSocketLink } from '@parley/client'
import { contract } from '../contract.js'
import { breakable } from './breakable-link.js'
import { link } from './link.js'
import { name } from './name.js'

export const client = createClient(contract, {
  transport: breakable(webSocketLink('/realtime')),
  auth: () => name.getSnapshot(),
})

// another name is another hello
name.subscribe(() => client.connection.reconnect())

// a browser says when its network is back; the switch says so itself
let { cut } = link.getSnapshot()
link.subscribe(() => {
  const wasCut = cut
  cut = link.getSnapshot().cut
  if (wasCut && !cut) client.connection.reconnect()
})
