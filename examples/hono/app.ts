/** The Hono application, the same on Bun and on Node. */
import { Hono } from 'hono'
import { compress } from 'hono/compress'
import { secureHeaders } from 'hono/secure-headers'
import { notifications } from './router.js'

export const app = new Hono()
  .use(compress()) // it leaves event streams alone
  .use(secureHeaders())
  .get('/', (c) => c.text('Parley in Hono: curl -N /api/events, and POST /realtime/call/notify'))
  .get('/api/events', (c) => notifications.respond(c.req.raw))
