/**
 * Who is in the halls of a world, by its own account: made of what comes to the servers' ends of the connections, and of
 * what the application lets be shown, never of what the product says. Of who gets no WebSocket it knows nothing.
 */
import type { FrameData } from '@parley/shared/testing'
import type { Journal } from './journal.js'
import { elements } from './links.js'
import type { Process } from './process.js'
import { type Claim, Seat } from './seat.js'
import { type Connection, clientOf, type Edge } from './sockets.js'

export class Attendance {
  /** What clients are told apart by: nobody may be shown another one's. */
  readonly secrets = new Set<string>()
  readonly #journal: Journal
  /** By server and hall, and then by client. */
  readonly #halls = new Map<string, Map<string, Seat>>()
  /** By client and number. */
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

  sees(who: string): boolean {
    return !this.#unseen.has(who)
  }

  /** How often somebody came, from nowhere. */
  get stays(): number {
    return this.#stays
  }

  /** A number for what is set next. */
  nextSet(): number {
    return ++this.#sets
  }

  /** All who have ever been in a hall of a server. */
  of({ name }: Process, hall: string): ReadonlyMap<string, Seat> {
    return this.#hall(name, hall)
  }

  /** What a subscription of a client is on its server. */
  claimOf(who: string, subscription: number): Claim | undefined {
    return this.#claims.get(`${who} ${subscription}`)
  }

  // --- what happens -------------------------------------------------------------------------------------------

  /** What happens at the ends of the connections of a server. */
  edgeOf(process: Process): Edge {
    return {
      received: (connection, data) => {
        const kind = String(data).slice(2, 7)
        if (kind.startsWith('sub"')) this.#claimed(process, connection, data)
        else if (kind === 'unsub') this.#unclaimed(connection, data)
      },
      sent: (connection, data) => {
        const kind = String(data).slice(2, 8)
        if (kind === 'refuse') this.#unclaimed(connection, data)
        else if (kind === 'joined') this.#confirmed(connection, data)
      },
      ended: (connection, code, isByServer) => this.#ended(process, connection, isClean(code, isByServer)),
    }
  }

  /** The application was asked what somebody is to be shown as. The result is to be told what it says. */
  asked({ name }: Process, hall: string, who: string): ((v: number) => void) | undefined {
    this.#journal.happened++
    const seat = this.#hall(name, hall).get(who)
    const claim = seat && [...seat.claims].findLast(({ isConfirmed }) => isConfirmed)
    if (!claim) return undefined
    return (v) => {
      if (seat.letBeShown(claim, v)) this.#stays++
    }
  }

  /** All of a member go, in one hall. */
  kicked({ name }: Process, hall: string, member: string): void {
    for (const seat of this.#hall(name, hall).values()) if (seat.stay?.member === member) seat.leave()
  }

  /** All of a member go that wait for a connection: what becomes of the others is seen. */
  disconnected(process: Process, member: string): void {
    for (const seat of this.#all()) if (seat.process === process && seat.isLostFor(member)) seat.leave()
  }

  // ------------------------------------------------------------------------------------------------------------

  #claimed(process: Process, connection: Connection, data: FrameData): void {
    const [, id, path, params] = elements(data) as [string, number, string, { id: string }]
    const { member } = connection
    const who = clientOf(connection)
    if (path !== 'hall' || who === undefined || member === undefined) return
    const seats = this.#hall(process.name, params.id)
    const next = (): number => ++this.#happened
    const seat = seats.get(who) ?? new Seat(process, params.id, who, this.#journal, next)
    seats.set(who, seat)
    this.#claims.set(`${who} ${id}`, seat.claim(id, connection, member))
  }

  #confirmed(connection: Connection, data: FrameData): void {
    const id = elements(data)[1]
    for (const claim of this.#claimsOf(connection)) if (claim.id === id) claim.isConfirmed = true
  }

  #unclaimed(connection: Connection, data: FrameData): void {
    const id = elements(data)[1]
    for (const claim of this.#claimsOf(connection)) if (claim.id === id) claim.seat.unclaim(claim)
  }

  #ended(process: Process, connection: Connection, isCleanly: boolean): void {
    for (const claim of this.#claimsOf(connection)) {
      if (isCleanly) claim.seat.unclaim(claim)
      else claim.seat.lose(claim)
    }
    if (!isCleanly) return
    // its session ends, and with it whatever waited for it to come back
    const who = clientOf(connection)
    for (const seat of this.#all())
      if (seat.process === process && seat.who === who && seat.isLostFor(connection.member)) seat.leave()
  }

  #hall(server: string, hall: string): Map<string, Seat> {
    const name = `${server} ${hall}`
    const seats = this.#halls.get(name) ?? new Map<string, Seat>()
    this.#halls.set(name, seats)
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
}

/** Whether who was connected does not come back: see PROTOCOL.md; one that was taken over is there by another connection. */
function isClean(code: number, isByServer: boolean): boolean {
  if (code === 4409) return false
  const never = (code >= 4400 && code <= 4499) || [1002, 1003, 1007, 1008, 1010].includes(code)
  return never || (isByServer ? code === 4004 : code === 1000)
}
