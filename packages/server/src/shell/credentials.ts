/** Who is at the other end of a connection, for as long as the credentials say. */
import type { Received } from '@parley/shared/internal'
import { type Admitted, admit, admitContext, Refusal } from './admission.js'
import type { HubCore } from './core.js'
import { ServerSession } from './session.js'

/** The longest delay of a timer (WHATWG HTML, timers: a 32-bit integer). */
const longestDelayMs = 2 ** 31 - 1

/** An upgrade request to be asked about, or the context that an in-memory link brings along. */
export type Entrance =
  | { readonly transport: 'websocket'; readonly request: Request }
  | { readonly transport: 'link'; readonly context: unknown }

export interface CredentialsEvents {
  /** They end in so many ms: tell the client. */
  expires(inMs: number): void
  /** They have ended. */
  expired(): void
}

export class Credentials {
  readonly session: ServerSession
  readonly #core: HubCore
  readonly #entrance: Entrance
  readonly #events: CredentialsEvents
  #admitted: Admitted | undefined
  #cancelExpiry: (() => void) | undefined
  #over = false

  constructor(core: HubCore, entrance: Entrance, events: CredentialsEvents) {
    this.session = new ServerSession(core.topics.clock, entrance.transport)
    this.#core = core
    this.#entrance = entrance
    this.#events = events
  }

  get context(): unknown {
    return this.#admitted?.context
  }

  get member(): string | undefined {
    return this.#admitted?.member
  }

  /** Asks the application; what it grants holds from then on, and a refusal leaves what held before. */
  async ask(auth: Received | undefined): Promise<Admitted | Refusal> {
    const entrance = this.#entrance
    const before = this.#admitted
    if (before) this.session.asking()
    const answer =
      entrance.transport === 'link'
        ? admitContext(this.#core, entrance.context)
        : await admit(this.#core, auth, this.session, entrance.request)
    const granted =
      !this.#over && !(answer instanceof Refusal) && (!before || answer.member === before.member)
    if (granted) {
      this.#admitted = answer
      this.session.belongTo(answer.member)
    }
    if (before) this.session.asked({ granted })
    return answer
  }

  /** Begins to watch the end that the application set, now or later. */
  watch(): void {
    this.session.onExpiry(() => this.#arm())
    this.#arm()
  }

  close(): void {
    this.#over = true
    this.#cancelExpiry?.()
  }

  #arm(): void {
    const inMs = this.session.expiresInMs
    if (inMs === undefined || this.#over) return
    this.#events.expires(inMs)
    this.#cancelExpiry?.()
    this.#wait()
  }

  #wait(): void {
    const inMs = this.session.expiresInMs
    if (inMs === undefined) return
    this.#cancelExpiry = this.#core.topics.clock.after(Math.min(inMs, longestDelayMs), () => {
      if (this.session.expiresInMs === 0) this.#events.expired()
      else this.#wait()
    })
  }
}
