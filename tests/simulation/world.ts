/**
 * A whole world in one process, decided by one seed: clients, a server, a log, and a network that breaks, in virtual
 * time. What is real: `createClient`, the hub, the router and the memory log. What is promised of them is checked by
 * who knows what was emitted, asked, run and delivered.
 */

import type { Log } from '@parley/server'
import { memoryLog } from '@parley/server'
import { virtualClock } from '@parley/shared/testing'
import { delayingLog } from '../../packages/server/test/logs/delaying-log.js'
import { act, rollWith, type Stage } from './actions.js'
import { Asks } from './asks.js'
import { contractOf } from './contract.js'
import { Journal } from './journal.js'
import type { Between } from './links.js'
import { Person } from './person.js'
import { epoch, LogRecord } from './record.js'
import { startServer } from './server.js'
import { acceptSockets } from './sockets.js'
import { type Weather, weatherOf } from './weather.js'

/** What a test puts into a world from outside, to see that the checker sees it. */
export interface Seams {
  readonly log?: (log: Log) => Log
  /** What stands between each client and its link, one for each connection. */
  readonly between?: (random: () => number) => Between
}

export interface WorldOptions {
  readonly seed: number
  /** Default 80. */
  readonly steps?: number
  readonly seams?: Seams
  /** Keeps every line of what happened, frames included. */
  readonly isTraced?: boolean
}

export interface Outcome {
  readonly weather: Weather
  readonly faults: readonly string[]
  readonly trace: readonly string[]
  readonly events: number
  readonly delivered: number
  readonly gaps: number
  readonly asked: number
  readonly unknown: number
  readonly connections: number
}

/** Once nothing breaks any more, everything that waits has ended, and everything read is live, within this time. */
const settlingMs = 90_000

export async function runWorld({
  seed,
  steps = 80,
  seams = {},
  isTraced = false,
}: WorldOptions): Promise<Outcome> {
  const clock = virtualClock({ seed })
  const journal = new Journal(() => clock.now(), isTraced)
  const weather = weatherOf(clock.random)
  const roll = rollWith(clock.random)
  const record = new LogRecord(journal, weather.keep)
  const { mood } = weather
  const asks = new Asks({
    journal,
    isStored: (n) => record.offsetOf(n) !== undefined,
    mayRefuse: (code) =>
      code === 'CLOSED' ||
      (code === 'FORBIDDEN' && mood.mayRefuse) ||
      (code === 'OVERLOADED' && weather.callsInFlight < 64),
  })
  const watched = record.watch(memoryLog({ clock, epoch }))
  const log = delayingLog(seams.log?.(watched) ?? watched, clock, clock.random, weather.log)
  const contract = contractOf(weather.keep)
  let events = 0
  const server = startServer({ clock, journal, contract, weather, log, asks, newEvent: () => ++events })
  const sockets = acceptSockets(server.inside, weather.sockets)
  const { between } = seams
  const people = ['ann', 'bob'].map(
    (name) =>
      new Person({
        name,
        clock,
        journal,
        contract,
        weather,
        accept: sockets.accept,
        asks,
        record,
        keyOf: server.keyOf,
        tamper: between && (() => between(clock.random)),
      }),
  )

  let emitting = 0
  const emit: Stage['emit'] = (id, name) => {
    const { n, position } = server.emit(id, name)
    emitting++
    position.then(
      (at) => {
        emitting--
        if (name !== 'hint' && at !== `${epoch}-${record.offsetOf(n)}`)
          journal.fault(`event ${n} is not at ${at}`)
      },
      (error: unknown) => journal.fault(`event ${n} could not be emitted: ${error}`),
    )
  }

  const rejected = (error: unknown): void => journal.fault(`nobody handled the rejection ${error}`)
  process.on('unhandledRejection', rejected)
  try {
    const stage: Stage = { clock, journal, weather, server, sockets, record, people, emit }
    for (let step = 0; step < steps && journal.faults.length === 0; step++) {
      act(stage, roll)
      await clock.advance(roll.below(weather.pauseMs))
      for (const person of people) person.noteLive()
    }
    await settle()
    await leave()
  } finally {
    process.off('unhandledRejection', rejected)
  }

  /** Nothing breaks any more: whatever waits comes to an end, and whatever is read is delivered. */
  async function settle(): Promise<void> {
    journal.note('--- calm')
    mood.calm()
    for (const { link, client } of people) {
      link.resume()
      link.refuse(false)
      client.connection.open()
    }
    const isSettled = (): boolean => {
      // what `join` was asked before the calm, and refused after it
      for (const { client, isRefused } of people) if (isRefused) client.connection.open()
      return isAtRest()
    }
    const isAtRest = (): boolean =>
      emitting === 0 && asks.pending.length === 0 && people.every(({ isUpToDate }) => isUpToDate)
    const late = await spend(isSettled, settlingMs)
    if (late) {
      const pending = asks.pending.map(({ kind, k, client }) => `${kind} ${k} of ${client}`)
      const states = people.map(
        ({ name, client, isUpToDate }) =>
          `${name} is ${client.connection.getSnapshot().status} and ${isUpToDate ? '' : 'not '}up to date`,
      )
      journal.fault(
        `not settled after ${settlingMs} ms: ${[...states, ...pending, `${emitting} emits`].join('; ')}`,
      )
    }
    await clock.advance(1_000)
    for (const { readers } of people) for (const reader of readers) if (!reader.isOver) reader.check.finish()
  }

  /** Everybody leaves, and nothing is left behind. */
  async function leave(): Promise<void> {
    journal.note('--- all leave')
    for (const { readers } of people) for (const reader of readers) if (!reader.isOver) reader.stop()
    // a handler may outlive its caller, and a server notices by its heartbeat alone that a link is half-open
    await clock.advance(40_000)
    // a heartbeat may be under way just now
    if (await spend(() => isBare(people.length), 1_000))
      journal.fault(`held with ${people.length} clients that do nothing: ${JSON.stringify(server.inspect())}`)
    for (const { client } of people) client.connection.close()
    await clock.advance(1_000)
    if (!isBare(0)) journal.fault(`held after all clients were closed: ${JSON.stringify(server.inspect())}`)
    await Promise.all([server.hub.close(), clock.advance(1_000)])
    if (clock.pending() > 0) journal.fault(`${clock.pending()} timers are left`)
  }

  /** Whether the server holds nothing but so many connections. */
  function isBare(open: number): boolean {
    const { sessions, timers, ...rest } = server.inspect()
    return sessions === open && timers === open && Object.values(rest).every((count) => count === 0)
  }

  /** Lets time pass until something holds; tells whether it took too long. */
  async function spend(until: () => boolean, mostMs: number): Promise<boolean> {
    for (let spent = 0; spent < mostMs && !until(); spent += 100) await clock.advance(100)
    return !until()
  }

  const readers = people.flatMap((person) => [...person.readers])
  const all = [...asks.all.values()]
  return {
    weather,
    faults: journal.faults,
    trace: journal.lines,
    events: record.stored,
    delivered: readers.reduce((sum, { check }) => sum + check.delivered, 0),
    gaps: readers.reduce((sum, { check }) => sum + check.gaps, 0),
    asked: all.length,
    unknown: all.filter(({ settled }) => settled === 'OUTCOME_UNKNOWN').length,
    connections: people.reduce((sum, { link }) => sum + link.counts().opened, 0),
  }
}
