/**
 * The connection of a client: when to open one, when to give one up, when to try again, and when not to.
 *
 * Promise: while it is wanted there is a connection, or the next attempt is due at a known time; attempts are spread
 * and slow down; a dead connection is noticed and let go at once; nothing that a connection of the past does touches
 * the one of today.
 *
 *     idle -open-> connecting -welcome-> open          `connecting`: auth is asked for, then a socket, then welcome
 *                     ^   |  \            |
 *              elapsed|   |   \-- lost ---|
 *                     |   v               v
 *                  reconnecting        closed (by the application, or for good by the server) -open-> connecting
 *
 * Inputs: what the application wants (`open`, `close`, `reconnect`), what the socket did (`opened`, `received`,
 * `closed`), what `auth` said (`authenticated`, `authFailed`), that the world may have changed (`woke`), and time
 * (`elapsed`, to be called at `next`). Each attempt has a number; an input of another attempt is ignored.
 * `now` never goes back. `chance` is a number from 0 (included) to 1 (excluded).
 */
import { clientDefaults, closeCodes, protocolVersion, type ServerFrame } from '@parley/shared/internal'
import { readClosing } from './closing.js'
import type { ConnectionError, ConnectionState } from './connection-state.js'
import { Heartbeat } from './heartbeat.js'
import type { LinkOutput } from './link-output.js'
import { Refresh } from './refresh.js'
import { Retry } from './retry.js'

export interface LinkOptions {
  /** Fingerprint of the contract; worked out when it is first needed. */
  readonly contract: () => string
  /** This client's own secret, the same in each hello. */
  readonly client: string
}

/** What the current attempt is waiting for. */
type Stage = 'auth' | 'socket' | 'welcome' | 'open'

const never = Number.POSITIVE_INFINITY

export class ClientLink<Out, In> {
  readonly #options: LinkOptions
  #state: ConnectionState = { status: 'idle' }
  /** Number of the current, or last, attempt. */
  #attempt = 0
  #stage: Stage | undefined
  /** When the current stage has taken too long. */
  #stageEnds = never
  #auth: Out | undefined
  #session: string | undefined
  readonly #retry = new Retry()
  #heartbeat: Heartbeat | undefined
  /** The world may have changed, and nothing was heard since. */
  #isInDoubt = false
  /** Silence that no living connection has. */
  #longestSilence = never
  readonly #refresh = new Refresh()
  /** Number of the auth frame that waits for its answer. */
  #authId: number | undefined

  constructor(options: LinkOptions) {
    this.#options = options
  }

  get state(): ConnectionState {
    return this.#state
  }

  get attempt(): number {
    return this.#attempt
  }

  /** When `elapsed` has something to do, unless something happens before. */
  get next(): number {
    const { next = never } = this.#heartbeat ?? {}
    return Math.min(this.#stageEnds, this.#retry.next, this.#refresh.next, next)
  }

  // --- what the application wants ---------------------------------------------------------------------------

  /** A connection is wanted. One that there is, or that is being tried for, stays. */
  open(now: number): LinkOutput<Out, In>[] {
    const { status } = this.#state
    if (status !== 'idle' && status !== 'closed') return []
    this.#retry.forgive()
    return this.#begin(now)
  }

  /** No connection is wanted any more. */
  close(): LinkOutput<Out, In>[] {
    if (this.#state.status === 'closed') return []
    const error = { code: 'CLOSED', message: 'The application closed the client.' }
    return [...this.#letGo(1000, ''), ...this.#end(error, false)]
  }

  /** The application has reason to believe that another connection is better than this one. */
  reconnect(now: number, chance: number): LinkOutput<Out, In>[] {
    const { status } = this.#state
    if (status === 'idle' || status === 'closed') return this.open(now)
    this.#retry.forgive()
    const error = { code: 'LOST', message: 'The application asked for another connection.' }
    return [...this.#letGo(1000, ''), ...this.#wait(this.#retry.soon(now, chance), error)]
  }

  /** The world may have changed unseen: the machine slept, the network came back, the page is shown again. */
  woke(now: number, chance: number): LinkOutput<Out, In>[] {
    if (this.#state.status === 'reconnecting') {
      const delayMs = this.#retry.hasten(now, chance)
      return delayMs === undefined ? [] : this.#wait(delayMs, this.#state.lastError)
    }
    if (!this.#heartbeat) return []
    this.#isInDoubt = true
    if (this.#heartbeat.silence(now) > this.#longestSilence) {
      const lost = this.#letGo(closeCodes.HEARTBEAT.code, '')
      return [...lost, ...this.#wait(this.#retry.soon(now, chance), silent)]
    }
    return this.#heartbeat.probe(now) ? [{ type: 'send', frame: { type: 'ping' } }] : []
  }

  // --- what happened ----------------------------------------------------------------------------------------

  /** The application gave credentials. `id` numbers the frame, where one is sent. */
  authenticated(attempt: number, auth: Out | undefined, id: number, now: number): LinkOutput<Out, In>[] {
    if (attempt !== this.#attempt) return []
    if (this.#stage === 'auth') {
      this.#auth = auth
      this.#enter('socket', now + clientDefaults.connectMs)
      return [{ type: 'connect', attempt }]
    }
    if (this.#stage !== 'open') return []
    this.#authId = id
    return [{ type: 'send', frame: { type: 'auth', id, ...(auth === undefined ? {} : { auth }) } }]
  }

  /** The application's `auth` threw. */
  authFailed(attempt: number, message: string, now: number, chance: number): LinkOutput<Out, In>[] {
    if (attempt !== this.#attempt) return []
    const error = { code: 'UNAUTHENTICATED', message }
    if (this.#stage === 'auth') return [...this.#leave(), ...this.#failed(error, now, chance)]
    if (this.#stage === 'open') this.#refresh.failed(now)
    return []
  }

  opened(attempt: number, now: number): LinkOutput<Out, In>[] {
    if (attempt !== this.#attempt || this.#stage !== 'socket') return []
    // One time-out for both: a server that accepts and says nothing is no better than one that does not accept.
    this.#enter('welcome', Math.min(this.#stageEnds, now + clientDefaults.connectMs))
    const { contract, client } = this.#options
    const hello = { type: 'hello', version: protocolVersion, contract: contract(), client } as const
    const session = this.#session === undefined ? {} : { session: this.#session }
    const auth = this.#auth === undefined ? {} : { auth: this.#auth }
    this.#auth = undefined
    return [{ type: 'send', frame: { ...hello, ...session, ...auth } }]
  }

  received(attempt: number, frame: ServerFrame<In>, now: number): LinkOutput<Out, In>[] {
    if (attempt !== this.#attempt || this.#stage === undefined) return []
    this.heard(attempt, now)
    switch (frame.type) {
      case 'ping':
        return [{ type: 'send', frame: { type: 'pong' } }]
      case 'pong':
        return []
      case 'welcome':
        return this.#stage === 'welcome'
          ? this.#welcomed(frame, now)
          : this.broken(attempt, 'welcome came twice')
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
        return this.#refreshFailed({ code: frame.code, message: frame.message }, now)
    }
    if (this.#stage !== 'open') return this.broken(attempt, `${frame.type} came before welcome`)
    return [{ type: 'frame', frame }]
  }

  /** The socket closed, or did not open. */
  closed(attempt: number, code: number, reason: string, now: number, chance: number): LinkOutput<Out, In>[] {
    if (attempt !== this.#attempt || this.#stage === undefined || this.#stage === 'auth') return []
    this.#retry.noteSteady(now)
    const { policy, isInvitation, delayMs, error } = readClosing(code, reason)
    // A page that comes out of the back-forward cache is shown first, and then told that its socket was closed.
    const isSoon = isInvitation || this.#isInDoubt
    const lost = this.#leave()
    if (policy === 'never') return [...lost, ...this.#end(error, true)]
    if (delayMs === undefined) return [...lost, ...this.#failed(error, now, chance, isSoon)]
    return [...lost, ...this.#wait(this.#retry.advised(now, delayMs), error)]
  }

  /** A frame that this version does not know: a sign of life all the same. */
  heard(attempt: number, now: number): void {
    if (attempt !== this.#attempt) return
    this.#isInDoubt = false
    this.#heartbeat?.heard(now)
  }

  /** No socket can be made at all; trying again would not change that. */
  impossible(attempt: number, error: ConnectionError): LinkOutput<Out, In>[] {
    if (attempt !== this.#attempt || this.#stage !== 'socket') return []
    return [...this.#leave(), ...this.#end(error, true)]
  }

  /** The server broke the protocol: coming back would only repeat it. */
  broken(attempt: number, why: string): LinkOutput<Out, In>[] {
    if (attempt !== this.#attempt || this.#stage === undefined) return []
    const error = { code: 'PROTOCOL', message: `The server broke the protocol: ${why}` }
    return [...this.#letGo(closeCodes.PROTOCOL.code, why), ...this.#end(error, true)]
  }

  /** Since when an answer is owed, if one is: silence is then tried earlier. */
  waiting(since: number | undefined): void {
    this.#heartbeat?.waiting(since)
  }

  elapsed(now: number, chance: number): LinkOutput<Out, In>[] {
    this.#retry.noteSteady(now)
    if (now >= this.#stageEnds) {
      const what = this.#stage === 'auth' ? '`auth` gave no answer' : 'The server did not answer'
      const error = { code: 'TIMEOUT', message: `${what} within ${clientDefaults.connectMs} ms.` }
      return [...this.#letGo(closeCodes.HELLO_TIMEOUT.code, ''), ...this.#failed(error, now, chance)]
    }
    if (this.#retry.isDue(now)) return this.#begin(now)
    const outputs: LinkOutput<Out, In>[] = []
    if (this.#refresh.elapsed(now)) outputs.push({ type: 'ask-auth', attempt: this.#attempt })
    const due = this.#heartbeat?.elapsed(now)
    if (due === 'dead') {
      return [...this.#letGo(closeCodes.HEARTBEAT.code, ''), ...this.#failed(silent, now, chance, true)]
    }
    if (due === 'ping') outputs.push({ type: 'send', frame: { type: 'ping' } })
    return outputs
  }

  // ----------------------------------------------------------------------------------------------------------

  #become(state: ConnectionState): LinkOutput<Out, In>[] {
    this.#state = state
    return [{ type: 'state', state }]
  }

  #enter(stage: Stage, ends: number): void {
    this.#stage = stage
    this.#stageEnds = ends
  }

  /** An attempt begins. */
  #begin(now: number): LinkOutput<Out, In>[] {
    this.#attempt += 1
    this.#retry.stop()
    this.#enter('auth', now + clientDefaults.connectMs)
    return [...this.#become({ status: 'connecting' }), { type: 'ask-auth', attempt: this.#attempt }]
  }

  #welcomed(welcome: Extract<ServerFrame<In>, { type: 'welcome' }>, now: number): LinkOutput<Out, In>[] {
    if (welcome.version !== protocolVersion) {
      return this.broken(this.#attempt, `it speaks version ${welcome.version}`)
    }
    const { heartbeatMs, heartbeatGraceMs, session, contract } = welcome
    const { probeAfterMs, probeGraceMs } = clientDefaults
    this.#enter('open', never)
    this.#retry.opened(now)
    this.#session = session
    this.#heartbeat = new Heartbeat({ heartbeatMs, heartbeatGraceMs, probeAfterMs, probeGraceMs }, now)
    this.#longestSilence = heartbeatMs + heartbeatGraceMs
    const isSame = contract === this.#options.contract()
    return [
      ...this.#become({ status: 'open', contract: isSame ? 'same' : 'unknown' }),
      { type: 'up', welcome },
    ]
  }

  /** The current attempt, and the connection that it led to, are over on our side. */
  #leave(): LinkOutput<Out, In>[] {
    const wasOpen = this.#stage === 'open'
    this.#stage = undefined
    this.#stageEnds = never
    this.#retry.stop()
    this.#refresh.forget()
    this.#heartbeat = undefined
    this.#isInDoubt = false
    this.#authId = undefined
    this.#auth = undefined
    return wasOpen ? [{ type: 'down' }] : []
  }

  #letGo(code: number, why: string): LinkOutput<Out, In>[] {
    const hasSocket = this.#stage === 'socket' || this.#stage === 'welcome' || this.#stage === 'open'
    return [...(hasSocket ? [{ type: 'disconnect', code, why } as const] : []), ...this.#leave()]
  }

  #end(error: ConnectionError, final: boolean): LinkOutput<Out, In>[] {
    const { code, message: reason } = error
    // closed by the application, over a link that may be dead: the server still has to hear of it when it comes back
    if (final) this.#session = undefined
    // in this order: who hears of it may open it again, and what is asked for then is not over
    const closed = this.#become({ status: 'closed', code, reason, final })
    return [{ type: 'over', error }, ...closed]
  }

  #failed(error: ConnectionError, now: number, chance: number, mayBeSoon = false): LinkOutput<Out, In>[] {
    return this.#wait(this.#retry.failed(now, chance, mayBeSoon), error)
  }

  #wait(delayMs: number, lastError: ConnectionError): LinkOutput<Out, In>[] {
    return this.#become({ status: 'reconnecting', delayMs, attempt: this.#retry.attempt, lastError })
  }

  #refreshFailed(error: ConnectionError, now: number): LinkOutput<Out, In>[] {
    this.#refresh.failed(now)
    return [{ type: 'refresh-failed', error }]
  }
}

const silent: ConnectionError = { code: 'HEARTBEAT', message: closeCodes.HEARTBEAT.meaning }
