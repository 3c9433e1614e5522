/** The application as one Ereo server. */
import { join } from 'node:path'
import { createFileRouter } from '@ereo/router'
import { compress, createServer } from '@ereo/server'
import { completeEreo, exceptEvents } from '@parley/server/ereo'
import { buildClient } from './build-client.js'
import { hub } from './hub.js'

export interface Site {
  readonly port: number
  stop(): Promise<void>
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
  server.setRouter(router)
  const bun = await server.start()
  completeEreo(server)
  return {
    port: bun.port ?? port,
    async stop() {
      await hub.close()
      await bun.stop(true)
    },
  }
}
