/** Serves a router with Node: by itself, or (`nodeHandler`) in a server that is already there. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { ParleyError } from '@parley/shared'
import { drainDefaults } from '@parley/shared/internal'
import { insideOf, type Router } from '../router.js'
import { checkMs } from '../shell/options.js'
import { addressOf } from './mount.js'
import { answer, type FetchHandler } from './node/answer.js'
import { nodeHandler, refuseUpgrade } from './node/handler.js'
import { stopOf } from './stopping.js'

export { type FetchHandler, type NodeListenerOptions, nodeListener } from './node/answer.js'
export { type NodeHandler, type NodeHandlerOptions, nodeHandler } from './node/handler.js'

export interface ServeOptions {
  /** Default: 3000; 0 takes any free one. */
  readonly port?: number
  readonly hostname?: string
  /** Where the router lives. Default: `/realtime`. */
  readonly path?: string
  /** How long, in ms, SIGTERM lets clients move to another server and what runs finish. Default: 30,000. */
  readonly within?: number
  /** Answers everything else. Default: 404. */
  readonly fetch?: FetchHandler
}

export interface Serving extends AsyncDisposable {
  /** Where the router is reached, such as `http://localhost:3000/realtime`. */
  readonly url: string
  readonly server: Server
  /**
   * Takes no new connection, drains the router for at most `within` ms (default 0: not at all), closes the hub, which
   * tells every client that is left to come back, and frees the port. Called again it can only be over sooner. Rejects
   * where the log could not be closed.
   *
   * @throws ParleyError `BAD_OPTIONS` for a `within` that is no time.
   */
  stop(options?: { readonly within?: number }): Promise<void>
}

/** How long a client that was told to go has for its own goodbye. */
const goodbyeMs = 1_000

/**
 * Serves a router by itself, until SIGTERM or SIGINT ends the program. SIGTERM takes no new connection, tells the clients
 * to move to another server and lets what runs finish, for at most `within` ms; SIGINT, or a second signal, does not
 * wait. Either way the clients that are left are told to come back, and the log is closed. It resolves once it listens.
 * Needs the package `ws`.
 *
 * @throws ParleyError `BAD_OPTIONS` where the port is taken, and for a `within` that is no time.
 * @example
 * const { url } = await serve(router, { port: 3000 })
 */
export async function serve<Context>(
  router: Router<Context>,
  { port = 3000, hostname, path = '/realtime', within, fetch }: ServeOptions = {},
): Promise<Serving> {
  const inside = insideOf(router)
  const { core } = inside
  const realtime = nodeHandler(router, { path })
  const termMs = checkMs('within', within ?? drainDefaults.withinMs)
  const answering = { report: core.report, stalledMs: core.topics.limits.stalledMs }
  const notFound = () => new Response('not found', { status: 404 })
  const upgraded = new Set<Duplex>()
  /** Once it listens no more: when the last connection is gone. */
  let closed: Promise<void> | undefined
  const server = createServer((req, res) => {
    // a connection that is kept open would keep the server
    res.once('finish', () => closed && req.socket.end())
    if (!realtime.handle(req, res)) void answer(req, res, answering, fetch ?? notFound)
  })
  server.on('upgrade', (req, socket, head) => {
    upgraded.add(socket)
    socket.once('close', () => upgraded.delete(socket))
    if (!realtime.upgrade(req, socket, head)) refuseUpgrade(socket, 404, 'not found')
  })
  await listen(server, port, hostname)
  server.on('error', (error) => {
    core.report({ kind: 'unreachable', message: 'the server could not take a connection', error })
  })

  const stop = stopOf(inside, termMs, {
    unlisten() {
      closed = new Promise<void>((resolve) => server.close(() => resolve()))
    },
    async end() {
      const impatient = setTimeout(() => {
        for (const socket of upgraded) socket.destroy()
        server.closeAllConnections()
      }, goodbyeMs)
      await closed
      clearTimeout(impatient)
    },
  })
  return {
    url: addressOf(hostname, (server.address() as AddressInfo).port, path),
    server,
    stop,
    [Symbol.asyncDispose]: () => stop(),
  }
}

function listen(server: Server, port: number, hostname: string | undefined): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      const message = `port ${port} is taken: choose another with \`port\``
      const isTaken = error.code === 'EADDRINUSE'
      reject(isTaken ? new ParleyError('BAD_OPTIONS', message, { cause: error }) : error)
    }
    server.once('error', onError)
    server.listen({ port, ...(hostname === undefined ? {} : { host: hostname }) }, () => {
      server.off('error', onError)
      resolve()
    })
  })
}
