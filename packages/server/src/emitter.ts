/** A typed SSE emitter without a hub: for a route of one's own. */
import { type ChannelPath, type Contract, type ContractTree, ParleyError, type Report } from '@parley/shared'
import {
  type ChannelAt,
  type ChannelSpec,
  type ContractSpecs,
  createCodec,
  type Limits,
  type OneOf,
  printReport,
  type SuperJSON,
  systemClock,
  type Topic,
} from '@parley/shared/internal'
import type { EmitterCounts, EmitterOf } from './handles.js'
import type { Log } from './logs/log.js'
import { memoryLog } from './logs/memory.js'
import { Contracts } from './shell/contracts.js'
import { channelHandle, topicEmitter } from './shell/handles.js'
import { checkLimits, checkOrigins } from './shell/options.js'
import { createReporter } from './shell/reporter.js'
import type { SseHost } from './shell/respond.js'
import { Ticker } from './shell/ticker.js'
import { Topics } from './topics.js'

export interface EmitterOptions {
  /** Where events are kept. Default: a `memoryLog()` of its own. */
  readonly log?: Log
  /** Foreign origins that may read; `'*'`: all, without cookies. Default: none. */
  readonly allowedOrigins?: readonly string[]
  /** Changes single limits; the rest stays. */
  readonly limits?: Partial<Limits>
  /** Gets every notice for the operator. Default: one line on stderr. */
  readonly onReport?: (report: Report) => void
  /** An application's own superjson instance, with its registered types. */
  readonly superjson?: SuperJSON
}

interface Shared {
  readonly options: EmitterOptions
  readonly emitter: unknown
}

/** Two calls for one contract and path share their topics: a route and the code that emits need not share a module. */
const emitters = new WeakMap<ContractSpecs, Map<string, Shared>>()

/**
 * Makes the emitter of one channel. With params it is a function from params to what emits on that topic.
 *
 * @param path The channel's path in the contract, with dots.
 * @throws ParleyError `NOT_FOUND` for a path without a channel; `BAD_OPTIONS` where an earlier call for the same
 *   contract and path had other options, and for a limit or an origin that cannot be meant.
 * @example
 * const notifications = createEmitter(contract, 'notifications')
 * export const GET = ({ request }: { request: Request }) => notifications.respond(request)
 * notifications.emit('chat', { text: 'hello' })
 */
export function createEmitter<Tree extends ContractTree, const Path extends string>(
  contract: Contract<Tree>,
  path: OneOf<ChannelPath<Tree>, Path>,
  options: EmitterOptions = {},
): EmitterOf<ChannelAt<Tree, Path>> {
  const byPath = emitters.get(contract) ?? new Map<string, Shared>()
  emitters.set(contract, byPath)
  const shared = byPath.get(path)
  if (shared) {
    requireSame(path, shared.options, options)
    return shared.emitter as EmitterOf<ChannelAt<Tree, Path>>
  }
  const spec = contract.channels.get(path)
  if (!spec) {
    const known = [...contract.channels.keys()].join(', ')
    throw new ParleyError('NOT_FOUND', `the contract has no channel '${path}'; it has ${known || 'none'}`)
  }
  const emitter = makeEmitter(contract, spec, options, () => byPath.delete(path))
  byPath.set(path, { options, emitter })
  return emitter as EmitterOf<ChannelAt<Tree, Path>>
}

function requireSame(path: string, before: EmitterOptions, now: EmitterOptions): void {
  for (const name of ['log', 'allowedOrigins', 'limits', 'onReport', 'superjson'] as const) {
    const [a, b] = [before[name], now[name]]
    const same = a === b || (isData(a) && isData(b) && JSON.stringify(a) === JSON.stringify(b))
    if (!same)
      throw new ParleyError('BAD_OPTIONS', `an earlier createEmitter for '${path}' had another '${name}'`)
  }
}

/** Plain data is compared by what it says, everything else by what it is. */
function isData(value: unknown): boolean {
  return (
    Array.isArray(value) ||
    (typeof value === 'object' &&
      Object.getPrototypeOf(value) === Object.prototype &&
      !('append' in (value ?? {})))
  )
}

function makeEmitter(
  contract: ContractSpecs,
  spec: ChannelSpec,
  options: EmitterOptions,
  closed: () => void,
): unknown {
  const limits = checkLimits(options.limits)
  const clock = systemClock
  const log = options.log ?? memoryLog({ clock, maxBytes: limits.logBytes, maxTopics: limits.logTopics })
  const report = createReporter(options.onReport ?? printReport, clock)
  const host: SseHost = {
    topics: new Topics({ log, codec: createCodec(options.superjson), limits, clock, onReport: report }),
    ticker: new Ticker(clock),
    allowedOrigins: checkOrigins(options.allowedOrigins),
    fingerprint: contract.fingerprint,
    contracts: new Contracts({ contract, store: log.contracts, clock, report }),
    sse: new Set(),
  }
  const whole = {
    inspect: (): EmitterCounts => {
      const { topics, readers } = host.topics.inspect()
      const queuedBytes = [...host.sse].reduce((sum, one) => sum + Math.max(0, one.queued()), 0)
      return { topics, readers, timers: host.ticker.size, queuedBytes }
    },
    close(): void {
      closed()
      for (const response of [...host.sse]) response.close()
      host.topics.close().catch((error: unknown) =>
        host.topics.report({
          kind: 'log-failed',
          path: spec.path,
          message: 'the log could not be closed',
          error,
        }),
      )
    },
  }
  const handle = channelHandle(spec, host.topics.finder, (topic: Topic) => topicEmitter(host, topic))
  return Object.assign(handle as object, whole)
}
