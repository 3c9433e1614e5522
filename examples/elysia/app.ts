/** Elysia and Parley in one Bun server, each with its own WebSockets. */
import { bunHandler } from '@parley/server/bun'
import type { WebSocketHandler } from 'bun'
import { Elysia } from 'elysia'
import { websocket } from 'elysia/ws'
import { notifications, router } from './router.js'

const app = new Elysia()
  .get('/', () => 'Parley in Elysia: curl -N /api/events, and POST /realtime/call/notify')
  .get('/api/events', ({ request }) => notifications.respond(request))
  // a WebSocket of Elysia's own, beside Parley's
  .ws('/echo', { message: (ws, message) => void ws.send(message) })
  .compile()

// Elysia brings older types of Bun's along
const elysiaSockets = websocket as unknown as WebSocketHandler<unknown>

// the options of `websocket` hold for the whole server: without a limit of Bun's own, Parley's are in force
const realtime = bunHandler(router, {
  path: '/realtime',
  websocket: { ...elysiaSockets, backpressureLimit: 0 },
})

/** In place of `app.listen(port)`, which has no room for what goes in front. */
export function listen(port: number) {
  const server = Bun.serve({
    port,
    idleTimeout: 30, // as Elysia's own `listen`
    fetch: (request, server) => realtime.fetch(request, server) ?? app.fetch(request),
    websocket: realtime.websocket,
  })
  app.server = server // what `.ws()` upgrades with
  return server
}
