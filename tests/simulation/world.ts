/**
 * A whole world in one process, decided by one seed: clients, servers, a log, and a network that breaks, in virtual
 * time. What is real: `createClient`, `createSubscriber`, the hub, the router, the fan-out and the memory log. What is
 * promised of them is checked by who knows what was emitted, asked, run and delivered.
 */
import { Asks } from './asks.js'
import { Attendance } from './attendance.js'
import { chanceOf } from './chance.js'
import { inTask, WorldClock } from './clock.js'
import { Cluster } from './cluster.js'
import { contractOf, type WorldContract } from './contract.js'
import { deeds } from './deeds.js'
import { hallDeeds, hallTroubles } from './hall-steps.js'
import { type Fault, Journal } from './journal.js'
import { Line } from './line.js'
import { keyOf, startNode } from './node.js'
import { Person } from './person.js'
import { Process } from './process.js'
import { LogRecord } from './record.js'
import { leave, settle } from './rest.js'
import { checkHalls } from './roll-call.js'
import type { Actions, Stage } from './stage.js'
import { Store } from './store.js'
import { troubles } from './troubles.js'
import { type Weather, weatherOf } from './weather.js'

/** One step of a run, by its number. Where it does not act, only its time passes. */
export interface Step {
  readonly index: number
  readonly acts: boolean
}

export interface WorldOptions {
  readonly seed: number
  /** Default: the steps 0 to 79. */
  readonly steps?: readonly Step[]
  /** Keeps every line of what happened, frames included. */
  readonly isTraced?: boolean
}

export interface Outcome {
  readonly weather: Weather
  readonly faults: readonly Fault[]
  readonly trace: readonly string[]
  readonly counts: Counts
}

/** What happened, in numbers. */
export interface Counts {
  /** All that happened to somebody: see docs/TESTING.md. */
  readonly happened: number
  readonly stored: number
  readonly delivered: number
  readonly gaps: number
  readonly asked: number
  readonly unknown: number
  /** How often somebody came into a hall. */
  readonly came: number
  readonly connections: number
  readonly lives: number
  readonly servers: number
  /** Of virtual time. */
  readonly seconds: number
}

export function stepsOf(many: number): readonly Step[] {
  return Array.from({ length: many }, (_, index) => ({ index, acts: true }))
}

const usualSteps = stepsOf(80)

export async function runWorld({
  seed,
  steps = usualSteps,
  isTraced = false,
}: WorldOptions): Promise<Outcome> {
  const clock = new WorldClock(seed)
  const journal = new Journal(() => clock.now(), isTraced)
  const weather = weatherOf(chanceOf(seed, 'weather'))
  const rejected = (error: unknown): void => journal.fault('quiet', `nobody handled the rejection ${error}`)
  process.on('unhandledRejection', rejected)
  try {
    const counts = await inTask(() => {
      const stage = setUp(seed, clock, journal, weather)
      run(stage, seed, steps)
      return countsOf(stage)
    })
    // what was rejected, and never handled, is told of after the task
    await inTask(() => {})
    return { weather, faults: journal.faults, trace: journal.lines, counts }
  } finally {
    process.off('unhandledRejection', rejected)
  }
}

function run(stage: WholeStage, seed: number, steps: readonly Step[]): void {
  const { journal, weather, clock, people } = stage
  try {
    for (const { index, acts } of steps) {
      if (journal.faults.length > 0) return
      const chance = chanceOf(seed, `step ${index}`)
      const pauseMs = chance.below(weather.pauseMs)
      journal.happened++
      if (acts) {
        const person = chance.pick(...people)
        const id = chance.pick(...weather.rooms)
        chance.weighed(actionsOf(weather, chance.likely(weather.roughness)))(stage, person, id, chance)
      }
      clock.advance(pauseMs)
      for (const { life } of people) life.noteLive()
      checkHalls(stage)
    }
    // after a fault nothing more is to be learnt, and a trace should end with it
    if (journal.faults.length === 0) settle(stage)
    if (journal.faults.length === 0) leave(stage)
  } catch (error) {
    journal.fault('quiet', `the world itself failed: ${error instanceof Error ? error.stack : error}`)
  }
}

/** What may happen at a step: some of it in halls, where there are any. */
function actionsOf({ halls }: Weather, isRough: boolean): Actions {
  if (halls.length === 0) return isRough ? troubles : deeds
  return isRough ? allTroubles : allDeeds
}

const allDeeds = [...deeds, ...hallDeeds]
const allTroubles = [...troubles, ...hallTroubles]

type WholeStage = Stage & { readonly started: () => number }

function setUp(seed: number, clock: WorldClock, journal: Journal, weather: Weather): WholeStage {
  const trueNow = (): number => clock.now()
  const wrong = chanceOf(seed, 'clocks')
  const newProcess = (name: string): Process => {
    const part = (): number => wrong.random() * 2 - 1
    const { offsetMs, drift } = weather.clocks
    return new Process({ clock, seed, name, offsetMs: part() * offsetMs, drift: part() * drift })
  }
  const logProcess = newProcess('log')
  const record = new LogRecord({ journal, window: weather, now: () => logProcess.now() })
  const { log: delays, isShared, mood } = weather
  const store = new Store({ seed, journal, record, process: logProcess, isShared, delays })
  const asks = new Asks({
    journal,
    isStored: (n) => record.isStored(n),
    deaths: () => cluster.deaths,
    isOneServer: !isShared,
    mayChange: weather.fickle,
    isClosed: (name) => people.some(({ life }) => life.name === name && life.isClosed),
    mayRefuse: (code) =>
      code === 'CLOSED' ||
      (code === 'FORBIDDEN' && mood.mayRefuse) ||
      (code === 'DISCONNECTED' && weather.ousts) ||
      (code === 'UNAUTHENTICATED' && weather.expiresMs > 0) ||
      (code === 'OVERLOADED' && weather.callsInFlight < 64),
  })
  const deploys = chanceOf(seed, 'deploys')
  const contract = (): WorldContract => contractOf(weather, deploys.likely(weather.deploys) ? 'new' : 'old')
  const lines = weather.clients.map(
    (name) =>
      new Line({
        clock,
        chance: chanceOf(seed, `line of ${name}`),
        delayMs: weather.delayMs,
        route: (chance) => cluster.route(chance),
      }),
  )
  const attendance = new Attendance(journal)
  let events = 0
  let started = 0
  const emitting = new Map<number, Process>()
  const cluster: Cluster = new Cluster({
    journal,
    lines,
    names: weather.servers,
    mayDrain: isShared,
    start: (name) => {
      const process = newProcess(`${name}${++started}`)
      const log = store.openFor(process)
      const newEvent = (): number => ++events
      return startNode({
        process,
        journal,
        contract: contract(),
        weather,
        log,
        record,
        asks,
        attendance,
        trueNow,
        newEvent,
        isLogLate: () => store.isLate,
      })
    },
    died: (process) => {
      for (const [n, emitter] of emitting) if (emitter === process) emitting.delete(n)
    },
  })
  const people: readonly Person[] = weather.clients.map(
    (name, i) =>
      new Person({
        name,
        member: weather.tabs ? `m${i >> 1}` : undefined,
        line: lines[i]!,
        newProcess,
        journal,
        contract,
        weather,
        asks,
        attendance,
        record,
        trueNow,
      }),
  )
  return {
    clock,
    journal,
    weather,
    cluster,
    store,
    record,
    people,
    lines,
    asks,
    attendance,
    emitting,
    started: () => started,
    keyOf: (id) => keyOf(contractOf(weather, 'old'), id),
    emit(node, id, name) {
      const { n, position } = node.emit(id, name)
      emitting.set(n, node.process)
      position.then(
        (at) => {
          emitting.delete(n)
          if (name !== 'hint' && !record.isAt(n, at)) journal.fault('stored', `event ${n} is not at ${at}`)
        },
        (error: unknown) => {
          emitting.delete(n)
          journal.fault('stored', `event ${n} could not be emitted: ${error}`)
        },
      )
    },
  }
}

function countsOf({ journal, record, people, lines, asks, attendance, started }: WholeStage): Counts {
  const lives = people.flatMap((person) => person.lives)
  const checks = lives.flatMap(({ readers }) => [...readers].map(({ check }) => check))
  const all = [...asks.all.values()]
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)
  return {
    happened: journal.happened + sum(lines.map((line) => line.counts().delivered)),
    stored: record.stored,
    delivered: sum(checks.map(({ delivered }) => delivered)),
    gaps: sum(checks.map(({ gaps }) => gaps)),
    asked: all.length,
    unknown: all.filter(({ settled }) => settled === 'OUTCOME_UNKNOWN').length,
    came: attendance.stays,
    connections: sum(lines.map((line) => line.counts().opened)),
    lives: lives.length,
    servers: started(),
    seconds: journal.elapsed / 1_000,
  }
}
