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
import type { NativeSocket } from '../fanout/member.js'
import { Refusal, refusalClose } from './admission.js'
import type { HandlerTable, HubCore, LiveConnection } from './core.js'
import { Credentials, type CredentialsEvents, type Entrance } from './credentials.js'
import { DrainQueue } from './drain.js'
import { type Carrier, LiveSession } from './live-session.js'
import { share } from './reader.js'
import type { ServerSession } from './session.js'
import type { ServerSocket } from './socket.js'
import { type Peer, Subscriptions } from './subscriptions.js'
import { Turns } from './turns.js'

export interface ConnectionOptions {
  readonly core: HubCore
  readonly handlers: HandlerTable
  readonly socket: ServerSocket
  readonly entrance: Entrance
}

export class Connection implements LiveConnection, Peer, Carrier {
  readonly #core: HubCore
  readonly #socket: ServerSocket
  readonly #handlers: HandlerTable
  readonly #entrance: Entrance
  readonly #machine: ConnectionMachine
  readonly #subscriptions: Subscriptions
  readonly #drain: DrainQueue
  readonly turns: Turns
  readonly #stopTicking: () => void
  readonly #stopEpochs: () => void
  readonly #expiry: CredentialsEvents = {
    expires: (inMs) => this.sendFrame({ type: 'expires', inMs }),
    expired: () => this.close('EXPIRED', 'the credentials have ended'),
  }
  /** The session that it carries, once its client was let in. */
  #live: LiveSession | undefined
  /** Those that are being carried out. */
  #orders: ConnectionOrder[] | undefined
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
    this.#stopTicking = core.ticker.add((now) => this.#carryOut(this.#machine.elapsed(now)))
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
    this.#drain.look()
  }

  /** The socket is gone, by the client's doing or by nobody's. */
  closed(code: number, reason: string): void {
    const isEnd = code === 1000 || reconnectPolicy(code) === 'never'
    this.#gone(isEnd, `${code}${reason === '' ? '' : ` ${reason}`}`)
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
    const reason = encodeCloseReason({ code, why, ...(delayMs === undefined ? {} : { delayMs }) })
    // first: a socket that tells of its close at once would give its own words for the reason
    this.#gone(endsSession(code), code)
    this.#socket.close(closeCodes[code].code, reason)
  }

  /** @param isEnd whether the session ends with it; else it waits for its client. */
  #gone(isEnd: boolean, reason: string): void {
    if (this.#over) return
    this.#over = true
    this.#stopTicking()
    this.#stopEpochs()
    this.#drain.close()
    this.#core.connections.delete(this)
    this.#subscriptions.leaveAll()
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

  /** What an order leads to at once comes after it, not inside it: a row of messages may be as long as the limits say. */
  #carryOut(orders: readonly ConnectionOrder[]): void {
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

  #carryOutEach(orders: readonly ConnectionOrder[]): void {
    for (const order of orders) {
      if (this.#over) return
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
  }

  async #admit({ client, before, contract, auth }: Admission): Promise<void> {
    const core = this.#core
    if (core.draining.isOn && !this.#found(client, before)) {
      this.#sendAway()
      return
    }
    const asked = core.endings.now
    const checked = core.contracts.check(contract)
    const verdict = checked instanceof Promise ? await checked : checked
    if (this.#over) return
    if (verdict.refusal !== undefined) {
      this.#carryOut(this.#machine.refused('CONTRACT_MISMATCH', verdict.refusal))
      return
    }
    const entered = await this.#enter(client, before, auth)
    if (this.#over) return
    if (entered instanceof Refusal) {
      this.#carryOut(this.#machine.refused(refusalClose[entered.code], entered.why))
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
    const ending = core.endings.since(asked, entered.credentials.member)
    if (ending) {
      this.close(ending.code === 'OVERLOADED' ? 'OVERLOADED' : 'DISCONNECTED', ending.message)
      return
    }
    this.#welcome(client, entered, verdict.fits === 'compatible')
  }

  /** Asks who this is: for the session that it comes back to, or for a new one. */
  async #enter(
    client: string,
    before: string | undefined,
    auth: Received | undefined,
  ): Promise<Entered | Refusal> {
    const own = this.#found(client, before)
    if (own) {
      const admitted = await own.credentials.ask(this.#entrance, auth)
      if (admitted instanceof Refusal) return admitted
      if (admitted.member === own.member && !own.isOver)
        return { credentials: own.credentials, resumes: own, refused: undefined }
    }
    const credentials = new Credentials(this.#core, this.#entrance.transport)
    const admitted = await credentials.ask(this.#entrance, auth)
    if (admitted instanceof Refusal) return admitted
    const found = before === undefined ? undefined : this.#core.sessions.find(before)
    const isTaken = found !== undefined && !found.isOver
    const refused = before === undefined ? undefined : isTaken ? 'SESSION_CHANGED' : 'SESSION_GONE'
    return { credentials, resumes: undefined, refused }
  }

  /** The session that a client comes back to. */
  #found(client: string, before: string | undefined): LiveSession | undefined {
    const found = before === undefined ? undefined : this.#core.sessions.find(before)
    return found?.client === client ? found : undefined
  }

  #welcome(client: string, { credentials, resumes, refused }: Entered, isCompatible: boolean): void {
    const core = this.#core
    // it may have ended while the log was opened
    const resumed = resumes !== undefined && !resumes.isOver
    if (core.draining.isOn && !resumed) {
      this.#sendAway()
      return
    }
    const live = resumed ? resumes : new LiveSession({ core, handlers: this.#handlers, client, credentials })
    this.#live = live
    if (!resumed) {
      // what it asked for in a session before, perhaps before it was elsewhere, must not run beside what it asks for now
      const older = core.sessions.ofClient(client)
      if (older && older.member === live.member) older.close('TAKEN_OVER', 'the client began a new session')
      core.sessions.add(live)
    }
    live.carryBy(this)
    if (!resumed) live.begin()
    if (this.#over) return // the application may disconnect whom it is told of
    const { limits, epoch } = core.topics
    const why = resumes && !resumed ? 'SESSION_GONE' : refused
    const welcome = this.#machine.admitted({
      type: 'welcome',
      version: protocolVersion,
      contract: core.contract.fingerprint,
      ...(isCompatible ? { fits: 'compatible' } : {}),
      session: live.secret,
      resumed,
      ...(why === undefined ? {} : { refused: why }),
      epoch,
      frameBytes: limits.frameBytes,
      heartbeatMs: limits.heartbeatMs,
      heartbeatGraceMs: limits.heartbeatGraceMs,
    })
    this.#carryOut(welcome)
    live.credentials.watch(this.#expiry)
  }

  /** New credentials for the running session. */
  async #refresh(id: number, auth: Received | undefined): Promise<void> {
    const live = this.#open
    const before = live.member
    const admitted = await live.credentials.ask(this.#entrance, auth)
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

  /** The session of an open connection. */
  get #open(): LiveSession {
    if (!this.#live) throw new Error('a connection without a session was asked for it')
    return this.#live
  }
}

type Admission = Extract<ConnectionOrder, { type: 'admit' }>

/** Who came in. */
interface Entered {
  readonly credentials: Credentials
  /** The session that goes on. */
  readonly resumes: LiveSession | undefined
  /** Why the one that was named does not. */
  readonly refused: string | undefined
}

/** Whether a client that is closed with this code has no session any more; one that was taken over has it elsewhere. */
function endsSession(code: CloseCodeName): boolean {
  return code === 'SESSION_CHANGED' || reconnectPolicy(closeCodes[code].code) === 'never'
}
