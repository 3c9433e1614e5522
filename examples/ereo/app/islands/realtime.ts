/** The page's one client; it opens nothing until something reads or sends. */
import { type Client, createClient } from '@parley/client'
import { contract } from '../../contract.js'

type Realtime = Client<(typeof contract)['tree']>

const clients = new Map<string | undefined, Realtime>()

/**
 * The client of the page. Rendering on a server takes one, too, and opens nothing by it.
 *
 * @param name Whom the page speaks as; nothing: a guest.
 */
export function realtime(name?: string): Realtime {
  const isServer = typeof document === 'undefined'
  const known = clients.get(name)
  if (known) return known
  const made = createClient(contract, { url: '/api/ws', auth: () => name })
  if (!isServer || name === undefined) clients.set(name, made) // a server has any number of visitors
  return made
}
