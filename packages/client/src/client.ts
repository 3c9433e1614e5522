/** The client of a contract over one connection: all of its channels, calls and streams. */
import { type Contract, type ContractTree, type Link, ParleyError, type Report } from '@parley/shared'
import {
  type ChannelSpec,
  type Clock,
  createCodec,
  type Encoded,
  printReport,
  safeReporter,
  systemClock,
  topicOf,
} from '@parley/shared/internal'
import { HandleCache } from './handle-cache.js'
import type { Client, Connection, SafeResult, StreamRequestOptions } from './handles.js'
import { readable } from './readable.js'
import { Driver } from './shell/driver.js'
import { lingerOf } from './shell/linger.js'
import { presenceHandle } from './shell/presence.js'
import { type RequestOptions, Requests } from './shell/requests.js'
import { Streams } from './shell/streams.js'
import { Topics } from './shell/topics.js'
import { autoLink } from './transports/auto.js'
import { FallbackLink } from './transports/fallback.js'
import type { Fetch } from './transports/sse.js'
import type { HeadersOption } from './transports/sse-request.js'
import { type WebSocketConstructor, webSocketLink } from './transports/websocket.js'

/** Options of {@link createClient}. */
export interface ClientOptions {
  /**
   * Where the server is mounted, as `/realtime` or `wss://example.com/realtime`; relative to the page where there is
   * one. Left out only where `transport` is a link.
   */
  readonly url?: string | URL
  /**
   * The credentials of each connection, asked for anew whenever one is opened, and before they expire: any value that
   * the contract's server takes, sent in the first frame and never in the address.
   */
  readonly auth?: () => unknown
  /**
   * `'auto'` (default): a WebSocket, and where none opens (a proxy that strips upgrades) one event stream and POSTs,
   * with the same promises, until a WebSocket opens again. `'websocket'` and `'sse'`: the one or the other alone. A
   * link: that one, as `router.link({ context })`.
   */
  readonly transport?: 'auto' | 'websocket' | 'sse' | Link
  /**
   * Headers of the requests by which a client gets along without a WebSocket; a function is asked anew for each. A
   * WebSocket takes none, so what every client needs belongs in `auth`.
   */
  readonly headers?: HeadersOption
  /**
   * As for `fetch`, for the same requests; needed for the cookies of another origin. Default: `same-origin`. A
   * WebSocket sends the cookies of its address by itself.
   */
  readonly credentials?: RequestCredentials
  /** What makes those requests. Default: the global `fetch`. */
  readonly fetch?: Fetch
  /** The WebSocket to use, where the runtime has none (Node before 22: the package `ws`). */
  readonly WebSocket?: WebSocketConstructor
  /** Gets every notice for the developer. Default: one line on the console. */
  readonly onReport?: (report: Report) => void
  /** An application's own superjson instance, with its registered types. */
  readonly superjson?: Parameters<typeof createCodec>[0]
  /** How long a topic is kept after its last reader left, in ms. Default: 1,000. */
  readonly lingerMs?: number
  /** Time and chance, for tests. Default: the real ones. */
  readonly clock?: Clock
}

/**
 * Makes the client of a contract. Making it opens nothing, nor does taking a handle from it: the connection is
 * opened by the first reader, message or call, or by `client.connection.open()`.
 *
 * @throws ParleyError `BAD_OPTIONS` without a `url` or a link, or for a `lingerMs` that is none.
 * @example
 * const client = createClient(contract, { url: '/realtime', auth: () => token() })
 * const room = client.room({ id: 'general' })
 * room.on('message', (message) => show(message))
 * await room.send('say', { text: 'hello' })
 */
export function createClient<Tree extends ContractTree>(
  contract: Contract<Tree>,
  options: ClientOptions,
): Client<Tree> {
  const { auth, superjson } = options
  const report = safeReporter(options.onReport ?? printReport)
  const clock = options.clock ?? systemClock
  const codec = createCodec(superjson)
  const driver = new Driver({
    link: linkOf(options, clock),
    clock,
    contract: () => contract.fingerprint,
    auth:
      auth &&
      (async (): Promise<Encoded | undefined> => {
        const credentials = await auth()
        return credentials === undefined ? undefined : codec.encode(credentials)
      }),
    report,
  })
  const lingerMs = lingerOf(options.lingerMs)
  const topics = new Topics({ driver, codec, clock, lingerMs, report })
  const requests = new Requests(driver, codec)
  driver.add(topics)
  const streams = new Streams(driver, requests, codec)
  driver.add(requests)
  driver.add(streams)

  const root: Branch = {}
  for (const spec of contract.channels.values()) {
    place(root, spec.path, channelHandle(spec))
  }
  for (const spec of contract.calls.values()) {
    const { path, idempotent } = spec
    const call = (input?: unknown, given?: RequestOptions): Promise<unknown> => {
      return requests.request(
        (id, withinMs) => ({ type: 'call', id, path, withinMs, ...payload(input) }),
        spec,
        given,
      )
    }
    place(root, path, Object.assign(withSafe(call), { '~call': { path, idempotent, keyOf } }))
  }
  for (const { path } of contract.streams.values()) {
    place(root, path, (input?: unknown, given?: StreamRequestOptions) =>
      streams.start(path, () => payload(input).input, given),
    )
  }
  const connection: Connection = {
    ...driver.state,
    open() {
      driver.open()
      topics.retry()
    },
    close: () => driver.close(),
    reconnect() {
      driver.reconnect()
      topics.retry()
    },
  }
  return Object.assign(root, { connection }) as unknown as Client<Tree>

  function payload(input: unknown): { input?: Encoded } {
    return input === undefined ? {} : { input: codec.encode(input) }
  }

  function keyOf(input: unknown): { input: unknown; meta?: unknown } {
    if (input === undefined) return { input: null, meta: 'undefined' }
    const { json, meta } = codec.encodeText(input)
    return { input: JSON.parse(json), ...(meta === undefined ? {} : { meta: JSON.parse(meta) }) }
  }

  function channelHandle(spec: ChannelSpec): object {
    const handles = new HandleCache<object>()
    const handle = (params?: unknown): object => {
      const topic = topicOf(spec, params)
      return handles.get(topic.key, () =>
        topics.create(topic, (reading, presence) => ({
          // a listener may wait until the client is opened again; a promise for its next event would wait for ever
          ...readable(reading, spec, { wait: () => driver.requireOpen() }),
          send: withSafe(sender(spec, topic.params)),
          ...(presence ? { presence: presenceHandle(presence) } : {}),
        })),
      )
    }
    return spec.params ? handle : handle()
  }

  function sender(spec: ChannelSpec, params: ReturnType<typeof topicOf>['params']) {
    const { path, messages } = spec
    return (name: string, input?: unknown, given?: RequestOptions): Promise<unknown> | undefined => {
      const message = messages.get(name)
      if (!message) {
        const known = [...messages.keys()].join(', ') || 'none'
        throw new ParleyError('NOT_FOUND', `'${path}' has no message '${name}'; it has ${known}`)
      }
      if (message.kind === 'volatile') {
        requests.cast({ type: 'cast', path, params, name, ...payload(input) })
        return undefined
      }
      return requests.request(
        (id, withinMs) => ({ type: 'send', id, path, params, name, withinMs, ...payload(input) }),
        message,
        given,
      )
    }
  }
}

/** A node of the tree of handles. */
interface Branch {
  [name: string]: object
}

/** Puts a handle at its path. The contract has refused every name that would reach a prototype. */
function place(root: Branch, path: string, handle: object): void {
  const names = path.split('.')
  const last = names.pop()!
  let branch = root
  for (const name of names) {
    if (!Object.hasOwn(branch, name)) branch[name] = {} // `valueOf` is a name like any other
    branch = branch[name] as Branch
  }
  branch[last] = handle
}

/** Adds `safe`: the same function, with a ParleyError as a value. Any other error is a bug, and stays one. */
function withSafe<Args extends unknown[]>(run: (...args: Args) => Promise<unknown> | undefined): object {
  const safe = async (...args: Args): Promise<SafeResult<unknown, ParleyError>> => {
    try {
      return { data: await run(...args), error: undefined }
    } catch (error) {
      if (error instanceof ParleyError) return { data: undefined, error }
      throw error
    }
  }
  return Object.assign(run, { safe })
}

/** @throws ParleyError `BAD_OPTIONS` */
function linkOf(options: ClientOptions, clock: Clock): Link {
  const { transport = 'auto', url, WebSocket, headers, credentials, fetch: given } = options
  if (typeof transport === 'object') return transport
  if (!['auto', 'websocket', 'sse'].includes(transport)) {
    throw new ParleyError(
      'BAD_OPTIONS',
      `transport: there is no '${transport}'; give 'auto', 'websocket', 'sse' or a link`,
    )
  }
  if (url === undefined) {
    throw new ParleyError(
      'BAD_OPTIONS',
      "url: it is missing; give the server's address, or a link as `transport`",
    )
  }
  if (transport === 'websocket') return webSocketLink(url, WebSocket)
  const fallback = new FallbackLink({
    url,
    fetch: given ?? ((address, init) => fetch(address, init)),
    clock,
    headers,
    credentials,
  })
  return transport === 'sse' ? fallback : autoLink(webSocketLink(url, WebSocket), fallback, clock)
}
