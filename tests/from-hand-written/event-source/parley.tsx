import { createSubscriber } from '@parley/client'
import { append, useChannel } from '@parley/client/react'
import { createEmitter } from '@parley/server'
import { channel, defineContract } from '@parley/shared'
import { z } from 'zod'
import type { Program } from './promise.js'

const contract = defineContract({
  orders: channel({ events: { placed: z.object({ n: z.number(), text: z.string() }) } }),
})

// #region client
const orders = createSubscriber(contract, 'orders', { url: '/api/orders' })

export function Orders() {
  const { state, gap } = useChannel(orders, append(50), { data: [] as Order[], events: ['placed'] })
  return (
    <ul aria-busy={gap !== undefined}>
      {state.map(({ n, text }) => (
        <li key={n}>{`${n} ${text}`}</li>
      ))}
    </ul>
  )
}
// #endregion

type Order = { n: number; text: string }

export function start(): Program & AsyncDisposable {
  const emitter = createEmitter(contract, 'orders')
  return {
    Orders,
    GET: ({ request }) => emitter.respond(request),
    place: (order) => emitter.emit('placed', order),
    readers: () => emitter.inspect().readers,
    async [Symbol.asyncDispose]() {
      orders.close()
      emitter.close()
    },
  }
}
