/**
 * A session and what it holds: who the client is, what runs for it, and the connection that delivers, if there is one.
 * It carries out what the session's rules order.
 */
import type { CloseCodeName, Encoded, ServerFrame, Topic } from '@parley/shared/internal'
import { type RequestFrame, SessionMachine, type SessionOrder } from '../core/session.js'
import { failure } from '../failure.js'
import { answered } from '../running.js'
import type { HandlerTable, HubCore } from './core.js'
import type { Credentials } from './credentials.js'
import { OrderQueue } from './order-queue.js'
import { type Caller, startRun, startStream, topicKey } from './run.js'
import { Runs } from './runs.js'
import type { ServerSession } from './session.js'
import { SessionHook } from './session-hook.js'

/** The connection that delivers for a session. */
export interface Carrier {
  sendFrame(frame: ServerFrame<Encoded>): void
  /** Whether `join` has allowed this topic on this connection. */
  hasJoined(topic: Topic): boolean
  close(code: CloseCodeName, why: string): void
}

/** Who keeps sessions without a connection. */
export interface Keeper {
  changed(session: LiveSession): void
  delete(session: LiveSession): void
}

export interface LiveSessionOptions {
  readonly core: HubCore
  /** Told of each session that ends, or holds more or less. */
  readonly keeper: Keeper
  readonly handlers: HandlerTable
  readonly client: string
  readonly credentials: Credentials
}

const ended = failure('UNAUTHENTICATED', 'the credentials ended before its turn came: it did not run')

export class LiveSession implements Caller {
  readonly client: string
  /** Resumes it; known to its client alone. */
  readonly secret: string
  readonly credentials: Credentials
  readonly #core: HubCore
  readonly #keeper: Keeper
  readonly #machine: SessionMachine
  readonly #runs: Runs
  readonly #hook: SessionHook
  #carrier: Carrier | undefined
  readonly #orders = new OrderQueue<SessionOrder>((order) => {
    this.#carryOutOne(order)
    return !this.#over
  })
  #over = false

  constructor({ core, keeper, handlers, client, credentials }: LiveSessionOptions) {
    this.#core = core
    this.#keeper = keeper
    this.client = client
    this.credentials = credentials
    this.secret = core.topics.clock.secret()
    this.#machine = new SessionMachine(core.topics.limits, (path, params) => topicKey(core, path, params))
    this.#hook = new SessionHook(core)
    this.#runs = new Runs({
      // a message may wait for its turn while the client is away
      start: (run) =>
        this.session.expiresInMs === 0 ? answered(ended) : startRun(core, handlers, this, run),
      startStream: (id, path, input) =>
        startStream(core, handlers, this, { path, input }, (value) => {
          this.#carryOut(this.#machine.yielded(id, value))
          this.#kept()
        }),
      answered: (answer) => {
        this.#carryOut(this.#machine.answered(answer))
        this.#kept()
      },
      over: (id) => this.#carryOut(this.#machine.over(id)),
    })
  }

  get session(): ServerSession {
    return this.credentials.session
  }

  get context(): unknown {
    return this.credentials.context
  }

  get member(): string | undefined {
    return this.credentials.member
  }

  get isOver(): boolean {
    return this.#over
  }

  /** Whether a connection delivers for it. */
  get isCarried(): boolean {
    return this.#carrier !== undefined
  }

  /** Calls, messages and streams that run or wait. */
  get pending(): number {
    return this.#machine.pending
  }

  /** The highest number of a call, message or stream that came. */
  get taken(): number {
    return this.#machine.taken
  }

  /** What it keeps until its client acknowledges it. */
  get bytes(): number {
    return this.#machine.bytes
  }

  /** Volatile messages that were dropped under pressure. */
  get volatileDropped(): number {
    return this.#machine.volatileDropped
  }

  hasJoined(topic: Topic): boolean {
    return this.#carrier?.hasJoined(topic) ?? false
  }

  /** Tells the application that it begins; that may end it at once. */
  begin(): void {
    this.#hook.begin(this.session, this.context)
  }

  /** From now on this connection delivers. One that did so is told; what it still brings counts no more. */
  carryBy(carrier: Carrier): void {
    const before = this.#carrier
    this.#carrier = carrier
    this.#machine.away()
    before?.close('TAKEN_OVER', 'the client came back')
    this.#keeper.changed(this)
  }

  /** This connection is gone; whether it was the one that delivered. */
  letGo(carrier: Carrier): boolean {
    if (this.#carrier !== carrier) return false
    this.#carrier = undefined
    this.#machine.away()
    return true
  }

  received(frame: RequestFrame): void {
    this.#carryOut(this.#machine.received(frame))
  }

  /** The application, or its time, ends it: its connection is closed with this code. */
  close(code: CloseCodeName, why: string): void {
    this.#carrier?.close(code, why)
    this.end(code)
  }

  /** Nothing of it is left: what runs is told to stop. */
  end(reason: string): void {
    if (this.#over) return
    this.#over = true
    this.#keeper.delete(this)
    // a client that began another session is on its way back to its topics
    if (reason !== 'TAKEN_OVER') this.#core.presences.sessionEnded(this.client, this.member)
    for (const order of this.#machine.ended()) if (order.type === 'abort') this.#runs.abort(order.id)
    this.#hook.end(reason)
  }

  /** It may hold more than before. */
  #kept(): void {
    if (!this.#carrier && !this.#over) this.#keeper.changed(this)
  }

  #carryOut(orders: readonly SessionOrder[]): void {
    if (!this.#over) this.#orders.run(orders)
  }

  #carryOutOne(order: SessionOrder): void {
    switch (order.type) {
      case 'answer':
        this.#carrier?.sendFrame(order.answer)
        break
      case 'value':
        this.#carrier?.sendFrame({ type: 'y', id: order.id, seq: order.seq, value: order.value })
        break
      case 'run':
        this.#runs.run(order.run)
        break
      case 'stream':
        this.#runs.stream(order.id, order.path, order.input)
        break
      case 'pull':
        this.#runs.pull(order.id)
        break
      case 'abort':
        this.#runs.abort(order.id)
        break
      case 'broken':
        this.#carrier?.close('PROTOCOL', order.why)
    }
  }
}
