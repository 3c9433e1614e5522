import { createEmitter } from '@parley/server'
import { channel, defineContract } from '@parley/shared'
import { z } from 'zod'
import type { Program } from './promise.js'

// #region route
export const contract = defineContract({
  orders: channel({ events: { placed: z.object({ n: z.number() }) } }),
})

export const orders = createEmitter(contract, 'orders')
export const GET = ({ request }: { request: Request }) => orders.respond(request)
// anywhere: orders.emit('placed', { n: 1 })
// #endregion

export const start = (): Program & AsyncDisposable => ({
  GET,
  place: (order) => orders.emit('placed', order),
  readers: () => orders.inspect().readers,
  name: 'placed',
  [Symbol.asyncDispose]: async () => orders.close(),
})
