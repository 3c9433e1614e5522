/**
 * Carries out what the machine of the connection says: the only place of a client with a socket, and with signs of
 * the outside world. What comes over the connection goes to `parts`.
 */
import { ParleyError, type Report } from '@parley/shared'
import {
  type ClientFrame,
  type Clock,
  type Encoded,
  encodeClientFrame,
  encodeCloseReason,
  Fault,
  type FrameData,
  type Link,
  type LinkEnd,
  parseServerFrame,
  type Received,
  type ServerFrame,
} from '@parley/shared/internal'
import type { ConnectionError, ConnectionState } from '../core/connection-state.js'
import type { Line } from '../core/line.js'
import { ClientLink } from '../core/link.js'
import type { LineOutput, LinkOutput } from '../core/link-output.js'
import { listenerFailure } from './listening.js'
import { createStore, type Store, type WritableStore } from './store.js'
import { Ticker, type Timed } from './ticker.js'
import { onWake } from './wake.js'

export type Welcome = Extract<ServerFrame<Received>, { type: 'welcome' }>

/**
 * What lives on the connection. A line is one connection of the past or present, by its number; while the client moves
 * from one to the next there are two.
 */
export interface ConnectionPart {
  /** From now on `line` is the one that is sent on. */
  up(welcome: Welcome, line: number): void
  /** This line is gone; of what was handed to it the server took nothing numbered above `taken`, if that is known. */
  down(line: number, taken?: number): void
  /** There will be no other connection by itself. */
  over(error: ParleyError): void
  /** A frame came; whether it was for this part. */
  received(frame: ServerFrame<Received>, line: number): boolean
}

export interface DriverOptions {
  readonly link: Link
  readonly clock: Clock
  /** Fingerprint of the contract. */
  readonly contract: () => string
  /** Credentials for a hello or a refresh, encoded; may throw or reject. */
  readonly auth: (() => Promise<Encoded | undefined>) | undefined
  readonly report: (report: Report) => void
}

/**
 * Deeper nesting than this from a server is no event of anybody's. Far above what a server takes itself, because a
 * server may emit what it would not accept.
 */
const deepest = 1_000

type Output = LinkOutput<Encoded, Received>

export class Driver {
  readonly #options: DriverOptions
  readonly #link: ClientLink<Encoded, Received>
  readonly #state: WritableStore<ConnectionState>
  readonly #ticker: Ticker
  readonly #parts: ConnectionPart[] = []
  readonly #timed: Timed[]
  readonly #queue: Output[] = []
  #isRunning = false
  /** The sockets that there are, by the number of their line. */
  readonly #ends = new Map<number, LinkEnd>()
  #ids = 0
  /** The line that is sent on. */
  #line = 0
  #stopWaking: (() => void) | undefined
  /** A connection came about, or it was said that none did. */
  #isReachable = false

  constructor(options: DriverOptions) {
    const { clock, contract, report } = options
    this.#options = options
    this.#link = new ClientLink({ contract, client: clock.secret() })
    const failed = listenerFailure('connection', report)
    this.#state = createStore(this.#link.state, (error) => failed('state', error))
    const link = this.#link
    this.#timed = [
      {
        get next() {
          return link.next
        },
        elapsed: (now) => this.#run(link.elapsed(now, clock.random())),
      },
    ]
    this.#ticker = new Ticker(clock, this.#timed, () => this.#woke())
  }

  get state(): Store<ConnectionState> {
    return this.#state
  }

  /** Adds what lives on the connection, and what of it waits for its time. */
  add(part: ConnectionPart & Partial<Timed>): void {
    this.#parts.push(part)
    if (part.next !== undefined && part.elapsed) this.#timed.push(part as Timed)
  }

  now(): number {
    return this.#ticker.now()
  }

  /** @throws ParleyError with the code that the connection was closed with, if it was. */
  requireOpen(): void {
    const state = this.#link.state
    if (state.status !== 'closed') return
    throw new ParleyError(
      state.code,
      `The connection is closed (${state.reason}); client.connection.open() opens it again`,
    )
  }

  /** The next number of the client's one sequence. */
  nextId(): number {
    this.#ids += 1
    return this.#ids
  }

  /** First use: opens a connection unless one was opened, or closed, before. */
  use(): void {
    if (this.#link.state.status === 'idle') this.open()
  }

  open(): void {
    this.#run(this.#link.open(this.now()))
  }

  close(): void {
    this.#run(this.#link.close())
  }

  reconnect(): void {
    this.#run(this.#link.reconnect(this.now(), this.#options.clock.random()))
  }

  /** @param line Where to send it; nothing is sent where that is gone. Default: the line that is sent on. */
  send(data: FrameData, line: number = this.#line): void {
    this.#ends.get(line)?.send(data)
  }

  sendFrame(frame: ClientFrame<Encoded>, line?: number): void {
    this.send(encodeClientFrame(frame), line)
  }

  /** Bytes that were handed over and not taken yet. */
  buffered(): number {
    return this.#ends.get(this.#line)?.buffered() ?? 0
  }

  /** Since when an answer is owed by the server on a line, if one is. Default: the line that is sent on. */
  waiting(since: number | undefined, line: number = this.#line): void {
    this.#link.line(line)?.waiting(since)
  }

  /** The server broke the protocol in a frame that is not the connection's own affair. */
  broken(line: number, why: string): void {
    this.#feed(line, (machine) => machine.broken(why))
  }

  /** Nothing is waited for on this line any more: unless it is the one that is sent on, it is let go. */
  idle(line: number): void {
    this.#run(this.#link.idle(line))
  }

  /** A part may have something to do earlier than before. */
  touch(): void {
    this.#ticker.touch()
  }

  // ----------------------------------------------------------------------------------------------------------

  #woke(): void {
    this.#run(this.#link.woke(this.now(), this.#options.clock.random()))
  }

  #run(outputs: readonly Output[]): void {
    this.#queue.push(...outputs)
    if (this.#isRunning) return // what is under way comes first
    this.#isRunning = true
    try {
      for (let output = this.#queue.shift(); output; output = this.#queue.shift()) this.#carryOut(output)
    } finally {
      this.#isRunning = false
    }
    this.#ticker.touch()
  }

  #carryOut(output: Output): void {
    switch (output.type) {
      case 'frame':
        this.#parts.some((part) => part.received(output.frame, output.line))
        break
      case 'send':
        this.sendFrame(output.frame, output.line)
        break
      case 'ask-auth':
        this.#askAuth(output.line)
        break
      case 'connect':
        this.#connect(output.line)
        break
      case 'disconnect':
        this.#disconnect(output.line, output.code, output.why)
        break
      case 'state':
        this.#follow(output.state)
        break
      case 'up':
        this.#line = output.line
        for (const part of this.#parts) part.up(output.welcome, output.line)
        break
      case 'down':
        for (const part of this.#lastFirst) part.down(output.line, output.taken)
        break
      case 'over':
        this.#over(output.error)
        break
      case 'refresh-failed': {
        const { code, message } = output.error
        const text = `the credentials could not be refreshed: ${code} ${message}`
        this.#options.report({ kind: 'refused', path: 'connection', message: text })
      }
    }
  }

  #askAuth(line: number): void {
    const { auth, clock } = this.#options
    const given = (payload: Encoded | undefined): void => {
      const id = this.nextId()
      this.#feed(line, (machine) => machine.authenticated(payload, id, this.now()))
    }
    if (!auth) given(undefined)
    auth?.().then(given, (error: unknown) => {
      if (!this.#link.line(line)) return // one of the past
      const failed = '`auth` failed; it is asked again'
      this.#options.report({ kind: 'handler-failed', path: 'connection', message: failed, error })
      const message = `\`auth\` failed: ${error instanceof Error ? error.message : String(error)}`
      this.#feed(line, (machine) => machine.authFailed(message, this.now()), clock.random())
    })
  }

  #connect(line: number): void {
    const { clock, link } = this.#options
    try {
      const end = link.connect({
        opened: () => {
          this.#isReachable = true
          this.#feed(line, (machine) => machine.opened(this.now()))
        },
        received: (data) => this.#received(line, data),
        closed: (code, reason) => {
          this.#forget(line)
          this.#feed(line, (machine) => machine.closed(code, reason), clock.random())
          this.#tellUnreachable()
        },
        better: () => this.#feed(line, (machine) => machine.better()),
      })
      if (this.#link.line(line)) this.#ends.set(line, end)
    } catch (error) {
      const code = error instanceof ParleyError ? error.code : 'BAD_OPTIONS'
      const message = error instanceof Error ? error.message : String(error)
      this.#feed(line, (machine) => machine.impossible({ code, message }))
    }
  }

  #feed(
    line: number,
    input: (machine: Line<Encoded, Received>) => readonly LineOutput<Encoded, Received>[],
    chance?: number,
  ): void {
    this.#run(this.#link.feed(line, input, this.now(), chance))
  }

  /** Of the first attempt alone: a wrong address says nothing else, and later a client that is away is nothing special. */
  #tellUnreachable(): void {
    const { state } = this.#link
    if (this.#isReachable || state.status !== 'reconnecting') return
    this.#isReachable = true
    const { code, message } = state.lastError
    this.#options.report({
      kind: 'unreachable',
      path: 'connection',
      message: `no connection yet: ${code} ${message}`,
    })
  }

  #received(line: number, data: FrameData): void {
    const frame = parseServerFrame(data, deepest)
    if (frame === undefined) this.#link.line(line)?.heard(this.now())
    else if (frame instanceof Fault) this.#feed(line, (machine) => machine.broken(frame.why))
    else this.#feed(line, (machine) => machine.received(frame, this.now()))
  }

  #disconnect(line: number, code: number, why: string): void {
    const end = this.#forget(line)
    end?.close(code, why === '' ? '' : encodeCloseReason({ code: 'PROTOCOL', why }))
  }

  #forget(line: number): LinkEnd | undefined {
    const end = this.#ends.get(line)
    this.#ends.delete(line)
    return end
  }

  /** The parts for a bad end: listeners hear of it from topics, and what they then ask for is not what ended. */
  get #lastFirst(): readonly ConnectionPart[] {
    return [...this.#parts].reverse()
  }

  #follow(state: ConnectionState): void {
    if (state.status === 'connecting') this.#stopWaking ??= onWake(() => this.#woke())
    if (state.status === 'closed') {
      this.#stopWaking?.()
      this.#stopWaking = undefined
    }
    this.#state.set(state)
  }

  #over({ code, message }: ConnectionError): void {
    if (code !== 'CLOSED') {
      const text = `the connection ended for good: ${code} ${message}`
      this.#options.report({ kind: 'refused', path: 'connection', message: text })
    }
    const error = new ParleyError(code, message)
    for (const part of this.#lastFirst) part.over(error)
  }
}
