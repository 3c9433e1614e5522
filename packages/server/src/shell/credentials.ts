/** Who is at the other end of a session, for as long as the credentials say. They are asked for at each connection. */
import type { Received } from '@parley/shared/internal'
import { type Admitted, admit, admitContext, Refusal } from './admission.js'
import type { HubCore } from './core.js'
import { ServerSession } from './session.js'

/** The longest delay of a timer (WHATWG HTML, timers: a 32-bit integer). */
const longestDelayMs = 2 ** 31 - 1

/** An upgrade, or the request for a fallback link, to be asked about, or the context that an in-memory link brings along. */
export type Entrance =
  | { readonly transport: 'websocket' | 'fallback'; readonly request: Request }
  | { readonly transport: 'link'; readonly context: unknown }

export interface CredentialsEvents {
  /** They end in so many ms: tell the client. */
  expires(inMs: number): void
  /** They have ended. */
  expired(): void
}

/** What an application answered, and the end that it set, where that is later than the one before. */
export interface Granted extends Admitted {
  readonly expiresAtMs: number | undefined
}

export class Credentials {
  readonly session: ServerSession
  readonly #core: HubCore
  #events: CredentialsEvents | undefined
  #admitted: Admitted | undefined
  #cancelExpiry: (() => void) | undefined
  /** How often it was asked: the answer to an older question counts no more. */
  #asks = 0

  constructor(core: HubCore, transport: Entrance['transport']) {
    this.session = new ServerSession(core.topics.clock, transport)
    this.#core = core
  }

  get context(): unknown {
    return this.#admitted?.context
  }

  get member(): string | undefined {
    return this.#admitted?.member
  }

  /** Asks the application. What held before holds until `grant`: whoever asked may be gone, or be somebody else. */
  async ask(entrance: Entrance, auth: Received | undefined): Promise<Granted | Refusal> {
    const ask = ++this.#asks
    this.session.asking()
    const answer =
      entrance.transport === 'link'
        ? admitContext(this.#core, entrance.context)
        : await admit(this.#core, auth, this.session, entrance.request)
    if (ask !== this.#asks) return new Refusal('OVERLOADED', 'newer credentials came meanwhile')
    const expiresAtMs = this.session.asked()
    return answer instanceof Refusal ? answer : { ...answer, expiresAtMs }
  }

  /** What the application answered holds from now on. */
  grant(granted: Granted): void {
    this.#admitted = granted
    this.session.belongTo(granted.member, granted.expiresAtMs)
  }

  /** Begins to watch the end that the application set, now or later; the connection before it is told no more. */
  watch(events: CredentialsEvents): void {
    this.#events = events
    this.session.onExpiry(() => this.#arm())
    this.#arm()
  }

  /** Ends that, for the connection that began it. */
  unwatch(events: CredentialsEvents): void {
    if (this.#events !== events) return
    this.#events = undefined
    this.#cancelExpiry?.()
  }

  #arm(): void {
    const inMs = this.session.expiresInMs
    if (inMs === undefined || !this.#events) return
    this.#events.expires(inMs)
    this.#cancelExpiry?.()
    this.#wait()
  }

  #wait(): void {
    const inMs = this.session.expiresInMs
    if (inMs === undefined) return
    this.#cancelExpiry = this.#core.topics.clock.after(Math.min(inMs, longestDelayMs), () => {
      if (this.session.expiresInMs === 0) this.#events?.expired()
      else this.#wait()
    })
  }
}
