/**
 * One connection: takes frames from a socket to its rules, and carries out what they order; calls and messages go on to
 * the session that it carries. The socket is a WebSocket, a fallback link or an in-memory link; it demands little.
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
  reconnectPolicy,
  type ServerFrame,
  type Topic,
} from '@parley/shared/internal'
import { ConnectionMachine, type ConnectionOrder } from '../core/connection.js'
import { Stall } from '../core/stall.js'
import type { NativeSocket } from '../fanout/member.js'
import { Refusal } from './admission.js'
import type { HandlerTable, LiveConnection } from './core.js'
import type { CredentialsEvents, Entrance } from './credentials.js'
import { DrainQueue } from './drain.js'
import {
  type Admission,
  admitClient,
  beginSession,
  type Entering,
  isTurnedAway,
  type Known,
  type TurnedAway,
} from './entry.js'
import type { LiveHub } from './live-hub.js'
import type { Carrier, LiveSession } from './live-session.js'
import { OrderQueue } from './order-queue.js'
import { share } from './reader.js'
import type { ServerSession } from './session.js'
import type { ServerSocket } from './socket.js'
import { type Peer, Subscriptions } from './subscriptions.js'
import { Turns } from './turns.js'

export interface ConnectionOptions {
  readonly core: LiveHub
  readonly handlers: HandlerTable
  readonly socket: ServerSocket
  readonly entrance: Entrance
}

export class Connection implements LiveConnection, Peer, Carrier {
  readonly #core: LiveHub
  readonly #socket: ServerSocket
  readonly #handlers: HandlerTable
  readonly #entrance: Entrance
  readonly #machine: ConnectionMachine
  readonly #subscriptions: Subscriptions
  readonly #drain: DrainQueue
  readonly turns: Turns
  readonly #stall: Stall
  readonly #stopTicking: () => void
  readonly #stopEpochs: () => void
  readonly #expiry: CredentialsEvents = {
    expires: (inMs) => this.sendFrame({ type: 'expires', inMs }),
    expired: () => this.close('EXPIRED', 'the credentials have ended'),
  }
  /** The session that it carries, once its client was let in. */
  #live: LiveSession | undefined
  readonly #orders = new OrderQueue<ConnectionOrder>((order) => {
    this.#carryOutOne(order)
    return !this.#over
  })
  #over = false

  constructor({ core, handlers, socket, entrance }: ConnectionOptions) {
    this.#core = core
    this.#handlers = handlers
    this.#socket = socket
    this.#entrance = entrance
    const { clock, limits } = core.topics
    this.#machine = new ConnectionMachine(limits, core.ticker.now())
    this.#subscriptions = new Subscriptions(core, handlers, this)
    this.#drain = new DrainQueue(clock, () => socket.buffered() <= this.capacity / (2 * share))
    this.turns = new Turns(share, this.#drain)
    this.#stall = new Stall(limits.stalledMs, this.capacity / share, core.ticker.now())
    this.#stopTicking = core.ticker.add((now) => this.#tick(now))
    this.#stopEpochs = core.topics.onEpoch(() => {
      if (this.#machine.state === 'open') this.sendFrame({ type: 'epoch', epoch: core.topics.epoch })
    })
    core.connections.add(this)
    if (core.topics.closed) this.#sendAway()
  }

  /** To be asked for once the client was let in. */
  get session(): ServerSession {
    return this.#open.session
  }

  get client(): string | undefined {
    return this.#live?.client
  }

  get member(): string | undefined {
    return this.#live?.member
  }

  get context(): unknown {
    return this.#live?.context
  }

  get canMove(): boolean {
    return this.#machine.state === 'open' && this.#entrance.transport !== 'link'
  }

  get pending(): number {
    return this.#live?.pending ?? 0
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

  /** A frame came in. */
  received(data: FrameData): void {
    if (this.#over) return
    const { ticker, topics } = this.#core
    const { limits } = topics
    const size = typeof data === 'string' ? data.length : data.byteLength
    if (size > limits.frameBytes)
      this.close('TOO_LARGE', `a frame of ${size} bytes, ${limits.frameBytes} allowed`)
    else if (this.#socket.buffered() > limits.unreadBytes)
      this.close('SLOW', 'too many answers were left unread')
    else this.#carryOut(this.#machine.received(parseClientFrame(data, limits.jsonDepth), ticker.now()))
  }

  /** Bytes were taken by the network. */
  drained(): void {
    // one that counts may say so with nothing taken: its count tells
    if (!this.#socket.taken) this.#stall.tookSome(this.#core.ticker.now())
    this.#drain.look()
  }

  /** The socket is gone, by the client's doing or by nobody's. */
  closed(code: number, reason: string): void {
    const isEnd = code === 1000 || reconnectPolicy(code) === 'never'
    this.#gone(isEnd, `${code}${reason === '' ? '' : ` ${reason}`}`, isEnd || code === pageLeft)
  }

  move(inMs: number): void {
    this.sendFrame({ type: 'move', inMs })
  }

  /** Nobody is let in any more. */
  #sendAway(): void {
    this.close('DRAINING', 'the server is shutting down', this.#core.draining.delayMs('newcomer'))
  }

  /** Ends the connection with one of our codes. */
  close(code: CloseCodeName, why: string, delayMs?: number): void {
    if (this.#over) return
    const delay = delayMs === undefined ? {} : { delayMs }
    // the session goes with the server: what is still on its way here can be sent elsewhere
    const isLeaving = code === 'DRAINING' || code === 'MOVE'
    const taken = isLeaving && this.#live ? { taken: this.#live.taken } : {}
    const reason = encodeCloseReason({ code, ...delay, ...taken, why })
    // first: a socket that tells of its close at once would give its own words for the reason
    this.#gone(endsSession(code), code)
    this.#socket.close(closeCodes[code].code, reason)
  }

  /**
   * @param isEnd whether the session ends with it; else it waits for its client.
   * @param hasLeft whether nobody is there any more; else it may be a cut.
   */
  #gone(isEnd: boolean, reason: string, hasLeft = isEnd): void {
    if (this.#over) return
    this.#over = true
    this.#stopTicking()
    this.#stopEpochs()
    this.#drain.close()
    this.#core.connections.delete(this)
    // a client that came by another connection is there, whatever became of this one
    this.#subscriptions.leaveAll(hasLeft && reason !== takenOver ? 'left' : 'lost')
    this.#machine.closed()
    const live = this.#live
    if (!live) return
    live.credentials.unwatch(this.#expiry)
    if (!live.letGo(this)) return
    if (isEnd) live.end(reason)
    else this.#core.sessions.keep(live, reason)
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

  #tick(now: number): void {
    const isStalled = this.#stall.look(this.#socket.buffered(), now, this.#socket.taken?.())
    if (isStalled) this.close('SLOW', 'no byte was taken for too long')
    else this.#carryOut(this.#machine.elapsed(now))
  }

  #carryOut(orders: readonly ConnectionOrder[]): void {
    if (!this.#over) this.#orders.run(orders)
  }

  #carryOutOne(order: ConnectionOrder): void {
    switch (order.type) {
      case 'send':
        this.sendFrame(order.frame)
        break
      case 'close':
        if (order.code === 'PROTOCOL' || order.code === 'TOO_LARGE') {
          const message = `a client broke the protocol: ${order.why}`
          const { session } = this.#live ?? {}
          this.#core.report({ kind: 'protocol', ...(session ? { id: session.id } : {}), message })
        }
        this.close(order.code, order.why)
        break
      case 'admit':
        this.#admit(order)
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
      case 'presence':
        this.#subscriptions.present(order.id, order.wanted)
        break
      case 'read':
        this.#subscriptions.read(order.id, order.subscription, order.from, order.until)
        break
      case 'cancel-read':
        this.#subscriptions.cancelRead(order.id)
        break
      case 'request':
        this.#open.received(order.frame)
    }
  }

  async #admit(admission: Admission): Promise<void> {
    const [core, handlers, entrance] = [this.#core, this.#handlers, this.#entrance]
    const entering: Entering = { core, handlers, entrance, admission, isOver: () => this.#over }
    const known = await admitClient(entering)
    if (this.#over || known === 'over') return
    if (isTurnedAway(known)) this.#turnAway(known)
    else this.#welcome(entering, known)
  }

  #turnAway(why: TurnedAway): void {
    if (why === 'sent-away') this.#sendAway()
    else this.close(why.code, why.why, why.delayMs)
  }

  #welcome(entering: Entering, known: Known): void {
    const begun = beginSession(entering, known)
    if (isTurnedAway(begun)) {
      this.#turnAway(begun)
      return
    }
    const { live, isNew, head } = begun
    this.#live = live
    live.carryBy(this)
    if (isNew) live.begin()
    if (this.#over) return // the application may disconnect whom it is told of
    const { limits, epoch } = this.#core.topics
    const { heartbeatMs, heartbeatGraceMs } = limits
    // a larger one would end the connection before it is read, and again whenever it is sent anew
    const frameBytes = Math.min(limits.frameBytes, this.#socket.frameBytes ?? Number.POSITIVE_INFINITY)
    const rest = { session: live.secret, resumed: !isNew, epoch, frameBytes, heartbeatMs, heartbeatGraceMs }
    const welcome = this.#machine.admitted({ type: 'welcome', version: protocolVersion, ...head, ...rest })
    this.#carryOut(welcome)
    live.credentials.watch(this.#expiry)
  }

  /** New credentials for the running session. */
  async #refresh(id: number, auth: Received | undefined): Promise<void> {
    const live = this.#open
    const before = live.member
    const granted = await live.credentials.ask(this.#entrance, auth)
    if (this.#over) return
    this.#machine.refreshed()
    if (granted instanceof Refusal) {
      // the old credentials hold until they end
      this.sendFrame({ type: 'err', id, code: granted.code, message: granted.why })
      return
    }
    if (granted.member !== before) {
      this.close('SESSION_CHANGED', 'the new credentials belong to another member')
      return
    }
    // in one go with asking `join` again: nothing runs under these on what was joined under those before
    live.credentials.grant(granted)
    this.sendFrame({ type: 'ok', id })
    await this.#subscriptions.recheck()
  }

  /** The session of an open connection. */
  get #open(): LiveSession {
    if (!this.#live) throw new Error('a connection without a session was asked for it')
    return this.#live
  }
}

const takenOver: CloseCodeName = 'TAKEN_OVER'

/**
 * RFC 6455, 7.4.1: "going away", as browsers say when a page is closed or left for another. Its session is kept: what it
 * sent last still counts, and a page may come back from the back-forward cache.
 */
const pageLeft = 1001

/** Whether a client that is closed with this code has no session any more; one that was taken over has it elsewhere. */
function endsSession(code: CloseCodeName): boolean {
  return code === 'SESSION_CHANGED' || reconnectPolicy(closeCodes[code].code) === 'never'
}
