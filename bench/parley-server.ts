/** The same in Parley, as its README shows it. */
import { anyone, createHub, createRouter } from '@parley/server'
import { serve } from '@parley/server/bun'
import { contract, message, receiptFor } from './contract.js'
import { obey } from './control.js'

const hub = createHub(contract, { limits: { handshakesPerSecond: 100_000 } })
const router = createRouter(hub, { feed: { join: anyone }, order: ({ input }) => receiptFor(input) })
const { server } = serve(router, { port: 0, hostname: '127.0.0.1' })

obey(server.port as number, () => hub.channel.feed.emit('message', message))
