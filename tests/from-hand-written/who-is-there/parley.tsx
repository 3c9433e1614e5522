import { type Client, createClient } from '@parley/client'
import { usePresence } from '@parley/client/react'
import { anyone, createRouter } from '@parley/server'
import { channel, defineContract } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { z } from 'zod'
import { show } from '../page.js'
import { hubIn, linkTo } from '../virtual-hub.js'
import type { Program } from './promise.js'

const clock = virtualClock()
const createHub = hubIn(clock)

// #region server
const contract = defineContract({
  lounge: channel({ events: {}, presence: z.object({ name: z.string() }) }),
})

const hub = createHub(contract, {
  auth: z.string(),
  context: ({ auth }) => ({ userId: auth }),
  identify: ({ userId }) => userId, // two tabs of one user are one member
})

const router = createRouter(hub, {
  lounge: { join: anyone, presence: ({ context }) => ({ name: context.userId }) },
})
// #endregion

// #region client
export function Online({ client }: { client: Client<typeof contract.tree> }) {
  const members = usePresence(client.lounge)
  return <p>{members.map(({ member }) => member).join(', ')}</p>
}
// #endregion

export const start = (): Program & AsyncDisposable => ({
  clock,
  async enter(userId) {
    const link = linkTo(router, clock)
    const client = createClient(contract, { transport: link, clock, auth: () => userId })
    const page = await show(<Online client={client} />)
    return {
      shown: page.text,
      async close() {
        await page.unmount()
        client.connection.close()
      },
      goSilent() {
        link.halfOpen()
        link.refuse(true) // else it would come back over another one
      },
    }
  },
  [Symbol.asyncDispose]: () => hub.close(),
})
