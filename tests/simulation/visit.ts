/**
 * One client in one hall: how it is there, what it sets, and a checker that sees what it is shown and hears what it is
 * told.
 */
import type { PresenceChange } from '@parley/client'
import { ParleyError } from '@parley/shared'
import { type AttendanceCheck, entriesOf, type Members, type Shown } from './attendance-check.js'
import { Ear, wordsOf } from './ear.js'
import type { Journal } from './journal.js'
import type { WorldClient } from './reader.js'

export type Hall = ReturnType<WorldClient['hall']>

/** `reads`: events alone; `listens`: to changes; `watches`: the list and its changes. */
export type VisitKind = 'reads' | 'listens' | 'watches'

/** What a client wants to be shown as. */
export interface Wanted {
  readonly v: number
  readonly pad?: string
}

export interface VisitOptions {
  readonly journal: Journal
  readonly check: AttendanceCheck
  readonly client: string
  readonly id: string
  readonly hall: Hall
  /** Whether what was set may be answered with this code. */
  readonly mayFail: (code: string) => boolean
}

export class Visit {
  readonly id: string
  readonly hall: Hall
  /** What was said on the subscription that there is, and is not answered. */
  readonly said: number[] = []
  /** That subscription, and the one that brought the list that is shown. */
  subscription: number | undefined
  #listedBy: number | undefined
  /** What comes now is a list, not a change. */
  #isList = false
  /** What the server took last on the subscription; what it is shown with. */
  taken: number | undefined
  /** What was set last that nothing but chance can refuse. */
  lastSet = 0
  /** Whether it is known to stand: no other one that is refused was said together with it. */
  isSure = true
  /** Of what was set: not answered yet. */
  unanswered = 0
  readonly #options: VisitOptions
  readonly #stops: (() => void)[] = []
  readonly #ears = new Set<Ear>()
  #before: Members = []
  /** How often something was set that is to be refused. */
  #bad = 0
  #sets = 0
  /** Of what was set last. */
  #lastOrder = 0
  #isAbandoned = false

  constructor(options: VisitOptions) {
    const { hall, id } = options
    this.id = id
    this.hall = hall
    this.#options = options
    hall.status.subscribe(() => {
      if (this.#isLeft) for (const ear of this.#ears) ear.forget()
    })
  }

  get isHere(): boolean {
    return this.#stops.length > 0
  }

  get status(): string {
    return this.hall.status.getSnapshot().status
  }

  /** It asked to be there, on this connection or the next. */
  subscribed(subscription: number): void {
    this.subscription = subscription
    this.said.length = 0
    this.taken = undefined
  }

  /** What it said first, of what is not answered. */
  answered(isTaken: boolean): void {
    const v = this.said.shift()
    if (isTaken) this.taken = v
  }

  /** A list or a change comes, on this subscription. */
  told(subscription: number, change: string, more: boolean): void {
    this.#isList = change === 'all'
    if (this.#isList && !more) this.#listedBy = subscription
  }

  come(kind: VisitKind): void {
    const { journal, client, hall, id } = this.#options
    journal.note(() => `${client} ${kind} in hall ${id}`)
    if (kind === 'reads') {
      this.#stops.push(hall.on('rang', () => {}))
      return
    }
    const { members } = hall.presence.getSnapshot()
    const ear = new Ear(this.#isLeft ? undefined : members, (what) =>
      journal.fault('changes', `${client} in ${id} ${what}`),
    )
    this.#ears.add(ear)
    this.#before = members
    const stops = [hall.presence.onChange((change) => this.#changed(change, ear))]
    if (kind === 'watches') stops.push(hall.presence.subscribe(() => this.#shown(ear)))
    this.#stops.push(() => {
      for (const stop of stops) stop()
      this.#ears.delete(ear)
    })
  }

  /** Stops one thing that it does there. */
  stop(n: number): void {
    const { journal, client, id } = this.#options
    const [stop] = this.#stops.splice(n % Math.max(1, this.#stops.length), 1)
    if (!stop) return
    stop()
    journal.note(() => `${client} stops one thing in hall ${id}, ${this.#stops.length} are left`)
  }

  leave(): void {
    while (this.#stops.length > 0) this.stop(0)
  }

  /** Its program is gone. */
  abandon(): void {
    this.#isAbandoned = true
    this.#stops.length = 0
  }

  /** @param isGood whether nothing but chance can refuse it. */
  set(wanted: Wanted, isGood: boolean): void {
    const { journal, client, hall, id, mayFail } = this.#options
    journal.note(() => `${client} sets ${wanted.v} in hall ${id}`)
    const isAlone = this.unanswered === 0 && this.said.length === 0 && this.taken === this.lastSet
    if (!isGood) {
      this.#bad++
      this.isSure &&= isAlone
    }
    const bad = this.#bad
    const order = ++this.#sets
    this.unanswered++
    const settled = (how: string): void => {
      if (this.#isAbandoned) return
      this.unanswered--
      journal.happened++
      journal.note(() => `${client}: ${wanted.v} in hall ${id} -> ${how}`)
      // what is said in its place shares its answer
      const isLast = bad === this.#bad
      if (isGood && isLast && order > this.#lastOrder) {
        this.#lastOrder = order
        this.lastSet = wanted.v
        // who leaves is not told whether it was taken, and goes back to what was, if the next one is refused
        this.isSure = how === 'ok' && !this.said.includes(wanted.v)
      }
      if (how !== 'ok' && isGood && isLast && !mayFail(how))
        journal.fault('present', `${client} set ${wanted.v} in ${id}, which was refused with ${how}`)
    }
    hall.presence.set(wanted).then(
      () => settled('ok'),
      (error: unknown) => settled(error instanceof ParleyError ? error.code : String(error)),
    )
  }

  // --- what it sees -------------------------------------------------------------------------------------------

  /** Looks at what is shown just now. */
  look(): void {
    const { members, current } = this.hall.presence.getSnapshot()
    for (const ear of this.#ears) ear.compare(members)
    if (current) this.#checkShown(members)
  }

  /** Nobody is to be shown. */
  get #isLeft(): boolean {
    return this.status === 'idle' || this.status === 'refused'
  }

  #shown(ear: Ear): void {
    if (this.#isAbandoned) return
    const { journal, client, id } = this.#options
    const { members, current } = this.hall.presence.getSnapshot()
    journal.happened++
    journal.note(() => `${client}: hall ${id}${current ? '' : ', not current'}: ${wordsOf(members)}`)
    if (current) {
      this.#checkShown(members)
      ear.sees(members)
    } else if (members !== this.#before && (members.length > 0 || !this.#isLeft))
      journal.fault('changes', `${client} is shown another list of ${id}, which is not current`)
    this.#before = members
  }

  #changed(change: PresenceChange<Shown>, ear: Ear): void {
    if (this.#isAbandoned) return
    const { journal, client, id, check } = this.#options
    journal.happened++
    journal.note(() => {
      const parts = Object.entries(change) as [string, Members][]
      const told = parts.flatMap(([how, some]) => (some.length > 0 ? [`${how} ${wordsOf(some)}`] : []))
      return `${client}: hall ${id}: ${told.join('; ')}`
    })
    const { members, current } = this.hall.presence.getSnapshot()
    if (!current)
      journal.fault('changes', `${client} in ${id} is told of changes, and its list is not current`)
    for (const { who } of this.#isList ? [] : entriesOf(change.left))
      if (this.#listedBy !== undefined && check.wasThere(client, this.#listedBy, who))
        journal.fault('changes', `${client} in ${id} is told that ${who} left, who never did`)
    ear.hears(change, members)
  }

  #checkShown(members: Members): void {
    const { check, client } = this.#options
    if (this.#listedBy !== undefined) check.shown(client, this.#listedBy, members)
  }
}
