/**
 * Who is present on a topic, as a client knows it: made of the whole list, which comes in pages, and of the changes.
 *
 * Promise: once the list is complete it is the server's, and stays so with each change; what is shown is never a part of
 * a list. Through a cut the last one is shown, as not current, until a new one is complete.
 *
 *   waiting --a page--> listing --the last page--> current        `joined`, `down` lead back to waiting from any of them;
 *                                                                 after `down` only a page that begins a list leads on
 *
 * Inputs: the subscription (`joined`, `down`, `emptied`) and what the server says (`members`). States are opaque.
 *
 * House rules: an entry in a change is put where it is, or added; one that leaves is taken away; so it does not matter
 * which of a change and the page with the same entry comes first. A member is the same object until something of it
 * changes.
 */

/** One client of a member. */
export interface PresenceEntry<State> {
  /** Random, for this client on this topic. */
  readonly entry: string
  readonly state: State
  /** When it joined, in ms since 1970. */
  readonly since: number
}

/** One member of a topic, with an entry for each of its clients: two tabs are two entries of one member. */
export interface PresentMember<State> {
  readonly member: string
  readonly entries: readonly PresenceEntry<State>[]
}

/** Who is present. */
export interface PresenceSnapshot<State> {
  /** In the order in which they came. */
  readonly members: readonly PresentMember<State>[]
  /** False while the connection is away, and before the first list is there: then it is how it was before. */
  readonly current: boolean
}

/** Nobody is known to be there yet: one object, so that a page that hydrates draws nothing again. */
export const nobody: PresenceSnapshot<never> = { members: [], current: false }

/** What became different. A member that has another tab open is no other member: it is among `updated`. */
export interface PresenceChange<State> {
  readonly joined: readonly PresentMember<State>[]
  readonly updated: readonly PresentMember<State>[]
  /** As they were last. */
  readonly left: readonly PresentMember<State>[]
}

/** What the server says: one page of the list, or one change. */
export interface MembersNews<State> {
  readonly change: 'all' | 'joined' | 'updated' | 'left'
  readonly more: boolean
  readonly entries: readonly (PresenceEntry<State> & { readonly member: string })[]
}

type IsSame<State> = (a: State, b: State) => boolean

/** Members by name, and whose each entry is. */
class Roster<State> {
  readonly #isSame: IsSame<State>
  readonly #members = new Map<string, PresentMember<State>>()
  readonly #memberOf = new Map<string, string>()

  constructor(isSame: IsSame<State>) {
    this.#isSame = isSame
  }

  get members(): readonly PresentMember<State>[] {
    return [...this.#members.values()]
  }

  find(member: string): PresentMember<State> | undefined {
    return this.#members.get(member)
  }

  put(member: string, entry: PresenceEntry<State>): void {
    const before = this.#memberOf.get(entry.entry)
    if (before !== undefined && before !== member) this.remove(entry.entry)
    this.#memberOf.set(entry.entry, member)
    const entries = this.#members.get(member)?.entries ?? []
    const known = entries.find((one) => one.entry === entry.entry)
    if (known && this.#isSame(known.state, entry.state)) return
    const next = known ? entries.map((one) => (one === known ? entry : one)) : [...entries, entry]
    this.#members.set(member, { member, entries: next })
  }

  /** A member that is as it was is the same object. */
  keep(was: PresentMember<State>): void {
    const is = this.#members.get(was.member)
    const isAsItWas =
      is?.entries.length === was.entries.length &&
      is.entries.every(({ entry, state }, i) => {
        const before = was.entries[i]!
        return entry === before.entry && this.#isSame(state, before.state)
      })
    if (isAsItWas) this.#members.set(was.member, was)
  }

  remove(entry: string): void {
    const member = this.#memberOf.get(entry)
    if (member === undefined) return
    this.#memberOf.delete(entry)
    const entries = this.#members.get(member)!.entries.filter((one) => one.entry !== entry)
    if (entries.length === 0) this.#members.delete(member)
    else this.#members.set(member, { member, entries })
  }
}

export class Presence<State> {
  readonly #isSame: IsSame<State>
  #roster: Roster<State>
  /** The list that is coming in. */
  #coming: Roster<State> | undefined
  /** The list of this subscription was complete. */
  #isListed = false
  /** Something of the list is missing: what comes of it counts no more. */
  #isBroken = false
  #snapshot: PresenceSnapshot<State> = nobody
  /** Somebody was shown, or nobody was there: what differs from then on is a change. */
  #wasShown = false

  /** @param isSame whether two states are one. */
  constructor(isSame: IsSame<State>) {
    this.#isSame = isSame
    this.#roster = new Roster(isSame)
  }

  get snapshot(): PresenceSnapshot<State> {
    return this.#snapshot
  }

  /** A subscription begins, also one that takes the place of another: its list is to come. */
  joined(): void {
    this.#coming = undefined
    this.#isListed = false
    this.#isBroken = false
  }

  /** The connection is away, or something that came could not be read. */
  down(): void {
    this.joined()
    this.#isBroken = true
    if (this.#snapshot.current) this.#snapshot = { ...this.#snapshot, current: false }
  }

  /** Nobody is there to be shown: the topic was left, or refused. */
  emptied(): void {
    this.joined()
    this.#roster = new Roster(this.#isSame)
    this.#wasShown = false
    const { members, current } = this.#snapshot
    if (members.length > 0 || current) this.#snapshot = nobody
  }

  /** @returns What differs from what was shown, unless nothing was shown before. */
  members({ change, more, entries }: MembersNews<State>): PresenceChange<State> | undefined {
    if (change === 'all') return this.#page(more, entries)
    // the list is not begun: it will say so
    const roster = this.#coming ?? (this.#isListed ? this.#roster : undefined)
    if (!roster) return undefined
    const before = new Map(entries.map(({ member }) => [member, roster.find(member)]))
    for (const { member, ...entry } of entries) {
      if (change === 'left') roster.remove(entry.entry)
      else roster.put(member, entry)
    }
    return roster === this.#roster ? this.#show(before) : undefined
  }

  #page(more: boolean, entries: MembersNews<State>['entries']): PresenceChange<State> | undefined {
    const isAnew = more && entries.length === 0
    if (this.#isBroken && !isAnew) return undefined
    this.#isBroken = false
    const coming = (isAnew ? undefined : this.#coming) ?? new Roster<State>(this.#isSame)
    this.#coming = coming
    for (const { member, ...entry } of entries) coming.put(member, entry)
    if (more) return undefined
    const before = new Map<string, PresentMember<State> | undefined>()
    for (const member of coming.members) before.set(member.member, undefined)
    for (const member of this.#roster.members) {
      before.set(member.member, member)
      coming.keep(member)
    }
    this.#roster = coming
    this.#coming = undefined
    this.#isListed = true
    return this.#show(before)
  }

  /** @param before what the members in question were. */
  #show(before: ReadonlyMap<string, PresentMember<State> | undefined>): PresenceChange<State> | undefined {
    const [joined, updated, left]: PresentMember<State>[][] = [[], [], []]
    for (const [name, was] of before) {
      const is = this.#roster.find(name)
      if (!was && is) joined!.push(is)
      else if (was && !is) left!.push(was)
      else if (was && is && was !== is) updated!.push(is)
    }
    const isChanged = joined!.length + updated!.length + left!.length > 0
    if (isChanged || !this.#snapshot.current)
      this.#snapshot = { members: isChanged ? this.#roster.members : this.#snapshot.members, current: true }
    const isNews = isChanged && this.#wasShown
    this.#wasShown = true
    return isNews ? { joined: joined!, updated: updated!, left: left! } : undefined
  }
}
