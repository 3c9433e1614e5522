import type { Server, ServerWebSocket } from 'bun'
import type { Program } from './promise.js'

const userOf = (cookie: string | null) => /user=(\w+)/.exec(cookie ?? '')?.[1]

// #region server
type Socket = ServerWebSocket<{ userId: string }>
const clients = new Set<Socket>()

export function GET({ request, server }: { request: Request; server: Server<{ userId: string }> }) {
  const userId = userOf(request.headers.get('cookie')) ?? 'anonymous'
  if (server.upgrade(request, { data: { userId } })) return undefined
  return new Response('this is a WebSocket', { status: 426 })
}

export const websocket = {
  open(ws: Socket) {
    clients.add(ws)
  },
  message(ws: Socket, message: string) {
    const said = JSON.parse(message)
    for (const client of clients) client.send(JSON.stringify({ userId: ws.data.userId, ...said }))
  },
  close(ws: Socket) {
    clients.delete(ws)
  },
}
// #endregion

export function start(): Program & AsyncDisposable {
  const thrown: unknown[] = []
  const server = Bun.serve<{ userId: string }>({
    port: 0,
    fetch: (request, self) => GET({ request, server: self }),
    websocket: {
      ...websocket,
      open(ws) {
        websocket.open(ws)
        ws.send('"in"')
      },
      message(ws, message) {
        try {
          websocket.message(ws, String(message))
        } catch (error) {
          thrown.push(error) // Bun prints it, and goes on
        }
      },
    },
  })
  return {
    url: `ws://localhost:${server.port}/`,
    enters: () => [],
    isIn: (frame) => frame === '"in"',
    say: (what) => JSON.stringify(what),
    shown: (frame) => (frame === '"in"' ? undefined : JSON.parse(frame)),
    thrown,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
