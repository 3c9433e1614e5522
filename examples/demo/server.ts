/** The demo as one server: the page, the realtime endpoint, and the notifications as plain SSE. */
import { bunHandler } from '@parley/server/bun'
import { hub, notifications } from './hub.js'
import type { Page } from './page.js'
import { router } from './router.js'
import { startStats } from './stats.js'
import { startTicks } from './ticks.js'
import { respondToVisitor } from './visitor.js'

export interface Demo {
  /** Such as `http://localhost:3000`. */
  readonly url: string
  /**
   * Takes no new connection, lets what runs finish for at most `within` ms (default: 0), tells every client that is left
   * to come back, and frees the port. Asked again it can only be over sooner.
   */
  stop(options?: { readonly within?: number }): Promise<void>
}

/**
 * Serves the demo.
 *
 * @param port 0 takes any free one.
 * @throws Error with code `EADDRINUSE` where the port is taken.
 */
export async function startDemo({
  port,
  page,
}: {
  readonly port: number
  readonly page: Page
}): Promise<Demo> {
  const realtime = bunHandler(router, { path: '/realtime' })

  const app = (request: Request): Response | Promise<Response> => {
    const { pathname } = new URL(request.url)
    if (pathname === '/api/events') return notifications.respond(request)
    const { method } = request
    if (method !== 'GET' && method !== 'HEAD') {
      return new Response('There is nothing to do here.\n', { status: 405, headers: { allow: 'GET, HEAD' } })
    }
    if (pathname === '/') return respondToVisitor(request, page)
    return page.respond(pathname) ?? new Response('There is nothing here.\n', { status: 404 })
  }

  const stats = await startStats()
  const ticks = await startTicks()
  const server = Bun.serve({
    port,
    fetch: (request, self) => realtime.fetch(request, self) ?? app(request),
    websocket: realtime.websocket,
  })
  let stopping: Promise<void> | undefined

  return {
    url: `http://localhost:${server.port}`,
    stop({ within = 0 } = {}) {
      void server.stop() // no new connections; those that there are stay
      const drained = router.drain({ within })
      stopping ??= close(drained)
      return stopping
    },
  }

  async function close(drained: Promise<unknown>): Promise<void> {
    await drained
    ticks.stop()
    stats.stop()
    notifications.close()
    await hub.close()
    await server.stop(true)
  }
}
