/**
 * The floor: what one writes by hand with Bun, zod and JSON and nothing else. It checks what Parley checks and has none
 * of the rest: no replay, no positions, no deadlines, no limits, no heartbeat.
 */
import { Message, message, Order, Receipt, receiptFor } from './contract.js'
import { obey } from './control.js'

const readers = new Set<ReadableStreamDefaultController<Uint8Array>>()
const utf8 = new TextEncoder()

const handlers: Readonly<Record<string, (input: unknown) => unknown>> = {
  order: (input) => Receipt.parse(receiptFor(Order.parse(input))),
}

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request, self) {
    if (request.headers.get('upgrade') === 'websocket') {
      return self.upgrade(request) ? undefined : new Response(null, { status: 400 })
    }
    self.timeout(request, 0)
    let own: ReadableStreamDefaultController<Uint8Array>
    const stream = new ReadableStream<Uint8Array>(
      {
        start(controller) {
          own = controller
          readers.add(controller)
          controller.enqueue(utf8.encode(': ready\n\n'))
        },
        cancel: () => void readers.delete(own),
      },
      // with the strategy that counts chunks, a burst costs Bun more than twice as much
      new ByteLengthQueuingStrategy({ highWaterMark: 65_536 }),
    )
    return new Response(stream, { headers: { 'content-type': 'text/event-stream' } })
  },
  websocket: {
    open(ws) {
      ws.subscribe('feed')
      ws.send('["ready"]')
    },
    message(ws, data) {
      const [, id, path, , input] = JSON.parse(data as string)
      try {
        ws.send(JSON.stringify(['ok', id, handlers[path]?.(input)]))
      } catch (error) {
        ws.send(JSON.stringify(['err', id, { code: 'FAILED', message: String(error) }]))
      }
    },
  },
})

let offset = 0

obey(server.port as number, () => {
  const data = JSON.stringify(Message.parse(message))
  offset++
  if (server.subscriberCount('feed') > 0) server.publish('feed', `["e",1,${offset},"message",${data}]`)
  if (readers.size === 0) return
  const block = utf8.encode(`event:message\ndata:${data}\nid:${offset}\n\n`)
  for (const reader of readers) reader.enqueue(block)
})
