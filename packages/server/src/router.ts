/** All handlers of a contract, ready to be served. */
import { type ContractTree, type Link, ParleyError } from '@parley/shared'
import { type ContractSpecs, drainDefaults } from '@parley/shared/internal'
import type { AnyHandler } from './handler-run.js'
import type { Handlers } from './handlers.js'
import { coreOf, type Hub } from './hub.js'
import { Connection } from './shell/connection.js'
import type { ChannelHandlers, HandlerTable, PresenceHandler } from './shell/core.js'
import type { DrainCounts } from './shell/draining.js'
import { handleHttp, healthOf } from './shell/http.js'
import { Links } from './shell/links.js'
import type { LiveHub } from './shell/live-hub.js'
import { memoryLink } from './shell/memory-link.js'
import { checkMs } from './shell/options.js'
import type { ServerSocket } from './shell/socket.js'

/** What a router holds right now. */
export interface RouterCounts {
  readonly connections: number
  /** Those included that wait for their client to come back. */
  readonly sessions: number
  /** Topics that somebody on this node reads. */
  readonly topics: number
  readonly readers: number
  /** Readers that get events as they happen; the others read the log. */
  readonly live: number
  /** Timers of connections and responses. */
  readonly timers: number
  /** Entries of clients on topics with presence, those included whose connection was lost of late. */
  readonly present: number
  readonly nativeSubscriptions: number
  readonly queuedBytes: number
  /** Calls, messages and streams that run or wait. */
  readonly running: number
  /** Volatile events and messages dropped under pressure since the start; an event counts once for each reader. */
  readonly volatileDropped: number
}

export interface Router<Context> {
  /**
   * The server's end of an in-memory link: `createClient(contract, { transport: router.link({ context }) })` is a
   * client in the same process, no schema skipped.
   */
  link(options: LinkOptions<Context>): Link
  /** Ends the sessions of a member, or one session; their clients do not come back by themselves. */
  disconnect(
    who: { readonly member: string } | { readonly session: string },
    options?: { readonly reason?: string },
  ): void
  /**
   * Lets this server go without a loss: it takes no new session; its clients are told, by and by, to open their next
   * connection, which a load balancer leads to another server; what runs finishes, and its answers go out. It resolves
   * once nothing is left, or after `within` ms (default: 30,000), when what is left is closed. A second call can only
   * make it shorter. Close the hub after it.
   *
   * @throws ParleyError `BAD_OPTIONS` for a `within` that is no time.
   * @example
   * const { moved, closed, cut } = await router.drain({ within: 20_000 })
   * await hub.close()
   */
  drain(options?: { readonly within?: number }): Promise<DrainCounts>
  inspect(): RouterCounts
  /** As `GET {path}/health` answers. */
  health(): { readonly status: 'ok' | 'closing' }
}

export interface LinkOptions<Context> {
  /** What `context` would return; `auth` is not asked for. */
  readonly context: Context
}

/** What adapters need of a router. */
export interface RouterInside {
  readonly core: LiveHub
  readonly handlers: HandlerTable
  /** Answers a request; `path` is what follows where the router is mounted. */
  fetch(request: Request, path: string): Promise<Response>
  /** Takes a WebSocket that has just opened. */
  accept(socket: ServerSocket, request: Request): Connection
  /** Closes the hub. */
  close(): Promise<void>
}

const insides = new WeakMap<object, RouterInside>()

export function insideOf(router: object): RouterInside {
  const inside = insides.get(router)
  if (!inside) throw new ParleyError('BAD_OPTIONS', 'this is no router: pass what createRouter returned')
  return inside
}

/**
 * Puts the handlers to a hub.
 *
 * @throws ParleyError `BAD_HANDLERS`, naming each handler that is missing or too many.
 * @example
 * export const router = createRouter(hub, {
 *   notifications: { join: anyone },
 *   rooms: { create: async ({ input, errors }) => { ... } },
 * })
 */
export function createRouter<Tree extends ContractTree, Context>(
  hub: Hub<Tree, Context>,
  handlers: Handlers<Hub<Tree, Context>>,
): Router<Context> {
  const core = coreOf(hub)
  const table = tableOf(core.contract, handlers)
  const router: Router<Context> = {
    link: ({ context }) => memoryLink(core, table, context),
    disconnect(who, { reason = 'disconnected by the application' } = {}) {
      for (const live of core.sessions) {
        const meant = 'member' in who ? live.member === who.member : live.session.id === who.session
        if (meant) live.close('DISCONNECTED', reason)
      }
      if ('session' in who) return
      core.endings.add({ member: who.member, code: 'FORBIDDEN', message: reason })
      for (const sse of [...core.sse]) if (sse.member === who.member) sse.refuse('FORBIDDEN', reason)
    },
    drain: async ({ within = drainDefaults.withinMs } = {}) => core.draining.start(checkMs('within', within)),
    inspect: () => inspect(core),
    health: () => healthOf(core),
  }
  const accept =
    (transport: 'websocket' | 'fallback') =>
    (socket: ServerSocket, request: Request): Connection =>
      new Connection({ core, handlers: table, socket, entrance: { transport, request } })
  const links = new Links(core, accept('fallback'))
  insides.set(router, {
    core,
    handlers: table,
    fetch: (request, path) =>
      path === '/link' ? links.answer(request) : handleHttp(core, table, request, path),
    close: () => hub.close(),
    accept: accept('websocket'),
  })
  return router
}

function inspect({ connections, sessions, sse, presences, topics, ticker }: LiveHub): RouterCounts {
  const { topics: topicCount, readers, live, nativeSubscriptions, volatileDropped } = topics.inspect()
  let queuedBytes = 0
  let running = 0
  for (const connection of connections) queuedBytes += connection.queued()
  for (const { pending } of sessions) running += pending
  for (const response of sse) queuedBytes += Math.max(0, response.queued())
  return {
    connections: connections.size,
    sessions: sessions.size,
    topics: topicCount,
    readers,
    live,
    timers: ticker.size + (sessions.kept > 0 ? 1 : 0) + presences.timers,
    present: presences.size,
    nativeSubscriptions,
    queuedBytes,
    running,
    volatileDropped: volatileDropped + sessions.volatileDropped,
  }
}

/** Checks the handlers against the contract, and lays them out by path. */
function tableOf(contract: ContractSpecs, handlers: unknown): HandlerTable {
  const channels = new Map<string, ChannelHandlers>()
  const calls = new Map<string, AnyHandler>()
  const streams = new Map<string, AnyHandler>()
  const missing: string[] = []
  const known = new Set<string>()
  const find = <F>(path: string): F | undefined => {
    known.add(path)
    const found = at(handlers, path.split('.'))
    if (typeof found === 'function') return found as F
    missing.push(path)
    return undefined
  }
  for (const path of contract.calls.keys()) {
    const handler = find<AnyHandler>(path)
    if (handler) calls.set(path, handler)
  }
  for (const path of contract.streams.keys()) {
    const handler = find<AnyHandler>(path)
    if (handler) streams.set(path, handler)
  }
  for (const [path, channel] of contract.channels) {
    const join = find<ChannelHandlers['join']>(`${path}.join`)
    const messages = new Map<string, AnyHandler>()
    for (const name of channel.messages.keys()) {
      // a message's name may hold dots, so it is looked up whole
      const own = at(handlers, [...path.split('.'), 'messages', name])
      known.add(`${path}.messages.${name}`)
      if (typeof own === 'function') messages.set(name, own as AnyHandler)
      else missing.push(`${path}.messages.${name}`)
    }
    const presence = channel.presence ? find<PresenceHandler>(`${path}.presence`) : undefined
    if (join) channels.set(path, { join, presence, messages })
  }
  const unknown = leaves(handlers).filter((path) => !known.has(path))
  if (missing.length === 0 && unknown.length === 0) return { channels, calls, streams }
  const parts = [
    missing.length > 0 ? `missing: ${missing.join(', ')}` : '',
    unknown.length > 0 ? `unknown: ${unknown.join(', ')}` : '',
  ].filter(Boolean)
  throw new ParleyError('BAD_HANDLERS', `the handlers do not fit the contract; ${parts.join('; ')}`)
}

function at(value: unknown, names: readonly string[]): unknown {
  let found = value
  for (const name of names) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined
    found = (found as Record<string, unknown>)[name]
  }
  return found
}

/** The paths of everything in the tree that is no branch. */
function leaves(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([name, inner]) =>
    leaves(inner, path === '' ? name : `${path}.${name}`),
  )
}
