/** A typed receiver of one topic over its SSE route, with nothing else of the client loaded. */
import { type ChannelPath, type Contract, type ContractTree, ParleyError, type Report } from '@parley/shared'
import {
  type ChannelAt,
  type ChannelLike,
  type Clock,
  createDecoder,
  type EventOutputs,
  type OneOf,
  paramsToQuery,
  printReport,
  type SchemaInput,
  safeReporter,
  systemClock,
} from '@parley/shared/internal'
import { readable } from './readable.js'
import type { ReadingHalf } from './reading-half.js'
import { lingerOf } from './shell/linger.js'
import type { Fetch } from './transports/sse.js'
import type { HeadersOption } from './transports/sse-request.js'
import { SseTopic } from './transports/sse-topic.js'

/** Options of {@link createSubscriber}; `Params` are those of its channel. */
export interface SubscriberOptions<Params> {
  /**
   * The exact address of an SSE route: an emitter's, or a hub's `/realtime/events/{channel}`. In a browser it may be
   * relative to the page.
   */
  readonly url: string | URL
  /** The topic; left out where the route itself chooses it. */
  readonly params?: Params
  /** Headers of each request; a function is asked anew for each, and one that fails is a failed request. */
  readonly headers?: HeadersOption
  /** As for `fetch`; needed for the cookies of another origin. Default: `same-origin`. */
  readonly credentials?: RequestCredentials
  /** An application's own superjson instance, with its registered types. */
  readonly superjson?: Parameters<typeof createDecoder>[0]
  /** Gets every notice for the developer. Default: one line on the console. */
  readonly onReport?: (report: Report) => void
  /** How long the response is kept after the last reader left, in ms. Default: 1,000. */
  readonly lingerMs?: number
  /** What asks for responses. Default: the global `fetch`. */
  readonly fetch?: Fetch
  /** Time and chance, for tests. Default: the real ones. */
  readonly clock?: Clock
}

/** What {@link createSubscriber} gives. */
export interface Subscriber<Events, Times extends boolean = boolean> extends ReadingHalf<Events, Times> {
  /**
   * Ends it for good: readers get nothing more, and loops over `events()`, `ready()` and every new reader throw
   * `CLOSED`.
   */
  close(): void
}

/** The subscriber of a channel. */
export type SubscriberOf<C extends ChannelLike> = C extends ChannelLike
  ? Subscriber<EventOutputs<C>, C['times']>
  : never

/**
 * Makes the subscriber of one topic. It connects with its first reader - never by being made, or rendered on a
 * server - and lets go `lingerMs` after the last one left. After a cut it comes back by itself, from the position
 * where it was; a server that refuses ends it with status `refused`, and a new reader asks again.
 *
 * @param path The channel's path in the contract, with dots.
 * @throws ParleyError `NOT_FOUND` for a path without a channel; `VALIDATION` and `PARAMS_NOT_STABLE` for params;
 *   `BAD_OPTIONS` for a `lingerMs` that is none.
 * @example
 * const notifications = createSubscriber(contract, 'notifications', { url: '/api/events' })
 * const stop = notifications.on('chat', (message) => show(message))
 */
export function createSubscriber<Tree extends ContractTree, const Path extends string>(
  contract: Contract<Tree>,
  path: OneOf<ChannelPath<Tree>, Path>,
  options: SubscriberOptions<SchemaInput<ChannelAt<Tree, Path>['params']>>,
): SubscriberOf<ChannelAt<Tree, Path>> {
  const spec = contract.channels.get(path)
  if (!spec) {
    const known = [...contract.channels.keys()].join(', ') || 'none'
    throw new ParleyError('NOT_FOUND', `the contract has no channel '${path}'; it has ${known}`)
  }
  const { params, headers, credentials, superjson, fetch: given } = options
  const url = String(options.url)
  const topic = new SseTopic({
    spec,
    route: {
      url,
      query: params === undefined ? new URLSearchParams() : paramsToQuery(spec, params),
      headers,
      credentials,
      contract: contract.fingerprint,
    },
    decoder: createDecoder(superjson),
    clock: options.clock ?? systemClock,
    fetch: given ?? ((address, init) => fetch(address, init)),
    lingerMs: lingerOf(options.lingerMs),
    onReport: safeReporter(options.onReport ?? printReport),
  })
  let isClosed = false
  const check = (): void => {
    if (isClosed) throw new ParleyError('CLOSED', `the subscriber of '${path}' was closed`)
    if (!given) requireAddress(url)
  }
  return {
    ...readable(topic.reading, spec, { read: check }),
    close() {
      isClosed = true
      topic.refuse('CLOSED')
    },
  } as Subscriber<unknown> as SubscriberOf<ChannelAt<Tree, Path>>
}

/** A relative address means something on a page only; anywhere else every attempt would fail without a word. */
function requireAddress(url: string): void {
  try {
    new URL(url, typeof location === 'undefined' ? undefined : location.href)
  } catch (cause) {
    const message = `the url '${url}' is relative, and there is no page that it could be relative to; give the whole address`
    throw new ParleyError('BAD_OPTIONS', message, { cause })
  }
}
