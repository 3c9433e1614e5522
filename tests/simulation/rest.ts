/** How a world comes to rest: first nothing breaks any more, then everybody leaves. */
import { callTheRoll, checkHalls } from './roll-call.js'
import type { Stage } from './stage.js'

/**
 * Once nothing breaks any more, everything that waits has ended, and everything read is live, within this time: a server
 * that sleeps, an attempt that it does not answer, and two waits before the next ones, each as long as it can be.
 */
const settlingMs = 130_000
/** One whose connection was lost is shown for so much longer. */
const presenceGraceMs = 15_000

/** Nothing breaks any more: whatever waits comes to an end, and whatever is read is delivered. */
export function settle(stage: Stage): void {
  const { journal, clock, weather, cluster, people, asks, emitting } = stage
  journal.note(() => '--- calm')
  weather.mood.calm()
  cluster.startAll()
  for (const { life } of people) life.client.connection.open()
  const isAtRest = (): boolean =>
    emitting.size === 0 &&
    asks.pending.size === 0 &&
    people.every(({ life }) => life.isUpToDate) &&
    callTheRoll(stage).length === 0
  const mostMs = settlingMs + (weather.halls.length > 0 ? presenceGraceMs : 0)
  let looks = 0
  const isLate = spend(stage, mostMs, () => {
    if (looks++ % 5 === 0) checkHalls(stage)
    // what `join` was asked before the calm, and refused after it
    for (const { life } of people) life.mend()
    return isAtRest()
  })
  if (isLate) {
    const waiting = [...asks.pending].map(({ kind, k, client }) => `${kind} ${k} of ${client}`)
    const states = people.flatMap(({ life: { name, client, here } }) => [
      `${name} is ${client.connection.getSnapshot().status}`,
      ...here.map(
        (reader) =>
          `${reader.label} is ${reader.status} and ${reader.check.isComplete ? '' : 'not '}complete`,
      ),
    ])
    journal.fault(
      'settled',
      `not settled after ${mostMs} ms: ${[...states, ...callTheRoll(stage), ...waiting, `${emitting.size} emits`].join('; ')}`,
    )
  }
  // what came too often comes by now; and a handler whose caller gave up may still have emitted something
  clock.advance(1_000)
  spend(stage, mostMs, isAtRest)
  if (weather.halls.length > 0) stay(stage)
  for (const { life } of people) for (const reader of life.here) reader.check.finish()
  asks.checkHeld()
}

/** Who is present stays so: no connection of before takes it along as it ends. */
function stay(stage: Stage): void {
  const { journal, clock, people } = stage
  for (let spent = 0; spent < stayingMs; spent += 1_000) {
    clock.advance(1_000)
    for (const { life } of people) life.mend()
    checkHalls(stage)
  }
  // some are just on their way from one connection to another, perhaps of another server
  spend(stage, presenceGraceMs + 5_000, () => callTheRoll(stage).length === 0)
  for (const wrong of callTheRoll(stage)) journal.fault('present', `after ${stayingMs} ms ${wrong}`)
}

/** Until a server notices that a link is half-open, and gives up whoever was there by it. */
const stayingMs = 55_000

/** Everybody leaves, and nothing is left behind. */
export function leave(stage: Stage): void {
  const { journal, clock, cluster, people } = stage
  journal.note(() => '--- all leave')
  for (const { life } of people) life.leave()
  // a handler may outlive its caller, and a server notices by its heartbeat alone that a link is half-open
  clock.advance(restMs)
  // a heartbeat may be under way just now
  const open = people.filter(({ life }) => !life.isClosed).length
  if (spend(stage, 1_000, () => held(stage, open) === undefined))
    journal.fault('left', `held with ${open} clients that do nothing: ${held(stage, open)}`)
  for (const { life } of people) life.client.connection.close()
  clock.advance(1_000)
  const left = held(stage, 0)
  if (left !== undefined) journal.fault('left', `held after all clients were closed: ${left}`)
  for (const { life, process } of people)
    if (process.timers > 0) journal.fault('left', `${life.name} has ${process.timers} timers left`)
  for (const node of cluster.all)
    node.close().catch((error: unknown) => journal.fault('left', `a server could not be closed: ${error}`))
  clock.advance(1_000)
  for (const { process } of cluster.all)
    if (process.timers > 0) journal.fault('left', `${process.name} has ${process.timers} timers left`)
  if (clock.pending() > 0) journal.fault('left', `${clock.pending()} timers are left in the world`)
}

/** After so long a server, that may sleep, notices that a link is half-open, and then forgets the session. */
const restMs = 250_000

/** What the servers hold beside so many connections, and a timer for each. */
function held({ cluster }: Stage, open: number): string | undefined {
  const all = cluster.all.map((node) => node.inspect())
  const total = (name: string): number => all.reduce((sum, counts) => sum + (counts[name] ?? 0), 0)
  const names = new Set(all.flatMap((counts) => Object.keys(counts)))
  names.delete('volatileDropped') // of all that happened, not held
  const wrong = [...names].filter((name) => total(name) < least(name, open) || total(name) > most(name, open))
  return wrong.length === 0 ? undefined : wrong.map((name) => `${total(name)} ${name}`).join(', ')
}

function least(name: string, open: number): number {
  return name === 'connections' || name === 'sessions' || name === 'timers' ? open : 0
}

/** A connection without a WebSocket has a timer for its response, too. */
function most(name: string, open: number): number {
  return name === 'timers' ? 2 * open : least(name, open)
}

/** Lets time pass until something holds; tells whether it took too long. */
function spend({ clock }: Stage, mostMs: number, until: () => boolean): boolean {
  for (let spent = 0; spent < mostMs && !until(); spent += 100) clock.advance(100)
  return !until()
}
