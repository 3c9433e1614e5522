/** Serves a router with Bun: by itself, or (`bunHandler`) in a server that is already there. */
import { ParleyError } from '@parley/shared'
import { drainDefaults } from '@parley/shared/internal'
import type { Server } from 'bun'
import { insideOf, type Router } from '../router.js'
import { checkMs } from '../shell/options.js'
import { bunHandler } from './bun/handler.js'
import { addressOf } from './mount.js'
import { stopOf } from './stopping.js'

export { type BunHandler, type BunHandlerOptions, bunHandler } from './bun/handler.js'

export interface ServeOptions {
  /** Default: 3000; 0 takes any free one. */
  readonly port?: number
  readonly hostname?: string
  /** Where the router lives. Default: `/realtime`. */
  readonly path?: string
  /** Lets several processes listen on the port, so that a new one can start before the old one stops. Default: false. */
  readonly reusePort?: boolean
  /** How long, in ms, SIGTERM lets clients move to another server and what runs finish. Default: 30,000. */
  readonly within?: number
  /** Answers everything else. Default: 404. */
  readonly fetch?: (request: Request, server: Server<undefined>) => Response | Promise<Response>
}

export interface Serving extends AsyncDisposable {
  /** Where the router is reached, such as `http://localhost:3000/realtime`. */
  readonly url: string
  readonly server: Server<undefined>
  /**
   * Takes no new connection, drains the router for at most `within` ms (default 0: not at all), closes the hub, which
   * tells every client that is left to come back, and frees the port. Called again it can only be over sooner. Rejects
   * where the log could not be closed.
   *
   * @throws ParleyError `BAD_OPTIONS` for a `within` that is no time.
   */
  stop(options?: { readonly within?: number }): Promise<void>
}

/**
 * Serves a router by itself, until SIGTERM or SIGINT ends the program. SIGTERM takes no new connection, tells the clients
 * to move to another server and lets what runs finish, for at most `within` ms; SIGINT, or a second signal, does not
 * wait. Either way the clients that are left are told to come back, and the log is closed.
 *
 * @throws ParleyError `BAD_OPTIONS` where the port is taken, and for a `within` that is no time.
 * @example
 * const { url } = serve(router, { port: 3000 })
 */
export function serve<Context>(
  router: Router<Context>,
  { port = 3000, hostname, path = '/realtime', reusePort = false, within, fetch }: ServeOptions = {},
): Serving {
  const inside = insideOf(router)
  const realtime = bunHandler<Context>(router, { path })
  const termMs = checkMs('within', within ?? drainDefaults.withinMs)
  let server: Server<undefined>
  try {
    server = Bun.serve({
      port,
      reusePort,
      ...(hostname === undefined ? {} : { hostname }),
      fetch: (request, self) =>
        realtime.fetch(request, self) ?? fetch?.(request, self) ?? new Response('not found', { status: 404 }),
      websocket: realtime.websocket,
    })
  } catch (error) {
    if ((error as { code?: string }).code !== 'EADDRINUSE') throw error
    throw new ParleyError('BAD_OPTIONS', `port ${port} is taken: choose another with \`port\``, {
      cause: error,
    })
  }
  const stop = stopOf(inside, termMs, {
    unlisten: () => void server.stop(),
    end: () => server.stop(true),
  })
  return {
    url: addressOf(hostname, server.port, path),
    server,
    stop,
    [Symbol.asyncDispose]: () => stop(),
  }
}
