/** Where the steps of a world happen: all that they may act on. */
import type { Asks } from './asks.js'
import type { Attendance } from './attendance.js'
import type { Chance } from './chance.js'
import type { WorldClock } from './clock.js'
import type { Cluster } from './cluster.js'
import type { Journal } from './journal.js'
import type { Line } from './line.js'
import type { EventName, WorldNode } from './node.js'
import type { Person } from './person.js'
import type { Process } from './process.js'
import type { LogRecord } from './record.js'
import type { Store } from './store.js'
import type { Weather } from './weather.js'

export interface Stage {
  readonly clock: WorldClock
  readonly journal: Journal
  readonly weather: Weather
  readonly cluster: Cluster
  readonly store: Store
  readonly record: LogRecord
  readonly people: readonly Person[]
  readonly lines: readonly Line[]
  readonly asks: Asks
  readonly attendance: Attendance
  /** Events that are on their way into the log, and the processes that emit them. */
  readonly emitting: Map<number, Process>
  /** The key of a room's topic. */
  readonly keyOf: (id: string) => string
  /** Emits on a room from outside of any handler. */
  readonly emit: (node: WorldNode, id: string, name: EventName) => void
}

/** Something that happens at a step; `id` is a room. */
export type Action = (stage: Stage, person: Person, id: string, chance: Chance) => void

/** Actions by their weights. */
export type Actions = readonly (readonly [weight: number, action: Action])[]
