import type { Server, ServerWebSocket } from 'bun'
import { HurriedEventSource as EventSource } from '../hurried-event-source.js'
import type { Program } from './promise.js'

// #region server
const sockets = new Set<ServerWebSocket<undefined>>()
const responses = new Set<ReadableStreamDefaultController>()

export function publish(item: { n: number }) {
  const json = JSON.stringify(item)
  for (const socket of sockets) socket.send(json)
  for (const response of responses) response.enqueue(`data: ${json}\n\n`)
}

export function events(request: Request) {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(':\n\n')
      responses.add(controller)
      request.signal.addEventListener('abort', () => responses.delete(controller))
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

export const websocket = {
  open: (ws: ServerWebSocket<undefined>) => void sockets.add(ws),
  message() {},
  close: (ws: ServerWebSocket<undefined>) => void sockets.delete(ws),
}
// #endregion

// #region client
export function read(url: string, show: (n: number) => void) {
  let source: EventSource | undefined
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`)
  socket.onmessage = (event) => show(JSON.parse(event.data).n)
  socket.onclose = () => {
    source = new EventSource(`${url}/events`)
    source.onmessage = (event) => show(JSON.parse(event.data).n)
  }
  return () => {
    socket.onclose = null
    socket.close()
    source?.close()
  }
}
// #endregion

const fetch = (request: Request, server: Server<undefined>): Response | undefined => {
  if (request.url.endsWith('/events')) return events(request)
  return server.upgrade(request) ? undefined : new Response(null, { status: 426 })
}

export function start(): Program & AsyncDisposable {
  const server = Bun.serve({ port: 0, fetch, websocket })
  return {
    url: server.url.href,
    publish,
    readers: () => sockets.size + responses.size,
    read,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
