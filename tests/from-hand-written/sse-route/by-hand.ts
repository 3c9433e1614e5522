import type { Order, Program } from './promise.js'

// #region route
export const orders: Order[] = []

export function GET({ request }: { request: Request }): Response {
  const bytes = new TextEncoder()
  let next = orders.length
  const body = new ReadableStream({
    start(controller) {
      const timer = setInterval(() => {
        for (; next < orders.length; next++) {
          controller.enqueue(bytes.encode(`data: ${JSON.stringify(orders[next])}\n\n`))
        }
      }, 100)
      request.signal.addEventListener('abort', () => {
        clearInterval(timer)
        controller.close()
      })
    },
  })
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', connection: 'keep-alive' },
  })
}
// #endregion

export const start = (): Program & AsyncDisposable => ({
  GET,
  place: (order) => orders.push(order),
  name: 'message',
  [Symbol.asyncDispose]: async () => {},
})
