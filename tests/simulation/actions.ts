/** What may happen in a step of a world: what applications do, and what goes wrong. */
import type { VirtualClock } from '@parley/shared/testing'
import type { AskKind, Plan } from './asks.js'
import type { Journal } from './journal.js'
import { closedByWorld, type Person } from './person.js'
import type { Start } from './reader-check.js'
import type { LogRecord } from './record.js'
import type { WorldServer } from './server.js'
import type { Sockets } from './sockets.js'
import type { Weather } from './weather.js'

export interface Stage {
  readonly clock: VirtualClock
  readonly journal: Journal
  readonly weather: Weather
  readonly server: WorldServer
  readonly sockets: Sockets
  readonly record: LogRecord
  readonly people: readonly Person[]
  /** Emits on a room from outside of any handler. */
  readonly emit: (id: string, name: 'said' | 'noted' | 'hint') => void
}

type Action = (stage: Stage, person: Person, id: string, roll: Roll) => void

/** Chance, in the forms that actions need. */
export interface Roll {
  below(most: number): number
  pick<T>(...choices: readonly T[]): T
  likely(chance: number): boolean
}

export function rollWith(random: () => number): Roll {
  const below = (most: number): number => Math.floor(random() * most)
  return {
    below,
    pick: (...choices) => choices[below(choices.length)]!,
    likely: (chance) => random() < chance,
  }
}

/** Runs one step: roughness decides whether something breaks, or an application does something. */
export function act(stage: Stage, roll: Roll): void {
  const person = roll.pick(...stage.people)
  const id = roll.pick(...stage.weather.rooms)
  const choices = roll.likely(stage.weather.roughness) ? troubles : deeds
  const total = choices.reduce((sum, [weight]) => sum + weight, 0)
  let at = roll.below(total)
  for (const [weight, action] of choices) {
    at -= weight
    if (at >= 0) continue
    action(stage, person, id, roll)
    return
  }
}

const deeds: readonly (readonly [weight: number, Action])[] = [
  [30, ({ emit }, _person, id, roll) => emit(id, roll.pick('said', 'said', 'noted', 'hint'))],
  [
    5,
    ({ emit }, _person, id, roll) => {
      for (let i = roll.pick(5, 20, 60); i > 0; i--) emit(id, roll.pick('said', 'noted'))
    },
  ],
  [
    25,
    (_stage, person, id, roll) => {
      const kind = roll.pick<AskKind>('say', 'say', 'say', 'react', 'pay', 'look')
      person.ask(kind, id, planOf(kind, roll), roll.likely(0.2) ? roll.pick(50, 700, 4_000) : undefined)
    },
  ],
  [
    5,
    (_stage, person, id, roll) => {
      for (let i = roll.pick(3, 6, 12); i > 0; i--) person.ask('say', id, planOf('say', roll), undefined)
    },
  ],
  [
    15,
    (stage, person, id, roll) => {
      if ([...person.readers].filter(({ isOver }) => !isOver).length >= 5) return
      person.read(id, roll.pick('on', 'read', 'events'), startOf(stage, person, id, roll), {
        throws: roll.likely(0.1),
        ...(roll.likely(0.1) ? { stopAfter: 1 + roll.below(5) } : {}),
        dawdleMs: roll.likely(0.2) ? roll.below(50) : 0,
      })
    },
  ],
  [
    10,
    (_stage, person, _id, roll) => {
      const here = [...person.readers].filter(({ isOver }) => !isOver)
      here[roll.below(Math.max(1, here.length))]?.stop()
    },
  ],
  [5, (_stage, person, _id, roll) => person.giveUp(roll.below(10))],
  [5, (_stage, person, id) => person.hint(id)],
]

const troubles: readonly (readonly [weight: number, Action])[] = [
  [
    30,
    ({ journal }, { link, name }) => {
      journal.note(`net: ${name} is cut`)
      link.cut()
    },
  ],
  [
    15,
    ({ journal }, { link, name }) => {
      journal.note(`net: ${name} is half-open`)
      link.halfOpen()
    },
  ],
  [
    10,
    ({ journal, clock }, { link, name }, _id, roll) => {
      const ms = roll.pick(100, 2_000, 12_000)
      journal.note(`net: ${name} stalls for ${ms} ms`)
      link.stall()
      clock.after(ms, () => link.resume())
    },
  ],
  [
    8,
    ({ journal, clock }, { link, name }, _id, roll) => {
      const ms = roll.pick(100, 2_000, 40_000)
      journal.note(`net: ${name} is refused for ${ms} ms, and cut`)
      link.refuse(true)
      if (roll.likely(0.7)) link.cut()
      clock.after(ms, () => link.refuse(false))
    },
  ],
  [
    15,
    ({ journal, sockets }, { name }, _id, roll) => {
      const code = roll.pick('MOVE', 'SLOW', 'DRAINING', 'INTERNAL')
      const delayMs = code === 'DRAINING' ? roll.below(3_000) : undefined
      journal.note(`server: closes ${name} with ${code}`)
      for (const connection of [...sockets.open]) {
        if (connection.member === name) connection.close(code, closedByWorld, delayMs)
      }
    },
  ],
  [
    5,
    ({ journal }, { client, name }) => {
      journal.note(`${name}: reconnect()`)
      client.connection.reconnect()
    },
  ],
  [
    8,
    ({ journal }, person) => {
      const { connection } = person.client
      journal.note(`${person.name}: ${person.isClosed ? 'opens' : 'closes'}`)
      if (person.isClosed) connection.open()
      else connection.close()
    },
  ],
  [4, (_stage, { client }) => client.connection.open()],
  [
    3,
    ({ clock, journal }, _person, _id, roll) => {
      const ms = roll.pick(3_000, 50_000)
      journal.note(`the machine sleeps for ${ms} ms`)
      clock.jump(ms)
    },
  ],
  [
    2,
    (_stage, person, id, roll) => {
      if (roll.likely(0.8)) return
      person.link.cut()
      for (let i = 0; i < 300; i++) person.ask('say', id, { acts: [], end: 'returns' }, undefined)
    },
  ],
]

function planOf(kind: AskKind, roll: Roll): Plan {
  const acts: Plan['acts'][number][] = []
  for (let i = roll.below(4); i > 0; i--) {
    if (roll.likely(0.4)) acts.push({ type: 'wait', ms: roll.pick(1, 30, 400, 400, 3_000, 12_000) })
    else {
      const name = roll.pick('said', 'noted')
      acts.push({ type: 'emit', name, toOthers: roll.likely(0.5), isAwaited: roll.likely(0.5) })
    }
  }
  const declares = kind === 'say' || kind === 'pay'
  return { acts, end: roll.likely(0.8) ? 'returns' : roll.pick(declares ? 'declares' : 'throws', 'throws') }
}

function startOf({ server, record }: Stage, person: Person, id: string, roll: Roll): Start {
  const { entries } = record.topic(server.keyOf(id))
  const some = entries[roll.below(Math.max(1, entries.length))]
  return roll.pick<Start>(
    'now',
    'now',
    'first',
    { last: roll.below(8) },
    { offset: person.at(id) },
    { offset: some?.offset ?? 0 },
    { offset: entries.at(-1)?.offset ?? 0 },
  )
}
