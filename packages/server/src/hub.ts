/** The server's side of a contract before its handlers: log, sessions, context, and channels to emit on. */
import { type Contract, type ContractTree, ParleyError, type Report, type Schema } from '@parley/shared'
import {
  type Clock,
  type ContractDescription,
  type ContractSpecs,
  createCodec,
  type Limits,
  printReport,
  type SchemaOutput,
  type SuperJSON,
  systemClock,
} from '@parley/shared/internal'
import { Rate } from './core/rate.js'
import { Dispatch } from './dispatch.js'
import type { Session } from './handlers.js'
import type { HubChannels, HubTopic, HubTypes, Snapshot } from './handles.js'
import type { Log } from './logs/log.js'
import { memoryLog } from './logs/memory.js'
import { createBinder } from './shell/bound-topics.js'
import { Contracts, type OnMismatch } from './shell/contracts.js'
import type { Application } from './shell/core.js'
import { Draining } from './shell/draining.js'
import { Endings } from './shell/endings.js'
import { channelHandle, channelTree, hubTopic } from './shell/handles.js'
import type { LiveHub } from './shell/live-hub.js'
import { checkLimits, checkOrigins } from './shell/options.js'
import { Presences } from './shell/presences.js'
import { createReporter } from './shell/reporter.js'
import { Sessions } from './shell/sessions.js'
import { snapshot } from './shell/snapshot.js'
import { Ticker } from './shell/ticker.js'
import { Topics } from './topics.js'

/** What `around` is told of the run that it goes round. */
export interface Around<Context> {
  readonly kind: 'join' | 'message' | 'call' | 'stream'
  /** The contract's path; for a message the channel's path, a dot and its name. */
  readonly path: string
  readonly context: Context
  readonly session: Session
}

/** What `context` is given. */
export interface ContextRequest<Auth> {
  /** The upgrade, or the HTTP request; absent over an in-memory link. */
  readonly request: Request | undefined
  /** What the client's `auth` gave, or the `Authorization: Bearer` of an HTTP request; parsed by the `auth` schema. */
  readonly auth: Auth
  readonly session: Session
}

/** What `onSession` may return. */
type SessionEnd = void | ((reason: string) => unknown)

export interface HubOptions<Auth extends Schema | undefined, Context> {
  /** What a client presents itself with. Without it `auth` is `undefined`, whatever a client sends. */
  readonly auth?: Auth
  /**
   * Makes the context of a session, or of one request over plain SSE and HTTP. What it throws refuses the client:
   * `UNAUTHENTICATED` for good, unless it is a ParleyError `FORBIDDEN`, or `OVERLOADED`, which means later. The
   * client is told the message of a ParleyError with one of these codes, and of nothing else.
   */
  readonly context?: (request: ContextRequest<SchemaOutput<Auth>>) => Context | Promise<Context>
  /** Names the member that a session belongs to; `undefined`: nobody. */
  readonly identify?: (context: NoInfer<Context>) => string | undefined
  /** Goes round every join, message, call and stream. The outcome is that of `next`, unless this throws. */
  readonly around?: (run: Around<NoInfer<Context>>, next: () => Promise<void>) => unknown
  /**
   * Runs when a session starts; what it returns runs when it ends, with the reason: the name of the close code, such
   * as `DISCONNECTED`, or what the socket said, such as `1006`. Nothing waits for it; what it throws is reported.
   */
  readonly onSession?: (start: {
    readonly session: Session
    readonly context: NoInfer<Context>
  }) => SessionEnd | Promise<SessionEnd>
  /** Gets every notice for the operator. Default: one line on stderr. */
  readonly onReport?: (report: Report) => void
  /** Where events are kept. Default: `memoryLog()`. */
  readonly log?: Log
  /** Foreign origins (`https://app.example.com`) that may connect; `'*'`: all, without cookies. Default: none. */
  readonly allowedOrigins?: readonly string[]
  /** Changes single limits; the rest stays. */
  readonly limits?: Partial<Limits>
  /** An application's own superjson instance, with its registered types. */
  readonly superjson?: SuperJSON
  /**
   * Descriptions of the contracts that were served before, as `describeContract` made them: what `contract.lock.json`
   * holds. A durable log keeps them by itself. A client of one that fits goes on; one of another is refused with
   * `CONTRACT_MISMATCH`.
   */
  readonly contracts?: readonly ContractDescription[]
  /** What to do about a client of a contract that nothing is known of. Default: `'report'`, and it goes on. */
  readonly onMismatch?: OnMismatch
}

export interface Hub<Tree extends ContractTree, Context> extends HubTypes<Tree, Context> {
  readonly contract: Contract<Tree>
  /** Emits from anywhere: `hub.channel.room({ id }).emit('message', { ... })`. */
  readonly channel: HubChannels<Tree>
  /**
   * Loads what a page begins with, and tells from where a client must read on to miss nothing: the position is taken
   * before `load` is called. An event that is emitted while it loads may be in the data, and comes to the client all
   * the same: drop it by its `key`. What was changed must be stored before its event is emitted, and `load` must read
   * it where it was stored, not from a replica that is behind.
   *
   * @param topic One of `hub.channel`, with its params.
   * @throws ParleyError (from the promise) `BAD_OPTIONS` for what is no topic of this hub, `CLOSED` after `close`,
   *   `INTERNAL` where the log cannot be asked; and what `load` throws, as it is.
   * @example
   * const room = await hub.snapshot(hub.channel.room({ id }), () => db.messages.last(50, id))
   */
  snapshot<Data>(
    topic: Pick<HubTopic<unknown>, 'inspect' | 'kick' | 'close'>,
    load: () => Data | PromiseLike<Data>,
  ): Promise<Snapshot<Data>>
  /** Ends every connection (clients come back elsewhere) and closes the log. */
  close(): Promise<void>
}

/** Finds the inside of a hub. */
const cores = new WeakMap<object, LiveHub>()

export function coreOf(hub: object): LiveHub {
  const core = cores.get(hub)
  if (!core) throw new ParleyError('BAD_OPTIONS', 'this is no hub: pass what createHub returned')
  return core
}

/**
 * Makes the hub of a contract: one per program.
 *
 * @throws ParleyError `BAD_OPTIONS` for a limit, an origin or a description that cannot be meant, and for a contract with
 *   `once` over a log that cannot remember what ran.
 * @example
 * export const hub = createHub(contract, {
 *   auth: z.string(),
 *   context: async ({ auth }) => ({ user: await userOf(auth) }),
 *   identify: ({ user }) => user.id,
 * })
 * hub.channel.notifications.emit('notification', { text: 'hello' })
 */
export function createHub<
  Tree extends ContractTree,
  Auth extends Schema | undefined = undefined,
  Context = undefined,
>(contract: Contract<Tree>, options: HubOptions<Auth, Context> = {}): Hub<Tree, Context> {
  return createHubWith(contract, options, systemClock)
}

/** The same with a clock of one's own, for tests. */
export function createHubWith<
  Tree extends ContractTree,
  Auth extends Schema | undefined = undefined,
  Context = undefined,
>(contract: Contract<Tree>, options: HubOptions<Auth, Context>, clock: Clock): Hub<Tree, Context> {
  const limits = checkLimits(options.limits)
  const report = createReporter(options.onReport ?? printReport, clock)
  const log = options.log ?? memoryLog({ clock, maxBytes: limits.logBytes, maxTopics: limits.logTopics })
  requireOnce(contract, log)
  const topics = new Topics({
    log,
    codec: createCodec(options.superjson),
    limits,
    clock,
    onReport: report,
  })
  const connections: LiveHub['connections'] = new Set()
  const sessions = new Sessions(clock, limits)
  const sse: LiveHub['sse'] = new Set()
  const core: LiveHub = {
    contract,
    topics,
    ticker: new Ticker(clock),
    // the options were checked against their own types; inside, context is unknown
    dispatch: new Dispatch({
      topics,
      around: options.around as never,
      bind: createBinder(contract.channels, topics.finder),
    }),
    application: options as unknown as Application,
    allowedOrigins: checkOrigins(options.allowedOrigins),
    fingerprint: contract.fingerprint,
    contracts: new Contracts({
      contract,
      known: options.contracts,
      onMismatch: options.onMismatch,
      store: log.contracts,
      clock,
      report,
    }),
    report,
    connections,
    sessions,
    sse,
    endings: new Endings(),
    presences: new Presences(clock, limits),
    handshakes: new Rate(limits.handshakesPerSecond, clock.now()),
    draining: new Draining({ clock, connections, sessions, sse }),
  }
  const channel = channelTree(contract.channels, (spec) =>
    channelHandle(spec, topics.finder, (topic) => hubTopic(core, topic)),
  ) as HubChannels<Tree>
  const hub: Hub<Tree, Context> = {
    contract,
    channel,
    snapshot: (topic, load) => snapshot(core, topic, load),
    close: () => closeHub(core),
  }
  cores.set(hub, core)
  return hub
}

async function closeHub({ connections, sessions, sse, presences, topics }: LiveHub): Promise<void> {
  for (const connection of [...connections]) connection.close('MOVE', 'the hub was closed')
  for (const session of sessions) session.end('MOVE')
  for (const response of [...sse]) response.close()
  presences.close()
  await topics.close()
}

/** What must not run twice needs a log that remembers what ran. */
function requireOnce(contract: ContractSpecs, log: Log): void {
  if (log.once) return
  const once: string[] = []
  for (const [path, call] of contract.calls) if (call.onceMs !== undefined) once.push(`'${path}'`)
  for (const [path, channel] of contract.channels) {
    for (const [name, message] of channel.messages)
      if (message.onceMs !== undefined) once.push(`'${path}.${name}'`)
  }
  if (once.length === 0) return
  throw new ParleyError(
    'BAD_OPTIONS',
    `${once.join(', ')} must not run twice (\`once\`), and ${log.name ?? 'the log'} cannot remember across a crash what ` +
      "ran: give createHub `log: sqliteLog(path)` of '@parley/server/sqlite', with `synchronous` 'normal' or 'full'",
  )
}
