/**
 * Who is present on one topic, as rules without sockets or time of its own.
 *
 * Promise: a client has one entry on a topic for as long as it is there, through every cut that it comes back from in
 * time; each change is told once, and nothing else is: a cut that heals is no change.
 *
 *   (nobody) --enter: joined--> here --lost--> lost --enter: nothing, or updated--> here
 *   here, lost --left, kicked: left--> (nobody)        lost --elapsed: left--> (nobody)
 *
 * Inputs are methods; `now` in ms never goes back. Each returns the changes that every subscriber is to be told, in order.
 * `by` numbers the subscription that an entry is held by, and rises: what one of the past does touches it no more. States are opaque.
 */

/** One client on one topic, as everybody sees it. */
export interface PresenceEntry<S> {
  readonly member: string
  /** Random, for this client on this topic. */
  readonly entry: string
  /** When it joined, in ms since 1970. */
  readonly since: number
  readonly state: S
}

export interface PresenceChange<S> {
  readonly change: 'joined' | 'updated' | 'left'
  readonly entry: PresenceEntry<S>
}

/** Who enters, and what it is given if it was not there. */
export interface Entering<S> {
  readonly client: string
  readonly by: number
  /** Nothing: nobody says who it is, and its entry stands for a member of its own. */
  readonly member: string | undefined
  readonly state: S
  readonly entry: string
  readonly since: number
}

interface Held<S> {
  shown: PresenceEntry<S>
  readonly member: string | undefined
  by: number
}

const nothing: readonly never[] = []

export class Presence<S> {
  readonly #graceMs: number
  readonly #isSame: (a: S, b: S) => boolean
  readonly #held = new Map<string, Held<S>>()
  /** When each that was lost is given up; in the order of their losses, which is that of their ends. */
  readonly #lost = new Map<string, number>()

  /** @param graceMs how long one whose connection was lost stays. */
  constructor(graceMs: number, isSame: (a: S, b: S) => boolean) {
    this.#graceMs = graceMs
    this.#isSame = isSame
  }

  get size(): number {
    return this.#held.size
  }

  /** When `elapsed` has something to do. */
  get next(): number | undefined {
    for (const until of this.#lost.values()) return until
    return undefined
  }

  /**
   * All entries, each as it is when its turn comes: one that joins meanwhile is still met, and one that left is not. So
   * pages may be taken with changes in between.
   */
  *entries(): Generator<PresenceEntry<S>, void> {
    for (const { shown } of this.#held.values()) yield shown
  }

  /** Clients that are shown as a member; without one, all. */
  clientsOf(member?: string): readonly string[] {
    const meant = [...this.#held].filter(([, { shown }]) => member === undefined || shown.member === member)
    return meant.map(([client]) => client)
  }

  /** It is there with this state: for the first time, again, or with another state than before. */
  enter({ client, by, member, state, entry, since }: Entering<S>): readonly PresenceChange<S>[] {
    const before = this.#held.get(client)
    if (before && before.member === member) {
      this.#lost.delete(client)
      before.by = by
      if (this.#isSame(before.shown.state, state)) return nothing
      before.shown = { ...before.shown, state }
      return [{ change: 'updated', entry: before.shown }]
    }
    // the same client for another member is somebody else
    const gone = this.#remove(client)
    const shown = { member: member ?? entry, entry, since, state }
    this.#held.set(client, { shown, member, by })
    return [...gone, { change: 'joined', entry: shown }]
  }

  /** The connection of its subscription was lost: it may come back. */
  lost(client: string, by: number, now: number): void {
    if (this.#held.get(client)?.by !== by || this.#lost.has(client)) return
    this.#lost.set(client, now + this.#graceMs)
  }

  /** Its subscription ended cleanly. One that came back, and left before it was here again, has left, too. */
  left(client: string, by: number): readonly PresenceChange<S>[] {
    const held = this.#held.get(client)
    return held && held.by <= by ? this.#remove(client) : nothing
  }

  /** Its session ended: it does not come back. One that is there by another session's connection stays. */
  sessionEnded(client: string, member: string | undefined): readonly PresenceChange<S>[] {
    return this.#lost.has(client) && this.#held.get(client)?.member === member
      ? this.#remove(client)
      : nothing
  }

  /** All entries of a member go; without one, everybody's. */
  kicked(member?: string): readonly PresenceChange<S>[] {
    return this.clientsOf(member).flatMap((client) => this.#remove(client))
  }

  elapsed(now: number): readonly PresenceChange<S>[] {
    const changes: PresenceChange<S>[] = []
    for (const [client, until] of this.#lost) {
      if (until > now) break
      changes.push(...this.#remove(client))
    }
    return changes
  }

  #remove(client: string): readonly PresenceChange<S>[] {
    const held = this.#held.get(client)
    if (!held) return nothing
    this.#held.delete(client)
    this.#lost.delete(client)
    return [{ change: 'left', entry: held.shown }]
  }
}
