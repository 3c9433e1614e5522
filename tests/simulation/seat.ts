/**
 * One client in one hall of one server: whether it is there, as follows from what became of its subscriptions, and from
 * what the application let be shown.
 *
 *   (nobody) --let be shown--> here --its connection is lost--> lost --let be shown--> here
 *   here, lost --left, kicked, disconnected--> (nobody)         lost --15 s--> (nobody)
 */
import type { Journal } from './journal.js'
import type { Process } from './process.js'
import type { Connection } from './sockets.js'

/** A subscription to a hall, on the server's side. */
export interface Claim {
  readonly id: number
  readonly connection: Connection
  readonly seat: Seat
  readonly member: string
  /** When it came, among all that happened in halls. */
  readonly begun: number
  /** The application is asked what to show it as from then on. */
  isConfirmed: boolean
}

/** It is there, from when it was let be shown. */
export interface Stay {
  readonly member: string
  since: number
  /** The claim that holds it. */
  by: Claim
  v: number
  /** When its connection was lost, in true ms. */
  lostAt: number | undefined
  /** What it is listed under; unknown until it was listed. */
  entry: string | undefined
  /** When it was let be shown last, in true ms. */
  shownAt: number
  /** It was lost in the very moment in which it was let be shown: which of them came first is not known. */
  isInDoubt: boolean
}

/** `may`: at just this time it may have left or not. */
export type Standing = 'here' | 'may' | 'gone'

const graceMs = 15_000
/** What a clock that goes wrong makes of that, and rounding. */
const slackMs = 100
/** A server that slept, and whose clock was set meanwhile, cannot know for how long: it gives whoever is lost his time. */
const lostSleepMs = graceMs + 50_000

export class Seat {
  readonly process: Process
  readonly hall: string
  readonly who: string
  readonly claims = new Set<Claim>()
  readonly #journal: Journal
  readonly #next: () => number
  #stay: Stay | undefined
  #gone = 0

  /** @param next numbers what happens in halls, one after the other. */
  constructor(process: Process, hall: string, who: string, journal: Journal, next: () => number) {
    this.process = process
    this.hall = hall
    this.who = who
    this.#journal = journal
    this.#next = next
  }

  get stay(): Stay | undefined {
    return this.#stay
  }

  /** When it was not there any more, among all that happened in halls. */
  get gone(): number {
    return this.#gone
  }

  get standing(): Standing {
    if (!this.#stay) return 'gone'
    const { lostAt, isInDoubt } = this.#stay
    if (lostAt === undefined) return 'here'
    const lostMs = this.#journal.elapsed - lostAt
    const { wasSet, isAsleep } = this.process
    if (lostMs < graceMs - slackMs && !wasSet && !isInDoubt) return 'here'
    if (lostMs < graceMs + slackMs + (wasSet ? lostSleepMs : 0) || isAsleep) return 'may'
    this.leave()
    return 'gone'
  }

  isLostFor(member: string | undefined): boolean {
    return this.#stay?.lostAt !== undefined && this.#stay.member === member
  }

  claim(id: number, connection: Connection, member: string): Claim {
    const claim = { id, connection, seat: this, member, begun: this.#next(), isConfirmed: false }
    this.claims.add(claim)
    return claim
  }

  /** @returns Whether it comes from nowhere. */
  letBeShown(claim: Claim, v: number): boolean {
    if (!this.claims.has(claim)) return false
    this.#note(`is there with ${v}`)
    const is = this.standing
    const since = this.#next()
    const { member } = claim
    const shownAt = this.#journal.elapsed
    if (this.#stay?.member !== member) {
      const rest = { lostAt: undefined, entry: undefined, shownAt, isInDoubt: false }
      this.#stay = { member, since, by: claim, v, ...rest }
      return true
    }
    if (is === 'may') Object.assign(this.#stay, { since, entry: undefined })
    Object.assign(this.#stay, { by: claim, v, lostAt: undefined, shownAt, isInDoubt: false })
    return false
  }

  /** The subscription was left, or taken away: its client is gone, unless it is here by a later one. */
  unclaim(claim: Claim): void {
    this.claims.delete(claim)
    if (this.#stay && this.#stay.by.begun <= claim.begun) this.leave()
    else if (this.claims.size === 0 && !this.#stay) this.#gone = this.#next()
  }

  /** The connection of a subscription is gone, and its client may come back. */
  lose(claim: Claim): void {
    this.claims.delete(claim)
    if (this.#stay?.by !== claim) return
    this.#note('is lost')
    this.#stay.lostAt = this.#journal.elapsed
    this.#stay.isInDoubt = this.#stay.shownAt === this.#stay.lostAt
  }

  leave(): void {
    this.#note('has left')
    this.#stay = undefined
    this.#gone = this.#next()
  }

  #note(what: string): void {
    this.#journal.note(() => `hall ${this.hall} of ${this.process.name}: ${this.who} ${what}`)
  }
}
