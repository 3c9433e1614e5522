import { useEffect, useState } from 'react'
import type { Order, Program } from './promise.js'

// #region client
export function Orders() {
  const [orders, setOrders] = useState<Order[]>([])

  useEffect(() => {
    const source = new EventSource('/api/orders')
    source.onmessage = (event) => setOrders((before) => [...before, JSON.parse(event.data)])
    source.onerror = () => {} // EventSource reconnects by itself
    return () => source.close()
  }, [])

  return (
    <ul>
      {orders.map(({ n, text }) => (
        <li key={n}>{`${n} ${text}`}</li>
      ))}
    </ul>
  )
}
// #endregion

const readers = new Set<ReadableStreamDefaultController>()

function GET({ request }: { request: Request }): Response {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(':\n\n') // Bun completes the head of a response with its first bytes
      readers.add(controller)
      request.signal.addEventListener('abort', () => readers.delete(controller))
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

export const start = (): Program & AsyncDisposable => ({
  Orders,
  GET,
  place(order) {
    for (const reader of readers) reader.enqueue(`data: ${JSON.stringify(order)}\n\n`)
  },
  readers: () => readers.size,
  [Symbol.asyncDispose]: async () => {},
})
