/** Hono and Parley in one Bun server, each with its own WebSockets. */
import { bunHandler } from '@parley/server/bun'
import { upgradeWebSocket, websocket } from 'hono/bun'
import { app } from './app.js'
import { router } from './router.js'

// a WebSocket of Hono's own, beside Parley's
app.get(
  '/echo',
  upgradeWebSocket(() => ({ onMessage: ({ data }, ws) => ws.send(String(data)) })),
)

// the options of `websocket` hold for the whole server: without a limit of Bun's own, Parley's are in force
const realtime = bunHandler(router, { path: '/realtime', websocket: { ...websocket, backpressureLimit: 0 } })

export const startOnBun = (port: number) =>
  Bun.serve({
    port,
    fetch: (request, server) => realtime.fetch(request, server) ?? app.fetch(request, { server }),
    websocket: realtime.websocket,
  })
