/** The application as one Ereo server. */
import { join } from 'node:path'
import { createFileRouter } from '@ereo/router'
import { compress, createServer } from '@ereo/server'
import { completeEreo, exceptEvents } from '@parley/server/ereo'
import { buildClient } from './build-client.js'
import { hub, notifications } from './hub.js'
import { router as realtime } from './router.js'

export interface Site {
  readonly port: number
  /**
   * Takes no new connection, lets what runs finish for at most `within` ms (default: 0), and tells whoever is left to come
   * back. Called again, it is over sooner.
   */
  stop(options?: { readonly within?: number }): Promise<void>
}

/**
 * Serves the example.
 *
 * @param port 0 takes any free one.
 * @throws Error with code `EADDRINUSE` where the port is taken.
 */
export async function startSite(port: number): Promise<Site> {
  const [router, client] = await Promise.all([
    createFileRouter({ routesDir: join(import.meta.dirname, 'app/routes') }),
    buildClient(),
  ])
  if (router.getRoutes().length === 0) await router.init()
  const server = createServer({
    port,
    development: false,
    logging: false,
    static: { root: join(import.meta.dirname, 'public'), prefix: '/assets' },
  })
  server.use(exceptEvents(compress())) // compressed, an event would wait for the next ones
  server.use('/_ereo/client.js', () => new Response(client, { headers: { 'cache-control': 'no-cache' } }))
  server.use(async (_request, _context, next) => {
    const response = await next()
    if (response.status !== 404 || response.headers.has('content-type')) return response
    // Ereo's own has no type: a browser would save it as a file
    const headers = { 'content-type': 'text/plain; charset=utf-8' }
    return new Response('There is nothing here.\n', { status: 404, headers })
  })
  server.setRouter(router)
  const bun = await server.start()
  completeEreo(server)
  let stopping: Promise<void> | undefined
  const close = async (drained: Promise<unknown>): Promise<void> => {
    await drained
    notifications.close()
    await hub.close()
    await bun.stop(true)
  }
  return {
    port: bun.port ?? port,
    stop({ within = 0 } = {}) {
      void bun.stop() // no new connections; those that there are stay
      const drained = realtime.drain({ within })
      stopping ??= close(drained)
      return stopping
    },
  }
}
