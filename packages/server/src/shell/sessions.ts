/**
 * All sessions of a hub. One whose connection was lost is kept for a while, within bounds of number and bytes: above
 * them the one that has waited longest ends.
 */
import type { Clock, Limits } from '@parley/shared/internal'
import type { LiveSession } from './live-session.js'
import { SteadyTime } from './steady.js'

/** A session without a connection. */
interface Kept {
  /** When it ends. */
  readonly until: number
  /** How its connection ended. */
  readonly reason: string
  bytes: number
}

export type SessionsLimits = Pick<Limits, 'sessionMs' | 'keptSessions' | 'keptBytes' | 'sessionsPerMember'>

export class Sessions implements Iterable<LiveSession> {
  readonly #clock: Clock
  readonly #time: SteadyTime
  readonly #limits: SessionsLimits
  readonly #bySecret = new Map<string, LiveSession>()
  /** The newest of each client. */
  readonly #byClient = new Map<string, LiveSession>()
  /** In the order in which they began. */
  readonly #byMember = new Map<string, Set<LiveSession>>()
  /** In the order in which they lost their connections, which is that of their ends. */
  readonly #kept = new Map<LiveSession, Kept>()
  #keptBytes = 0
  /** By sessions that have ended. */
  #droppedBefore = 0
  #cancel: (() => void) | undefined

  constructor(clock: Clock, limits: SessionsLimits) {
    this.#clock = clock
    this.#time = new SteadyTime(clock)
    this.#limits = limits
  }

  get size(): number {
    return this.#bySecret.size
  }

  /** Those without a connection. */
  get kept(): number {
    return this.#kept.size
  }

  /** Volatile messages that were dropped under pressure, since the start. */
  get volatileDropped(): number {
    let dropped = this.#droppedBefore
    for (const session of this.#bySecret.values()) dropped += session.volatileDropped
    return dropped
  }

  [Symbol.iterator](): Iterator<LiveSession> {
    return [...this.#bySecret.values()][Symbol.iterator]()
  }

  add(session: LiveSession): void {
    this.#bySecret.set(session.secret, session)
    this.#byClient.set(session.client, session)
    const { member } = session
    if (member === undefined) return
    const own = this.#byMember.get(member)
    if (own) own.add(session)
    else this.#byMember.set(member, new Set([session]))
  }

  /** Whether a member may begin one more session; where it has too many, one without a connection ends for it. */
  makeRoom(member: string | undefined): boolean {
    const own = member === undefined ? undefined : this.#byMember.get(member)
    if (!own || own.size < this.#limits.sessionsPerMember) return true
    for (const [session, { reason }] of this.#kept) {
      if (session.member !== member) continue
      session.end(reason)
      return true
    }
    return false
  }

  delete(session: LiveSession): void {
    if (this.#bySecret.get(session.secret) === session) this.#droppedBefore += session.volatileDropped
    this.#bySecret.delete(session.secret)
    if (this.#byClient.get(session.client) === session) this.#byClient.delete(session.client)
    const { member } = session
    const own = member === undefined ? undefined : this.#byMember.get(member)
    if (member !== undefined && own?.delete(session) && own.size === 0) this.#byMember.delete(member)
    this.#release(session)
  }

  find(secret: string): LiveSession | undefined {
    return this.#bySecret.get(secret)
  }

  ofClient(client: string): LiveSession | undefined {
    return this.#byClient.get(client)
  }

  /** Its connection is lost: it waits for its client. */
  keep(session: LiveSession, reason: string): void {
    if (session.isOver) return
    const until = this.#time.now() + this.#limits.sessionMs
    this.#kept.set(session, { until, reason, bytes: 0 })
    this.changed(session)
    if (this.#kept.size > this.#limits.keptSessions) this.#endOldest()
    this.#arm()
  }

  /** It holds more or less than before, or has a connection again. */
  changed(session: LiveSession): void {
    if (session.isCarried) {
      this.#release(session)
      return
    }
    const kept = this.#kept.get(session)
    if (!kept) return
    this.#keptBytes += session.bytes - kept.bytes
    kept.bytes = session.bytes
    while (this.#keptBytes > this.#limits.keptBytes && this.#kept.size > 0) this.#endOldest()
  }

  #release(session: LiveSession): void {
    const kept = this.#kept.get(session)
    if (!kept) return
    this.#keptBytes -= kept.bytes
    this.#kept.delete(session)
    if (this.#kept.size > 0) return
    this.#cancel?.()
    this.#cancel = undefined
  }

  #endOldest(): void {
    for (const [session, { reason }] of this.#kept) {
      session.end(reason)
      return
    }
  }

  #arm(): void {
    const [first] = this.#kept.values()
    if (!first || this.#cancel) return
    const inMs = Math.max(0, first.until - this.#time.now())
    this.#cancel = this.#clock.after(inMs, () => {
      this.#cancel = undefined
      const now = this.#time.atLeast(first.until)
      for (const [session, { until, reason }] of [...this.#kept]) {
        if (until > now) break
        session.end(reason)
      }
      this.#arm()
    })
  }
}
