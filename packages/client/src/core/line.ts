/**
 * One line: an attempt at a connection, and the connection that it leads to.
 *
 * Promise: it opens within a known time or ends; once open, it is noticed when the other side is gone; its credentials
 * are refreshed before they expire; it ends exactly once, and does nothing after that.
 *
 *     auth -> socket -> welcome -> open -> over          over also from each of the others
 *
 * Inputs: what the socket did (`opened`, `received`, `closed`), what `auth` said (`authenticated`, `authFailed`), that
 * the world may have changed (`woke`), that a better way is there (`better`), and time (`elapsed`, to be called at
 * `next`). Outputs: orders, and news for the machine above, which decides what comes of them (link.ts). `now` never
 * goes back.
 */
import { clientDefaults, closeCodes, protocolVersion, type ServerFrame } from '@parley/shared/internal'
import { readClosing } from './closing.js'
import type { ConnectionError } from './connection-state.js'
import { Heartbeat } from './heartbeat.js'
import type { LineEnding, LineOutput } from './link-output.js'
import { Refresh } from './refresh.js'

export interface LineOptions {
  /** Fingerprint of the contract; worked out when it is first needed. */
  readonly contract: () => string
  /** This client's own secret, the same in each hello. */
  readonly client: string
}

/** What it waits for. */
type Stage = 'auth' | 'socket' | 'welcome' | 'open' | 'over'

const never = Number.POSITIVE_INFINITY

export class Line<Out, In> {
  readonly number: number
  readonly #options: LineOptions
  /** The session that hello names. */
  readonly #session: string | undefined
  #stage: Stage = 'auth'
  /** When the current stage has taken too long. */
  #stageEnds: number
  #auth: Out | undefined
  #heartbeat: Heartbeat | undefined
  /** The world may have changed, and nothing was heard since. */
  #isInDoubt = false
  /** Silence that no living connection has. */
  #longestSilence = never
  readonly #refresh = new Refresh()
  /** Number of the auth frame that waits for its answer. */
  #authId: number | undefined
  /** A better way was there before this one was open. */
  #isOutdated = false
  #isUnanswered = false

  constructor(number: number, options: LineOptions, session: string | undefined, now: number) {
    this.number = number
    this.#options = options
    this.#session = session
    this.#stageEnds = now + clientDefaults.connectMs
  }

  get isOpen(): boolean {
    return this.#stage === 'open'
  }

  get isOver(): boolean {
    return this.#stage === 'over'
  }

  /**
   * Hello went out, and no welcome came: the server may give this line the session, or begin one for it that ends the
   * client's other one, also when the line is over.
   */
  get isUnanswered(): boolean {
    return this.#isUnanswered
  }

  /** When `elapsed` has something to do, unless something happens before. */
  get next(): number {
    return Math.min(this.#stageEnds, this.#refresh.next, this.#heartbeat?.next ?? never)
  }

  // --- on the way to open -----------------------------------------------------------------------------------

  begin(): LineOutput<Out, In>[] {
    return [{ type: 'ask-auth', line: this.number }]
  }

  /** The application gave credentials. `id` numbers the frame, where one is sent. */
  authenticated(auth: Out | undefined, id: number, now: number): LineOutput<Out, In>[] {
    if (this.#stage === 'auth') {
      this.#auth = auth
      this.#enter('socket', now + clientDefaults.connectMs)
      return [{ type: 'connect', line: this.number }]
    }
    if (this.#stage !== 'open') return []
    this.#authId = id
    return [this.#send({ type: 'auth', id, ...(auth === undefined ? {} : { auth }) })]
  }

  /** The application's `auth` threw. */
  authFailed(message: string, now: number): LineOutput<Out, In>[] {
    if (this.#stage === 'auth') return this.#end({ policy: 'at-once', error: unauthenticated(message) })
    if (this.#stage === 'open') this.#refresh.failed(now)
    return []
  }

  opened(now: number): LineOutput<Out, In>[] {
    if (this.#stage !== 'socket') return []
    // One time-out for both: a server that accepts and says nothing is no better than one that does not accept.
    this.#enter('welcome', Math.min(this.#stageEnds, now + clientDefaults.connectMs))
    const { contract, client } = this.#options
    const hello = { type: 'hello', version: protocolVersion, contract: contract(), client } as const
    const session = this.#session === undefined ? {} : { session: this.#session }
    const auth = this.#auth === undefined ? {} : { auth: this.#auth }
    this.#auth = undefined
    this.#isUnanswered = true
    return [this.#send({ ...hello, ...session, ...auth })]
  }

  /** No socket can be made at all; trying again would not change that. */
  impossible(error: ConnectionError): LineOutput<Out, In>[] {
    return this.#stage === 'socket' ? this.#end({ policy: 'never', error }) : []
  }

  // --- what happens on it -----------------------------------------------------------------------------------

  received(frame: ServerFrame<In>, now: number): LineOutput<Out, In>[] {
    if (this.#stage === 'over') return []
    this.heard(now)
    switch (frame.type) {
      case 'ping':
        return [this.#send({ type: 'pong' })]
      case 'pong':
        return []
      case 'welcome':
        return this.#stage === 'welcome' ? this.#welcomed(frame, now) : this.broken('welcome came twice')
      case 'expires':
        this.#refresh.expires(frame.inMs, now)
        return []
      case 'ok':
        if (frame.id !== this.#authId) break
        this.#authId = undefined
        return []
      case 'err':
        if (frame.id !== this.#authId) break
        this.#authId = undefined
        this.#refresh.failed(now)
        return [{ type: 'refresh-failed', error: { code: frame.code, message: frame.message } }]
    }
    if (this.#stage !== 'open') return this.broken(`${frame.type} came before welcome`)
    if (frame.type === 'move') return [{ type: 'move', inMs: frame.inMs }]
    return [{ type: 'frame', line: this.number, frame }]
  }

  /** A frame that this version does not know: a sign of life all the same. */
  heard(now: number): void {
    this.#isInDoubt = false
    this.#heartbeat?.heard(now)
  }

  /** The socket closed, or did not open. */
  closed(code: number, reason: string): LineOutput<Out, In>[] {
    if (this.#stage === 'over' || this.#stage === 'auth') return []
    const { isInvitation, ...closing } = readClosing(code, reason)
    // A page that comes out of the back-forward cache is shown first, and then told that its socket was closed.
    const isSoon = isInvitation || closing.isTakeover || this.#isInDoubt
    return this.#end({ ...closing, isSoon })
  }

  /** The server broke the protocol: coming back would only repeat it. */
  broken(why: string): LineOutput<Out, In>[] {
    if (this.#stage === 'over') return []
    const error = { code: 'PROTOCOL', message: `The server broke the protocol: ${why}` }
    return this.#fail({ policy: 'never', error }, closeCodes.PROTOCOL.code, why)
  }

  /** The transport knows of a better way than this one. */
  better(): LineOutput<Out, In>[] {
    if (this.#stage === 'open') return [{ type: 'move', inMs: 0 }]
    this.#isOutdated = true
    return []
  }

  /** Since when an answer is owed, if one is: silence is then tried earlier. */
  waiting(since: number | undefined): void {
    this.#heartbeat?.waiting(since)
  }

  /** The world may have changed unseen. */
  woke(now: number): LineOutput<Out, In>[] {
    if (!this.#heartbeat) return []
    this.#isInDoubt = true
    const { code } = closeCodes.HEARTBEAT
    const isDead = this.#heartbeat.silence(now) > this.#longestSilence
    if (isDead) return this.#fail({ policy: 'at-once', error: silent, isNoFailure: true }, code)
    return this.#heartbeat.probe(now) ? [this.#send({ type: 'ping' })] : []
  }

  elapsed(now: number): LineOutput<Out, In>[] {
    if (now >= this.#stageEnds) {
      const what = this.#stage === 'auth' ? '`auth` gave no answer' : 'The server did not answer'
      const error = { code: 'TIMEOUT', message: `${what} within ${clientDefaults.connectMs} ms.` }
      return this.#fail({ policy: 'at-once', error }, closeCodes.HELLO_TIMEOUT.code)
    }
    const outputs: LineOutput<Out, In>[] = []
    if (this.#refresh.elapsed(now)) outputs.push({ type: 'ask-auth', line: this.number })
    const due = this.#heartbeat?.elapsed(now)
    if (due === 'dead') {
      return this.#fail({ policy: 'at-once', error: silent, isSoon: true }, closeCodes.HEARTBEAT.code)
    }
    if (due === 'ping') outputs.push(this.#send({ type: 'ping' }))
    return outputs
  }

  /** It is over on our side, and nobody has to be told: whoever calls this knows. */
  letGo(code: number, why = ''): LineOutput<Out, In>[] {
    const hasSocket = this.#stage !== 'auth' && this.#stage !== 'over'
    this.#leave()
    return hasSocket ? [{ type: 'disconnect', line: this.number, code, why }] : []
  }

  // ----------------------------------------------------------------------------------------------------------

  #send(frame: Extract<LineOutput<Out, In>, { type: 'send' }>['frame']): LineOutput<Out, In> {
    return { type: 'send', line: this.number, frame }
  }

  #enter(stage: Stage, ends: number): void {
    this.#stage = stage
    this.#stageEnds = ends
  }

  #welcomed(welcome: Extract<ServerFrame<In>, { type: 'welcome' }>, now: number): LineOutput<Out, In>[] {
    if (welcome.version !== protocolVersion) return this.broken(`it speaks version ${welcome.version}`)
    const { heartbeatMs, heartbeatGraceMs } = welcome
    const { probeAfterMs, probeGraceMs } = clientDefaults
    this.#enter('open', never)
    this.#isUnanswered = false
    this.#heartbeat = new Heartbeat({ heartbeatMs, heartbeatGraceMs, probeAfterMs, probeGraceMs }, now)
    this.#longestSilence = heartbeatMs + heartbeatGraceMs
    return [{ type: 'welcomed', welcome }, ...(this.#isOutdated ? this.better() : [])]
  }

  #leave(): void {
    this.#enter('over', never)
    this.#refresh.forget()
    this.#heartbeat = undefined
    this.#authId = undefined
    this.#auth = undefined
  }

  #end(ending: LineEnding): LineOutput<Out, In>[] {
    this.#leave()
    return [{ type: 'ended', ending }]
  }

  /** It ends, and the socket, if there is one, is let go without waiting for anything. */
  #fail(ending: LineEnding, code: number, why?: string): LineOutput<Out, In>[] {
    return [...this.letGo(code, why), ...this.#end(ending)]
  }
}

const silent: ConnectionError = { code: 'HEARTBEAT', message: closeCodes.HEARTBEAT.meaning }

function unauthenticated(message: string): ConnectionError {
  return { code: 'UNAUTHENTICATED', message }
}
