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

const open = new Set<Request>()

export const start = (): Program & AsyncDisposable => ({
  GET({ request }) {
    open.add(request)
    request.signal.addEventListener('abort', () => open.delete(request))
    return GET({ request })
  },
  place: (order) => orders.push(order),
  readers: () => open.size,
  name: 'message',
  [Symbol.asyncDispose]: async () => {},
})
