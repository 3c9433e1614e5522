/**
 * The server's side of one WebSocket connection, as rules without sockets or time of its own. The promise: nothing
 * runs before `hello` was admitted; what a client asks is answered once; messages of one topic run one at a time in
 * the order sent; a frame out of place ends this connection and no other.
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

/** A call or message that is to be run. `id` is the client's number, or a negative one of ours for a volatile message. */
export interface Run {
  readonly id: number
  readonly kind: 'call' | 'message'
  readonly path: string
  readonly params: WireParams | undefined
  /** The message's name; empty for a call. */
  readonly name: string
  /** 0: the server's default. */
  readonly withinMs: number
  readonly input: Received | undefined
}

export type SessionOrder =
  | { readonly type: 'send'; readonly frame: ServerFrame<Encoded> }
  | { readonly type: 'close'; readonly code: CloseCodeName; readonly why: string }
  /** Ask the application whether this client may come in; the answer is `admitted` or `refused`. */
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
  | {
      readonly type: 'read'
      readonly id: number
      readonly subscription: number
      readonly from: From
      readonly until: Position
    }
  | { readonly type: 'cancel-read'; readonly id: number }
  /** Run it; when it has settled, call `settled`. */
  | { readonly type: 'run'; readonly run: Run }
  /** Tell the handler to stop; `settled` follows. */
  | { readonly type: 'abort'; readonly id: number }

export interface SessionLimits
  extends Pick<
    Limits,
    | 'subscriptionsPerConnection'
    | 'callsInFlight'
    | 'messagesWaiting'
    | 'helloMs'
    | 'heartbeatMs'
    | 'heartbeatGraceMs'
  > {}

type State = 'greeting' | 'admitting' | 'open' | 'closed'

const nothing: readonly SessionOrder[] = []

type TopicKey = (path: string, params: WireParams | undefined) => string

export class Session {
  #state: State = 'greeting'
  readonly #limits: SessionLimits
  readonly #topicKey: TopicKey
  readonly #openedAt: number
  #heardAt: number
  #pinged = false
  readonly #subscriptions = new Set<number>()
  readonly #reads = new Set<number>()
  readonly #calls = new Set<number>()
  /** Messages of one topic, the running one first. */
  readonly #lanes = new Map<string, Run[]>()
  /** The lane of each message that runs or waits. */
  readonly #laneOf = new Map<number, string>()
  /** The number of the `auth` that is being asked about. */
  #refreshing: number | undefined
  #volatileRuns = 0
  /** Volatile messages that found their lane full. */
  volatileDropped = 0

  /** @param topicKey what all spellings of one topic have in common. */
  constructor(limits: SessionLimits, now: number, topicKey: TopicKey = asWritten) {
    this.#limits = limits
    this.#topicKey = topicKey
    this.#openedAt = now
    this.#heardAt = now
  }

  get state(): State {
    return this.#state
  }

  /** Calls and messages that run or wait. */
  get pending(): number {
    return this.#calls.size + this.#laneOf.size
  }

  received(frame: ClientFrame<Received> | Fault, now: number): readonly SessionOrder[] {
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
  admitted(welcome: Extract<ServerFrame<Encoded>, { type: 'welcome' }>): readonly SessionOrder[] {
    if (this.#state !== 'admitting') return nothing
    this.#state = 'open'
    return [{ type: 'send', frame: welcome }]
  }

  refused(code: CloseCodeName, why: string): readonly SessionOrder[] {
    return this.#state === 'closed' ? nothing : this.#end(code, why)
  }

  /** A call or message has its answer, which the shell has sent; the next message of its topic may run. */
  settled(id: number): readonly SessionOrder[] {
    if (this.#calls.delete(id)) return nothing
    const key = this.#laneOf.get(id)
    const lane = key === undefined ? undefined : this.#lanes.get(key)
    if (key === undefined || !lane || lane[0]?.id !== id) return nothing
    this.#laneOf.delete(id)
    lane.shift()
    const next = lane[0]
    if (next) return [{ type: 'run', run: next }]
    this.#lanes.delete(key)
    return nothing
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
  elapsed(now: number): readonly SessionOrder[] {
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

  /** The connection is gone: everything that runs is told so. */
  closed(): readonly SessionOrder[] {
    this.#state = 'closed'
    const running = [...this.#calls, ...[...this.#lanes.values()].map((lane) => lane[0]!.id)]
    this.#calls.clear()
    this.#lanes.clear()
    this.#laneOf.clear()
    this.#subscriptions.clear()
    this.#reads.clear()
    return running.map((id) => ({ type: 'abort', id }))
  }

  #end(code: CloseCodeName, why: string): readonly SessionOrder[] {
    this.#state = 'closed'
    return [{ type: 'close', code, why }]
  }

  #opened(frame: ClientFrame<Received>): readonly SessionOrder[] {
    switch (frame.type) {
      case 'call':
        return this.#call(frame)
      case 'send':
        return this.#message({ ...frame, kind: 'message', input: frame.input })
      case 'cast': {
        const id = -++this.#volatileRuns
        return this.#message({ ...frame, id, kind: 'message', withinMs: 0, input: frame.input })
      }
      case 'sub':
        return this.#subscribe(frame)
      case 'unsub':
        return this.#subscriptions.delete(frame.id) ? [{ type: 'leave', id: frame.id }] : nothing
      case 'read':
        return this.#read(frame)
      case 'cancel':
        return this.#cancel(frame.id)
      case 'auth':
        return this.#auth(frame)
      case 'stream':
        return [this.#error(frame.id, 'NOT_FOUND', `there is no stream '${frame.path.slice(0, 100)}'`)]
      case 'presence':
      case 'credit':
        return nothing // for a subscription or stream that is gone: a late frame, not a broken rule
      default:
        return this.#end('PROTOCOL', `${frame.type} out of place`)
    }
  }

  /** One at a time: else an answer that took longer would put older credentials over newer ones. */
  #auth({ id, auth }: Extract<ClientFrame<Received>, { type: 'auth' }>): readonly SessionOrder[] {
    if (this.#taken(id)) return this.#twice(id)
    if (this.#refreshing !== undefined)
      return [this.#error(id, 'OVERLOADED', 'the credentials sent before are still being looked at')]
    this.#refreshing = id
    return [{ type: 'refresh', id, auth }]
  }

  #call(frame: Extract<ClientFrame<Received>, { type: 'call' }>): readonly SessionOrder[] {
    const { id, path, withinMs, input } = frame
    if (this.#taken(id)) return this.#twice(id)
    if (this.#calls.size >= this.#limits.callsInFlight) {
      return [this.#error(id, 'OVERLOADED', `more than ${this.#limits.callsInFlight} calls in flight`)]
    }
    this.#calls.add(id)
    return [{ type: 'run', run: { id, kind: 'call', path, params: undefined, name: '', withinMs, input } }]
  }

  #message({ id, path, params, name, withinMs, input }: Run): readonly SessionOrder[] {
    if (this.#taken(id)) return this.#twice(id)
    const run: Run = { id, kind: 'message', path, params, name, withinMs, input }
    const key = this.#topicKey(path, params)
    const lane = this.#lanes.get(key)
    if (this.#laneOf.size >= this.#limits.messagesWaiting) {
      if (id > 0)
        return [this.#error(id, 'OVERLOADED', `more than ${this.#limits.messagesWaiting} messages wait`)]
      this.volatileDropped++
      return nothing
    }
    this.#laneOf.set(id, key)
    if (lane) {
      lane.push(run)
      return nothing
    }
    this.#lanes.set(key, [run])
    return [{ type: 'run', run }]
  }

  #subscribe(frame: Extract<ClientFrame<Received>, { type: 'sub' }>): readonly SessionOrder[] {
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

  #read(frame: Extract<ClientFrame<Received>, { type: 'read' }>): readonly SessionOrder[] {
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

  #cancel(id: number): readonly SessionOrder[] {
    if (this.#reads.delete(id)) return [{ type: 'cancel-read', id }]
    if (this.#calls.has(id)) return [{ type: 'abort', id }]
    const key = this.#laneOf.get(id)
    const lane = key === undefined ? undefined : this.#lanes.get(key)
    if (!lane) return nothing
    if (lane[0]?.id === id) return [{ type: 'abort', id }]
    // it waits: it never ran and never will
    lane.splice(
      lane.findIndex((run) => run.id === id),
      1,
    )
    this.#laneOf.delete(id)
    return [this.#error(id, 'ABORTED', 'given up before it ran')]
  }

  #taken(id: number): boolean {
    return (
      id === this.#refreshing ||
      this.#calls.has(id) ||
      this.#laneOf.has(id) ||
      this.#subscriptions.has(id) ||
      this.#reads.has(id)
    )
  }

  #twice(id: number): readonly SessionOrder[] {
    return this.#end('PROTOCOL', `number ${id} is in use`)
  }

  #error(id: number, code: string, message: string): SessionOrder {
    return { type: 'send', frame: { type: 'err', id, code, message } }
  }
}

/** Names a topic as the client wrote it, whatever the order of its params. */
export function asWritten(path: string, params: WireParams | undefined): string {
  if (!params) return path
  return path + JSON.stringify(Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1)))
}
