import type { ServerWebSocket } from 'bun'
import type { Program } from './promise.js'

// #region server
const clients = new Set<ServerWebSocket<undefined>>()

export function broadcast(data: unknown, exclude?: ServerWebSocket<undefined>) {
  const message = JSON.stringify(data)
  for (const client of clients) {
    if (client !== exclude && client.readyState === 1) client.send(message)
  }
}
// #endregion

export function start(): Program & AsyncDisposable {
  const server = Bun.serve<undefined>({
    port: 0,
    fetch: (request, self) => (self.upgrade(request) ? undefined : new Response(null, { status: 426 })),
    websocket: {
      open(ws) {
        clients.add(ws)
        ws.send('"in"')
      },
      message() {},
      close: (ws) => void clients.delete(ws),
    },
  })
  return {
    url: `ws://localhost:${server.port}/`,
    enters: () => [],
    isIn: (frame) => frame === '"in"',
    send: (item) => broadcast(item),
    held: () => [...clients].reduce((sum, client) => sum + client.getBufferedAmount(), 0),
    numberOf: (frame) => JSON.parse(frame).n,
    isGap: () => false,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
