/**
 * One connection: takes frames from a socket to the session's rules, and carries out what they order. The socket is
 * a WebSocket or an in-memory link; it demands little.
 */
import {
  type CloseCodeName,
  closeCodes,
  type Encoded,
  encodeCloseReason,
  encodeServerFrame,
  type FrameData,
  parseClientFrame,
  protocolVersion,
  type Received,
  type ServerFrame,
  type Topic,
} from '@parley/shared/internal'
import { Session, type SessionOrder } from '../core/session.js'
import type { NativeSocket } from '../fanout/member.js'
import { Refusal, refusalClose } from './admission.js'
import type { HandlerTable, HubCore, LiveConnection } from './core.js'
import { Credentials, type Entrance } from './credentials.js'
import { DrainQueue } from './drain.js'
import { share } from './reader.js'
import { startRun, topicKey } from './run.js'
import { Runs } from './runs.js'
import type { ServerSession } from './session.js'
import { SessionHook } from './session-hook.js'
import type { ServerSocket } from './socket.js'
import { type Peer, Subscriptions } from './subscriptions.js'
import { Turns } from './turns.js'

export interface ConnectionOptions {
  readonly core: HubCore
  readonly handlers: HandlerTable
  readonly socket: ServerSocket
  readonly entrance: Entrance
}

/** How long whoever comes to a closed hub is advised to stay away. */
const closedDelayMs = 5_000

export class Connection implements LiveConnection, Peer {
  readonly #core: HubCore
  readonly #socket: ServerSocket
  readonly #credentials: Credentials
  readonly #machine: Session
  readonly #subscriptions: Subscriptions
  readonly #drain: DrainQueue
  readonly turns: Turns
  readonly #runs: Runs
  readonly #stopTicking: () => void
  readonly #stopEpochs: () => void
  #client: string | undefined
  #secret: string | undefined
  readonly #hook: SessionHook
  /** Those that are being carried out. */
  #orders: SessionOrder[] | undefined
  #over = false

  constructor({ core, handlers, socket, entrance }: ConnectionOptions) {
    this.#core = core
    this.#socket = socket
    const { clock, limits } = core.topics
    this.#credentials = new Credentials(core, entrance, {
      expires: (inMs) => this.sendFrame({ type: 'expires', inMs }),
      expired: () => this.close('EXPIRED', 'the credentials have ended'),
    })
    this.#machine = new Session(limits, clock.now(), (path, params) => topicKey(core, path, params))
    this.#hook = new SessionHook(core)
    this.#runs = new Runs({
      start: (run) => startRun(core, handlers, this, run),
      send: (frame) => this.sendFrame(frame),
      over: (id) => {
        if (!this.#over) this.#carryOut(this.#machine.settled(id))
      },
    })
    this.#subscriptions = new Subscriptions(core, handlers, this)
    this.#drain = new DrainQueue(clock, () => socket.buffered() <= this.capacity / (2 * share))
    this.turns = new Turns(share, this.#drain)
    this.#stopTicking = core.ticker.add((now) => this.#carryOut(this.#machine.elapsed(now)))
    this.#stopEpochs = core.topics.onEpoch(() => {
      if (this.#machine.state === 'open') this.sendFrame({ type: 'epoch', epoch: core.topics.epoch })
    })
    core.connections.add(this)
    if (core.topics.closed) this.close('DRAINING', 'the hub was closed', closedDelayMs)
  }

  get session(): ServerSession {
    return this.#credentials.session
  }

  get client(): string | undefined {
    return this.#client
  }

  get member(): string | undefined {
    return this.#credentials.member
  }

  get context(): unknown {
    return this.#credentials.context
  }

  get native(): NativeSocket | undefined {
    return this.#socket.native
  }

  hasJoined(topic: Topic): boolean {
    return this.#subscriptions.hasJoined(topic)
  }

  /** Ends the subscription to a topic, if there is one. */
  endTopic(key: string, code: string, message: string): void {
    this.#subscriptions.endTopic(key, code, message)
  }

  /** Calls and messages that run or wait. */
  get pending(): number {
    return this.#machine.pending
  }

  /** A frame came in. */
  received(data: FrameData): void {
    if (this.#over) return
    const { limits, clock } = this.#core.topics
    const size = typeof data === 'string' ? data.length : data.byteLength
    if (size > limits.frameBytes)
      this.close('TOO_LARGE', `a frame of ${size} bytes, ${limits.frameBytes} allowed`)
    else if (this.#socket.buffered() > limits.unreadBytes)
      this.close('SLOW', 'too many answers were left unread')
    else this.#carryOut(this.#machine.received(parseClientFrame(data, limits.jsonDepth), clock.now()))
  }

  /** Bytes were taken by the network. */
  drained(): void {
    this.#drain.look()
  }

  /** The socket is gone, whoever closed it. */
  closed(reason: string): void {
    if (this.#over) return
    this.#over = true
    this.#stopTicking()
    this.#stopEpochs()
    this.#drain.close()
    this.#credentials.close()
    this.#core.connections.delete(this)
    if (this.#secret !== undefined) this.#core.bySecret.delete(this.#secret)
    this.#subscriptions.leaveAll()
    for (const order of this.#machine.closed()) if (order.type === 'abort') this.#runs.abort(order.id)
    this.#hook.end(reason)
  }

  /** Ends the connection with one of our codes. */
  close(code: CloseCodeName, why: string, delayMs?: number): void {
    if (this.#over) return
    const reason = encodeCloseReason({ code, why, ...(delayMs === undefined ? {} : { delayMs }) })
    this.closed(code) // first: a socket that tells of its close at once would give its own words for the reason
    this.#socket.close(closeCodes[code].code, reason)
  }

  /** A reader cannot go on; the client comes back, from its positions. Why is in the report alone. */
  failed(): void {
    this.close('INTERNAL', 'the log could not be read')
  }

  /** Sends a frame that cannot be had again: a socket that loses it is of no use any more. */
  sendFrame(frame: ServerFrame<Encoded>): void {
    if (!this.send(encodeServerFrame(frame))) this.close('SLOW', 'the socket lost a frame')
  }

  /** False when the socket lost it. */
  send(data: FrameData): boolean {
    return this.#over || this.#socket.send(data)
  }

  /** One write for everything that happens inside, where the socket can do that. */
  burst(work: () => void): void {
    if (this.#socket.cork && !this.#over) this.#socket.cork(work)
    else work()
  }

  /** Most bytes that should be queued for it. */
  get capacity(): number {
    return Math.min(this.#core.topics.limits.queuedBytes, this.#socket.capacity ?? Number.POSITIVE_INFINITY)
  }

  queued(): number {
    return this.#over ? 0 : this.#socket.buffered()
  }

  /** Calls `run` once few bytes are queued. */
  onDrain(run: () => void): () => void {
    return this.#drain.wait(run)
  }

  /** The subscription ended on the server's side. */
  unsubscribed(id: number): void {
    this.#machine.unsubscribed(id)
  }

  readEnded(id: number): void {
    this.#machine.readEnded(id)
  }

  /** What an order leads to at once comes after it, not inside it: a row of messages may be as long as the limits say. */
  #carryOut(orders: readonly SessionOrder[]): void {
    if (orders.length === 0) return
    if (this.#orders) {
      this.#orders.push(...orders)
      return
    }
    const all = [...orders]
    this.#orders = all
    try {
      this.#carryOutEach(all)
    } finally {
      this.#orders = undefined
    }
  }

  #carryOutEach(orders: readonly SessionOrder[]): void {
    for (const order of orders) {
      if (this.#over) return
      switch (order.type) {
        case 'send':
          this.sendFrame(order.frame)
          break
        case 'close':
          if (order.code === 'PROTOCOL' || order.code === 'TOO_LARGE') {
            const message = `a client broke the protocol: ${order.why}`
            this.#core.report({ kind: 'protocol', id: this.session.id, message })
          }
          this.close(order.code, order.why)
          break
        case 'admit':
          this.#client = order.client
          this.#admit(order.auth, order.before)
          break
        case 'refresh':
          this.#refresh(order.id, order.auth)
          break
        case 'join':
          this.#subscriptions.join(order.id, order.path, order.params, order.from)
          break
        case 'leave':
          this.#subscriptions.leave(order.id)
          break
        case 'read':
          this.#subscriptions.read(order.id, order.subscription, order.from, order.until)
          break
        case 'cancel-read':
          this.#subscriptions.cancelRead(order.id)
          break
        case 'run':
          this.#runs.run(order.run)
          break
        case 'abort':
          this.#runs.abort(order.id)
      }
    }
  }

  async #admit(auth: Received | undefined, before: string | undefined): Promise<void> {
    const core = this.#core
    const asked = core.endings.now
    const admitted = await this.#credentials.ask(auth)
    if (this.#over) return
    if (admitted instanceof Refusal) {
      this.#carryOut(this.#machine.refused(refusalClose[admitted.code], admitted.why))
      return
    }
    try {
      await core.topics.open()
    } catch (error) {
      if (this.#over) return
      core.report({ kind: 'log-failed', message: 'the log could not be opened', error })
      this.close('INTERNAL', 'the log could not be opened')
      return
    }
    if (this.#over) return
    const ending = core.endings.since(asked, this.member)
    if (ending) {
      this.close(ending.code === 'OVERLOADED' ? 'OVERLOADED' : 'DISCONNECTED', ending.message)
      return
    }
    // a link that broke in silence may still bring, or hold back, messages that were sent before those of this one
    if (before !== undefined) core.bySecret.get(before)?.close('TAKEN_OVER', 'the client came back')
    this.#hook.begin(this.session, admitted.context)
    if (this.#over) return // the application may disconnect whom it is told of
    const { limits, epoch, clock } = core.topics
    this.#secret = clock.secret()
    core.bySecret.set(this.#secret, this)
    const welcome = this.#machine.admitted({
      type: 'welcome',
      version: protocolVersion,
      contract: core.contract.fingerprint,
      session: this.#secret,
      resumed: false,
      epoch,
      frameBytes: limits.frameBytes,
      heartbeatMs: limits.heartbeatMs,
      heartbeatGraceMs: limits.heartbeatGraceMs,
    })
    this.#carryOut(welcome)
    this.#credentials.watch()
  }

  /** New credentials for the running session. */
  async #refresh(id: number, auth: Received | undefined): Promise<void> {
    const before = this.member
    const admitted = await this.#credentials.ask(auth)
    if (this.#over) return
    this.#machine.refreshed()
    if (admitted instanceof Refusal) {
      // the old credentials hold until they end
      this.sendFrame({ type: 'err', id, code: admitted.code, message: admitted.why })
      return
    }
    if (admitted.member !== before) {
      this.close('SESSION_CHANGED', 'the new credentials belong to another member')
      return
    }
    this.sendFrame({ type: 'ok', id })
    await this.#subscriptions.recheck()
  }
}
