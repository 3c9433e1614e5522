/** The demo as one server: the page, the realtime endpoint, and the notifications as plain SSE. */
import { bunHandler } from '@parley/server/bun'
import { hub, notifications } from './hub.js'
import type { Page } from './page.js'
import { router } from './router.js'
import { startTicks } from './ticks.js'

export interface Demo {
  /** Such as `http://localhost:3000`. */
  readonly url: string
  /** Tells every client to come back later, and frees the port. */
  stop(): Promise<void>
}

/**
 * Serves the demo.
 *
 * @param port 0 takes any free one.
 * @throws Error with code `EADDRINUSE` where the port is taken.
 */
export function startDemo({ port, page }: { readonly port: number; readonly page: Page }): Demo {
  const realtime = bunHandler(router, { path: '/realtime' })

  const app = (request: Request): Response | Promise<Response> => {
    const { pathname } = new URL(request.url)
    if (pathname === '/api/events') return notifications.respond(request)
    return page.respond(pathname) ?? new Response('There is nothing here.\n', { status: 404 })
  }

  const server = Bun.serve({
    port,
    fetch: (request, self) => realtime.fetch(request, self) ?? app(request),
    websocket: realtime.websocket,
  })
  const ticks = startTicks()

  return {
    url: `http://localhost:${server.port}`,
    async stop() {
      ticks.stop()
      notifications.close()
      await hub.close()
      await server.stop(true)
    },
  }
}
