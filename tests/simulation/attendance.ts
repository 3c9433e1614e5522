/**
 * Who is in the halls of a world, by its own account: made of what comes to the servers' ends of the connections, and of
 * what the application lets be shown, never of what the product says. Of who gets no WebSocket it knows nothing.
 *
 *   (nobody) --let be shown--> here --its connection is lost--> lost --let be shown--> here
 *   here, lost --left, kicked, disconnected--> (nobody)         lost --15 s--> (nobody)
 */
import type { PresentMember } from '@parley/client'
import type { FrameData } from '@parley/shared/testing'
import type { Journal } from './journal.js'
import { elements } from './links.js'
import type { Process } from './process.js'
import { type Connection, clientOf, type Edge } from './sockets.js'

/** What is shown of somebody. */
export interface Shown {
  readonly who: string
  readonly at: string
  readonly v: number
}

export type Members = readonly PresentMember<Shown>[]

/** A subscription to a hall, on the server's side. */
interface Claim {
  readonly id: number
  readonly hall: string
  readonly connection: Connection
  readonly seat: Seat
  readonly member: string
  /** When it came, among all that happened in halls. */
  readonly begun: number
}

/** A client is there, from when it was let be shown. */
interface Stay {
  readonly member: string
  since: number
  /** The claim that holds it. */
  by: Claim
  v: number
  /** When its connection was lost, in true ms. */
  lostAt: number | undefined
  /** What it is listed under; unknown until it was listed. */
  entry: string | undefined
}

/** One client in one hall of one server. */
interface Seat {
  readonly process: Process
  readonly who: string
  readonly claims: Set<Claim>
  stay: Stay | undefined
  /** When it was not there any more, among all that happened in halls. */
  gone: number
}

/** `may`: at just this time it may have left or not. */
type Standing = 'here' | 'may' | 'gone'

const graceMs = 15_000
/** What a clock that goes wrong makes of that, and rounding. */
const slackMs = 100

export class Attendance {
  /** What clients are told apart by: nobody may be shown another one's. */
  readonly secrets = new Set<string>()
  readonly #journal: Journal
  /** By server and hall, and then by client. */
  readonly #halls = new Map<string, Map<string, Seat>>()
  readonly #claims = new Map<string, Claim>()
  readonly #unseen = new Set<string>()
  #happened = 0
  #stays = 0
  #sets = 0

  constructor(journal: Journal) {
    this.#journal = journal
  }

  /** Nothing is known of what comes from this client. */
  cannotSee(who: string): void {
    this.#unseen.add(who)
  }

  /** How often somebody came, from nowhere. */
  get stays(): number {
    return this.#stays
  }

  /** A number for what is set next. */
  nextSet(): number {
    return ++this.#sets
  }

  /** What happens at the ends of the connections of a server. */
  edgeOf(process: Process): Edge {
    return {
      received: (connection, data) => {
        const kind = String(data).slice(2, 7)
        if (kind.startsWith('sub"')) this.#claimed(process, connection, data)
        else if (kind === 'unsub') this.#unclaimed(connection, Number(elements(data)[1]))
      },
      sent: (connection, data) => {
        if (String(data).startsWith('["refused"')) this.#unclaimed(connection, Number(elements(data)[1]))
      },
      ended: (connection, code, isByServer) => this.#ended(process, connection, isClean(code, isByServer)),
    }
  }

  /** The application was asked what somebody is to be shown as. The result is to be told what it says. */
  asked(process: Process, hall: string, who: string): ((v: number) => void) | undefined {
    this.#journal.happened++
    const seat = this.#of(process, hall).get(who)
    const claim = seat && [...seat.claims].at(-1)
    return claim && ((v) => this.#letBeShown(claim, v))
  }

  /** All of a member go, in one hall. */
  kicked(process: Process, hall: string, member: string): void {
    for (const seat of this.#of(process, hall).values()) if (seat.stay?.member === member) this.#leave(seat)
  }

  /** All of a member go that wait for a connection: what becomes of the others is seen. */
  disconnected(process: Process, member: string): void {
    for (const seat of this.#all()) if (seat.process === process && isLostFor(seat, member)) this.#leave(seat)
  }

  /** What a server lists is to be who is there. `listed` may be told it later than it is asked for. */
  check(process: Process, hall: string): (listed: Members) => void {
    const seats = [...this.#of(process, hall).values()]
    const due = seats.map((seat) => ({ seat, stay: seat.stay && { ...seat.stay }, is: this.#standing(seat) }))
    return (listed) => {
      const rest = new Map(entriesOf(listed).map((entry) => [entry.who, entry]))
      if (rest.size < entriesOf(listed).length) this.#fault(process, hall, `lists somebody twice`)
      for (const { seat, stay, is } of due) {
        const found = rest.get(seat.who)
        rest.delete(seat.who)
        if (!found) {
          if (is === 'here') this.#fault(process, hall, `does not list ${seat.who}, who is there`)
          if (is === 'may') this.#leave(seat)
        } else if (is === 'gone') this.#fault(process, hall, `lists ${seat.who}, who is not there`)
        else this.#compare(seat, stay!, found, hall)
      }
      for (const who of rest.keys())
        if (!this.#unseen.has(who)) this.#fault(process, hall, `lists ${who}, who never came`)
    }
  }

  /** What a client is shown as current, on a subscription of it, is to be whole, and of nobody who had left before. */
  checkShown(who: string, subscription: number, shown: Members): void {
    const claim = this.#claims.get(`${who} ${subscription}`)
    if (!claim) return
    const { seat, hall, begun } = claim
    const there = new Map(entriesOf(shown).map((entry) => [entry.who, entry]))
    for (const other of this.#of(seat.process, hall).values()) {
      const is = this.#standing(other)
      const isShown = there.has(other.who)
      if (is === 'here' && other.stay!.since < begun && !isShown)
        this.#journal.fault('shown', `${who} is not shown ${other.who}, who was in ${hall} before it`)
      if (is === 'gone' && other.claims.size === 0 && other.gone < begun && isShown)
        this.#journal.fault('shown', `${who} is shown ${other.who}, who had left ${hall} before it came`)
    }
    for (const { who: other, at } of there.values())
      if (at !== seat.process.name)
        this.#journal.fault('shown', `${who} is at ${seat.process.name}, and is shown ${other} at ${at}`)
  }

  /** Whether somebody was there all the time that a subscription has been. */
  wasThere(who: string, subscription: number, other: string): boolean {
    const claim = this.#claims.get(`${who} ${subscription}`)
    const seat = claim && this.#of(claim.seat.process, claim.hall).get(other)
    return seat?.stay !== undefined && this.#standing(seat) === 'here' && seat.stay.since < claim!.begun
  }

  // ------------------------------------------------------------------------------------------------------------

  #claimed(process: Process, connection: Connection, data: FrameData): void {
    const [, id, path, params] = elements(data) as [string, number, string, { id: string }]
    const { member } = connection
    const who = clientOf(connection)
    if (path !== 'hall' || who === undefined || member === undefined) return
    const seats = this.#of(process, params.id)
    const seat = seats.get(who) ?? { process, who, claims: new Set(), stay: undefined, gone: 0 }
    seats.set(who, seat)
    const claim = { id, hall: params.id, connection, seat, member, begun: ++this.#happened }
    seat.claims.add(claim)
    this.#claims.set(`${who} ${id}`, claim)
  }

  #unclaimed(connection: Connection, id: number): void {
    for (const claim of this.#claimsOf(connection)) if (claim.id === id) this.#cleanly(claim)
  }

  #ended(process: Process, connection: Connection, isCleanly: boolean): void {
    for (const claim of this.#claimsOf(connection)) {
      if (isCleanly) this.#cleanly(claim)
      else this.#lost(claim)
    }
    // its session ends, and with it whatever waited for it to come back
    if (isCleanly)
      for (const seat of this.#all())
        if (
          seat.process === process &&
          seat.who === clientOf(connection) &&
          isLostFor(seat, connection.member)
        )
          this.#leave(seat)
  }

  #letBeShown(claim: Claim, v: number): void {
    const { seat, member } = claim
    if (!seat.claims.has(claim)) return
    this.#journal.note(() => `hall: ${seat.who} is in ${claim.hall} of ${seat.process.name} with ${v}`)
    const is = this.#standing(seat)
    const since = ++this.#happened
    if (is === 'gone' || seat.stay?.member !== member) {
      this.#stays++
      seat.stay = { member, since, by: claim, v, lostAt: undefined, entry: undefined }
    } else if (is === 'may') Object.assign(seat.stay, { since, entry: undefined })
    Object.assign(seat.stay!, { by: claim, v, lostAt: undefined })
  }

  /** The subscription was left, or taken away: its client is gone, unless it is here by a later one. */
  #cleanly(claim: Claim): void {
    const { seat } = claim
    seat.claims.delete(claim)
    if (seat.stay && seat.stay.by.begun <= claim.begun) this.#leave(seat)
    else if (seat.claims.size === 0 && !seat.stay) seat.gone = ++this.#happened
  }

  #lost(claim: Claim): void {
    const { seat } = claim
    seat.claims.delete(claim)
    if (seat.stay?.by !== claim) return
    this.#journal.note(() => `hall: ${seat.who} is lost in ${claim.hall} of ${seat.process.name}`)
    seat.stay.lostAt = this.#journal.elapsed
  }

  #leave(seat: Seat): void {
    this.#journal.note(() => `hall: ${seat.who} has left a hall of ${seat.process.name}`)
    seat.stay = undefined
    seat.gone = ++this.#happened
  }

  #standing(seat: Seat): Standing {
    const { stay, process } = seat
    if (!stay) return 'gone'
    if (stay.lostAt === undefined) return 'here'
    const lostMs = this.#journal.elapsed - stay.lostAt
    if (lostMs < graceMs - slackMs && !process.wasSet) return 'here'
    if (lostMs < graceMs + slackMs || process.isAsleep) return 'may'
    this.#leave(seat)
    return 'gone'
  }

  #compare(seat: Seat, stay: Stay, found: Listed, hall: string): void {
    const { who, process } = seat
    if (found.v !== stay.v)
      this.#fault(process, hall, `lists ${who} with ${found.v}, and it is shown with ${stay.v}`)
    if (found.member !== stay.member)
      this.#fault(process, hall, `lists ${who} as ${found.member}, and it is ${stay.member}`)
    if (stay.entry !== undefined && stay.entry !== found.entry)
      this.#fault(process, hall, `lists ${who} under another entry, and it never left`)
    if (seat.stay?.since === stay.since) seat.stay.entry = found.entry
  }

  #of({ name }: Process, hall: string): Map<string, Seat> {
    const seats = this.#halls.get(`${name} ${hall}`) ?? new Map<string, Seat>()
    this.#halls.set(`${name} ${hall}`, seats)
    return seats
  }

  *#all(): Generator<Seat> {
    for (const seats of this.#halls.values()) yield* seats.values()
  }

  #claimsOf(connection: Connection): readonly Claim[] {
    const claims: Claim[] = []
    for (const seat of this.#all())
      for (const claim of seat.claims) if (claim.connection === connection) claims.push(claim)
    return claims
  }

  #fault({ name }: Process, hall: string, what: string): void {
    this.#journal.fault('present', `${name} ${what} in ${hall}`)
  }
}

type Listed = Shown & { readonly member: string; readonly entry: string }

export function entriesOf(members: Members): readonly Listed[] {
  return members.flatMap(({ member, entries }) =>
    entries.map(({ entry, state }) => ({ ...state, member, entry })),
  )
}

function isLostFor({ stay }: Seat, member: string | undefined): boolean {
  return stay?.lostAt !== undefined && stay.member === member
}

/** Whether who was connected does not come back: see `docs/PROTOCOL.md`; one that was taken over is there by another connection. */
function isClean(code: number, isByServer: boolean): boolean {
  if (code === 4409) return false
  const never = (code >= 4400 && code <= 4499) || [1002, 1003, 1007, 1008, 1010].includes(code)
  return never || (isByServer ? code === 4004 : code === 1000)
}
