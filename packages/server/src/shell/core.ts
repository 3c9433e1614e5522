/** What a hub is made of, for the router, the transports and the adapters: the application sees none of it. */
import type { Report, Schema } from '@parley/shared'
import type { ContractSpecs } from '@parley/shared/internal'
import type { Rate } from '../core/rate.js'
import type { Dispatch } from '../dispatch.js'
import type { AnyHandler } from '../handler-run.js'
import type { Topics } from '../topics.js'
import type { Contracts } from './contracts.js'
import type { Movable } from './draining.js'
import type { Endings } from './endings.js'
import type { Presences } from './presences.js'
import type { ServerSession } from './session.js'
import type { SseResponse } from './sse.js'
import type { Ticker } from './ticker.js'

/** What `context` is given. */
export interface ContextInput {
  /** The upgrade or HTTP request; absent over an in-memory link. */
  readonly request: Request | undefined
  readonly auth: unknown
  readonly session: ServerSession
}

/** How the application answers for its users. */
export interface Application {
  readonly auth: Schema | undefined
  readonly context: ((input: ContextInput) => unknown) | undefined
  readonly identify: ((context: unknown) => string | undefined) | undefined
  readonly onSession: ((start: { session: ServerSession; context: unknown }) => unknown) | undefined
}

/** The handlers of one channel. */
export interface ChannelHandlers {
  readonly join: (input: {
    params: unknown
    context: unknown
    session: ServerSession
    request?: Request
  }) => unknown
  /** Where the channel has presence. */
  readonly presence: PresenceHandler | undefined
  readonly messages: ReadonlyMap<string, AnyHandler>
}

/** Says what a client is shown as. */
export type PresenceHandler = (input: {
  params: unknown
  context: unknown
  session: ServerSession
  wanted: unknown
}) => unknown

/** All handlers of a router, found by path. */
export interface HandlerTable {
  readonly channels: ReadonlyMap<string, ChannelHandlers>
  readonly calls: ReadonlyMap<string, AnyHandler>
  readonly streams: ReadonlyMap<string, AnyHandler>
}

/** A connection, as the rest of the hub sees it. */
export interface LiveConnection extends Movable {
  readonly member: string | undefined
  readonly client: string | undefined
  queued(): number
  /** Ends the subscription to a topic, if there is one. */
  endTopic(key: string, code: string, message: string): void
}

export interface HubCore {
  readonly contract: ContractSpecs
  readonly topics: Topics
  readonly ticker: Ticker
  readonly dispatch: Dispatch
  readonly application: Application
  readonly allowedOrigins: readonly string[]
  readonly fingerprint: string
  readonly contracts: Contracts
  readonly report: (report: Report) => void
  readonly connections: Set<LiveConnection>
  readonly sse: Set<SseResponse>
  readonly endings: Endings
  readonly presences: Presences
  /** How many more may come in now. */
  readonly handshakes: Rate
}
