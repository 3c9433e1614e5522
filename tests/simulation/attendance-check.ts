/** Holds what servers list, and what clients are shown, against who is in the halls. */
import type { PresentMember } from '@parley/client'
import type { Attendance } from './attendance.js'
import type { Journal } from './journal.js'
import type { Process } from './process.js'
import type { Seat, Stay } from './seat.js'

/** What is shown of somebody. */
export interface Shown {
  readonly who: string
  readonly at: string
  readonly v: number
}

export type Members = readonly PresentMember<Shown>[]

type Entry = Shown & { readonly member: string; readonly entry: string }

export function entriesOf(members: Members): readonly Entry[] {
  return members.flatMap(({ member, entries }) =>
    entries.map(({ entry, state }) => ({ ...state, member, entry })),
  )
}

export class AttendanceCheck {
  readonly #attendance: Attendance
  readonly #journal: Journal

  constructor(attendance: Attendance, journal: Journal) {
    this.#attendance = attendance
    this.#journal = journal
  }

  /** What a server lists is to be who is there now; the result may be told it later. */
  listed(process: Process, hall: string): (members: Members) => void {
    const due = [...this.#attendance.of(process, hall).values()].map((seat) => {
      const { standing, stay } = seat
      return { seat, standing, stay: stay && { ...stay } }
    })
    const fault = (what: string): void => this.#journal.fault('present', `${process.name} ${what} in ${hall}`)
    return (members) => {
      const all = entriesOf(members)
      const rest = new Map(all.map((entry) => [entry.who, entry]))
      if (rest.size < all.length) fault('lists somebody twice')
      for (const { seat, standing, stay } of due) {
        const found = rest.get(seat.who)
        rest.delete(seat.who)
        if (!found) {
          if (standing === 'here') fault(`does not list ${seat.who}, who is there`)
          if (standing === 'may') seat.leave()
        } else if (!stay) fault(`lists ${seat.who}, who is not there`)
        else compare(seat, stay, found, fault)
      }
      for (const who of rest.keys()) if (this.#attendance.sees(who)) fault(`lists ${who}, who never came`)
    }
  }

  /** What a client is shown as current, on a subscription of it, is to be whole, and of nobody who had left before. */
  shown(who: string, subscription: number, members: Members): void {
    const claim = this.#attendance.claimOf(who, subscription)
    if (!claim) return
    const { begun } = claim
    const { process, hall } = claim.seat
    const there = new Map(entriesOf(members).map((entry) => [entry.who, entry]))
    const fault = (what: string): void => this.#journal.fault('shown', `${who} is ${what}`)
    for (const other of this.#attendance.of(process, hall).values()) {
      const { standing } = other
      const isShown = there.has(other.who)
      if (standing === 'here' && other.stay!.since < begun && !isShown)
        fault(`not shown ${other.who}, who was in ${hall} before it`)
      if (standing === 'gone' && other.claims.size === 0 && other.gone < begun && isShown)
        fault(`shown ${other.who}, who had left ${hall} before it came`)
    }
    for (const { who: other, at } of there.values())
      if (at !== process.name) fault(`at ${process.name}, and is shown ${other} at ${at}`)
  }

  /** Whether somebody was there all the time that a subscription has been. */
  wasThere(who: string, subscription: number, other: string): boolean {
    const claim = this.#attendance.claimOf(who, subscription)
    const seat = claim && this.#attendance.of(claim.seat.process, claim.seat.hall).get(other)
    return seat?.standing === 'here' && seat.stay!.since < claim!.begun
  }
}

function compare(seat: Seat, stay: Stay, found: Entry, fault: (what: string) => void): void {
  const { who } = seat
  if (found.v !== stay.v && !stay.isInDoubt)
    fault(`lists ${who} with ${found.v}, and it is there with ${stay.v}`)
  if (found.member !== stay.member) fault(`lists ${who} as ${found.member}, and it is ${stay.member}`)
  if (stay.entry !== undefined && stay.entry !== found.entry)
    fault(`lists ${who} under another entry, and it never left`)
  if (seat.stay?.since === stay.since) seat.stay.entry = found.entry
}
