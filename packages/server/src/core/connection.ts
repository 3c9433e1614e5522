/**
 * The server's side of one connection, as rules without sockets or time of its own. The promise: nothing runs before
 * `hello` was admitted; a dead link is noticed; a frame out of place ends this connection and no other. What the client asks
 * for goes on to its session, which may live longer.
 *
 *   greeting --hello--> admitting --admitted--> open --closed--> closed
 *   greeting, admitting, open --rule broken, refused, silent--> closed
 *
 * Inputs are methods, `now` in ms; each returns the orders that the shell carries out, in order.
 */
import {
  type ClientFrame,
  type CloseCodeName,
  type Encoded,
  Fault,
  type From,
  type Limits,
  type Position,
  protocolVersion,
  type Received,
  type ServerFrame,
  type WireParams,
} from '@parley/shared/internal'
import type { RequestFrame } from './session.js'

export type ConnectionOrder =
  | { readonly type: 'send'; readonly frame: ServerFrame<Encoded> }
  | { readonly type: 'close'; readonly code: CloseCodeName; readonly why: string }
  /** Ask the application whether this client may come in; the answer is `admitted`, or the end. */
  | {
      readonly type: 'admit'
      readonly client: string
      /** Secret of the session that the client had before. */
      readonly before: string | undefined
      readonly contract: string
      readonly auth: Received | undefined
    }
  /** Ask again with new credentials; answered to the client by the shell, which then calls `refreshed`. */
  | { readonly type: 'refresh'; readonly id: number; readonly auth: Received | undefined }
  | {
      readonly type: 'join'
      readonly id: number
      readonly path: string
      readonly params: WireParams | undefined
      readonly from: From
    }
  | { readonly type: 'leave'; readonly id: number }
  /** What the client wants to be shown as there; nothing: it leaves. */
  | { readonly type: 'presence'; readonly id: number; readonly wanted: Received | undefined }
  | {
      readonly type: 'read'
      readonly id: number
      readonly subscription: number
      readonly from: From
      readonly until: Position
    }
  | { readonly type: 'cancel-read'; readonly id: number }
  /** It is the session's. */
  | { readonly type: 'request'; readonly frame: RequestFrame }

export interface ConnectionLimits
  extends Pick<Limits, 'subscriptionsPerConnection' | 'helloMs' | 'heartbeatMs' | 'heartbeatGraceMs'> {}

type State = 'greeting' | 'admitting' | 'open' | 'closed'

const nothing: readonly ConnectionOrder[] = []

export class ConnectionMachine {
  #state: State = 'greeting'
  readonly #limits: ConnectionLimits
  readonly #openedAt: number
  #heardAt: number
  #pinged = false
  readonly #subscriptions = new Set<number>()
  readonly #reads = new Set<number>()
  /** The number of the `auth` that is being asked about. */
  #refreshing: number | undefined
  constructor(limits: ConnectionLimits, now: number) {
    this.#limits = limits
    this.#openedAt = now
    this.#heardAt = now
  }

  get state(): State {
    return this.#state
  }

  received(frame: ClientFrame<Received> | Fault, now: number): readonly ConnectionOrder[] {
    if (this.#state === 'closed') return nothing
    this.#heardAt = now
    this.#pinged = false
    if (frame instanceof Fault) return this.#end(frame.close, frame.why)
    if (frame.type === 'ping') return [{ type: 'send', frame: { type: 'pong' } }]
    if (frame.type === 'pong') return nothing
    if (this.#state === 'greeting') {
      if (frame.type !== 'hello') return this.#end('PROTOCOL', `${frame.type} before hello`)
      if (frame.version !== protocolVersion)
        return this.#end('PROTOCOL', `no protocol version ${frame.version}`)
      if (!/^[\w-]{16,64}$/.test(frame.client)) return this.#end('PROTOCOL', 'malformed client id')
      this.#state = 'admitting'
      const { client, session: before, contract, auth } = frame
      return [{ type: 'admit', client, before, contract, auth }]
    }
    if (this.#state === 'admitting') return this.#end('PROTOCOL', `${frame.type} before welcome`)
    return this.#opened(frame)
  }

  /** The application lets the client in. */
  admitted(welcome: Extract<ServerFrame<Encoded>, { type: 'welcome' }>): readonly ConnectionOrder[] {
    if (this.#state !== 'admitting') return nothing
    this.#state = 'open'
    return [{ type: 'send', frame: welcome }]
  }

  /** The `auth` that was asked about has its answer. */
  refreshed(): void {
    this.#refreshing = undefined
  }

  /** A subscription ended on the server's side. */
  unsubscribed(id: number): void {
    this.#subscriptions.delete(id)
  }

  readEnded(id: number): void {
    this.#reads.delete(id)
  }

  /** Called now and then, at least once a second. */
  elapsed(now: number): readonly ConnectionOrder[] {
    if (this.#state === 'closed') return nothing
    const { helloMs, heartbeatMs, heartbeatGraceMs } = this.#limits
    if (this.#state !== 'open' && now - this.#openedAt >= helloMs) {
      const what = this.#state === 'greeting' ? 'hello' : 'answer from the application'
      return this.#end('HELLO_TIMEOUT', `no ${what} within ${helloMs} ms`)
    }
    const silentMs = now - this.#heardAt
    if (silentMs >= heartbeatMs + heartbeatGraceMs) return this.#end('HEARTBEAT', `silent for ${silentMs} ms`)
    if (silentMs < heartbeatMs || this.#pinged) return nothing
    this.#pinged = true
    return [{ type: 'send', frame: { type: 'ping' } }]
  }

  /** The connection is gone. */
  closed(): void {
    this.#state = 'closed'
    this.#subscriptions.clear()
    this.#reads.clear()
  }

  #end(code: CloseCodeName, why: string): readonly ConnectionOrder[] {
    this.#state = 'closed'
    return [{ type: 'close', code, why }]
  }

  #opened(frame: ClientFrame<Received>): readonly ConnectionOrder[] {
    switch (frame.type) {
      case 'call':
      case 'send':
      case 'stream':
        return this.#taken(frame.id) ? this.#twice(frame.id) : [{ type: 'request', frame }]
      case 'cast':
      case 'credit':
      case 'ack':
        return [{ type: 'request', frame }]
      case 'sub':
        return this.#subscribe(frame)
      case 'unsub':
        return this.#subscriptions.delete(frame.id) ? [{ type: 'leave', id: frame.id }] : nothing
      case 'read':
        return this.#read(frame)
      case 'cancel':
        return this.#reads.delete(frame.id)
          ? [{ type: 'cancel-read', id: frame.id }]
          : [{ type: 'request', frame }]
      case 'auth':
        return this.#auth(frame)
      case 'presence': {
        const { subscription, wanted } = frame
        // for one that is gone: a late frame, not a broken rule
        if (!this.#subscriptions.has(subscription)) return nothing
        return [{ type: 'presence', id: subscription, wanted }]
      }
      default:
        return this.#end('PROTOCOL', `${frame.type} out of place`)
    }
  }

  /** One at a time: else an answer that took longer would put older credentials over newer ones. */
  #auth({ id, auth }: Extract<ClientFrame<Received>, { type: 'auth' }>): readonly ConnectionOrder[] {
    if (this.#taken(id)) return this.#twice(id)
    if (this.#refreshing !== undefined)
      return [this.#error(id, 'OVERLOADED', 'the credentials sent before are still being looked at')]
    this.#refreshing = id
    return [{ type: 'refresh', id, auth }]
  }

  #subscribe(frame: Extract<ClientFrame<Received>, { type: 'sub' }>): readonly ConnectionOrder[] {
    const { id, path, params, from } = frame
    if (this.#taken(id)) return this.#twice(id)
    const most = this.#limits.subscriptionsPerConnection
    if (this.#subscriptions.size >= most) {
      const message = `more than ${most} subscriptions on one connection`
      return [{ type: 'send', frame: { type: 'refused', id, code: 'OVERLOADED', message } }]
    }
    this.#subscriptions.add(id)
    return [{ type: 'join', id, path, params, from }]
  }

  #read(frame: Extract<ClientFrame<Received>, { type: 'read' }>): readonly ConnectionOrder[] {
    const { id, subscription, from, until } = frame
    if (this.#taken(id)) return this.#twice(id)
    if (from === 'now') return this.#end('PROTOCOL', 'a read needs a place to start from')
    if (!this.#subscriptions.has(subscription)) {
      return [this.#error(id, 'NOT_FOUND', `there is no subscription ${subscription} to read for`)]
    }
    if (this.#reads.size >= this.#limits.subscriptionsPerConnection) {
      return [this.#error(id, 'OVERLOADED', 'too many reads at once')]
    }
    this.#reads.add(id)
    return [{ type: 'read', id, subscription, from, until }]
  }

  #taken(id: number): boolean {
    return id === this.#refreshing || this.#subscriptions.has(id) || this.#reads.has(id)
  }

  #twice(id: number): readonly ConnectionOrder[] {
    return this.#end('PROTOCOL', `number ${id} is in use`)
  }

  #error(id: number, code: string, message: string): ConnectionOrder {
    return { type: 'send', frame: { type: 'err', id, code, message } }
  }
}
