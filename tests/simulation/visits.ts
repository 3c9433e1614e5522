/** The halls that one life of a client goes to, and what goes over its connections about them. */
import type { FrameData } from '@parley/shared/testing'
import type { Attendance } from './attendance.js'
import { AttendanceCheck } from './attendance-check.js'
import type { Journal } from './journal.js'
import { elements } from './links.js'
import type { WorldClient } from './reader.js'
import { Visit } from './visit.js'

export interface VisitsOptions {
  readonly journal: Journal
  readonly attendance: Attendance
  readonly client: WorldClient
  readonly name: string
  readonly mayFail: (code: string) => boolean
}

/** Sees the frames of one connection. */
export interface HallWire {
  up(data: FrameData): void
  down(data: FrameData): void
}

export class Visits {
  readonly #options: VisitsOptions
  readonly #byHall = new Map<string, Visit>()
  readonly #check: AttendanceCheck

  constructor(options: VisitsOptions) {
    this.#options = options
    this.#check = new AttendanceCheck(options.attendance, options.journal)
  }

  get all(): readonly Visit[] {
    return [...this.#byHall.values()]
  }

  to(id: string): Visit {
    const { name, client, journal, mayFail } = this.#options
    const known = this.#byHall.get(id)
    if (known) return known
    const hall = client.hall({ id })
    const visit = new Visit({ journal, check: this.#check, client: name, id, hall, mayFail })
    this.#byHall.set(id, visit)
    return visit
  }

  /** Whether the server has refused a hall to it. */
  get isRefused(): boolean {
    return this.all.some(({ status }) => status === 'refused')
  }

  /** Looks at what is shown everywhere. */
  look(): void {
    for (const visit of this.all) visit.look()
  }

  leave(): void {
    for (const visit of this.all) visit.leave()
  }

  abandon(): void {
    for (const visit of this.all) visit.abandon()
  }

  newWire(): HallWire {
    const { attendance, journal, name } = this.#options
    /** Subscriptions by the numbers that the server has for their topics. */
    const numbers = new Map<number, number>()
    const of = (subscription: number | undefined): Visit | undefined =>
      this.all.find((visit) => visit.subscription === subscription)
    return {
      up: (data) => {
        const kind = kindOf(data)
        if (kind === 'hell') attendance.secrets.add((elements(data)[1] as { client: string }).client)
        else if (kind === 'sub"') {
          const [, id, path, params] = elements(data) as [string, number, string, { id: string }]
          if (path === 'hall') this.to(params.id).subscribed(id)
        } else if (kind === 'pres') {
          const [, id, wanted] = elements(data) as [string, number, { v: number } | null]
          of(id)?.said.push(wanted?.v ?? 0)
        }
      },
      down: (data) => {
        const kind = kindOf(data)
        if (kind === 'join') {
          const [, id, number] = elements(data) as [string, number, number]
          if (of(id)) numbers.set(number, id)
        } else if (kind === 'ok",' || kind === 'err"') {
          of(elements(data)[1] as number)?.answered(kind === 'ok",')
        } else if (kind === 'memb') {
          for (const secret of attendance.secrets)
            if (String(data).includes(secret))
              journal.fault('shown', `${name} is told the secret of a client`)
          const [, number, change, more] = elements(data) as [string, number, string, number]
          const subscription = numbers.get(number)
          const visit = of(subscription)
          visit?.told(subscription!, change, more === 1)
        }
      },
    }
  }
}

function kindOf(data: FrameData): string {
  return String(data).slice(2, 6)
}
