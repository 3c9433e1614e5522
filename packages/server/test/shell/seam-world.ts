/**
 * A small world for the seam "replay, then live": one node, a log that answers out of step, readers that come, go,
 * stall and are cut, all decided by one seed.
 */
import { channel, defineContract, type Report } from '@parley/shared'
import {
  createCodec,
  type From,
  type Limits,
  limits,
  type Position,
  type Topic,
  topicOf,
} from '@parley/shared/internal'
import { virtualClock } from '@parley/shared/testing'
import { z } from 'zod'
import type { LiveEvent } from '../../src/fanout/live-event.js'
import type { LogGap } from '../../src/logs/log.js'
import { memoryLog } from '../../src/logs/memory.js'
import { Reader, type Sink } from '../../src/shell/reader.js'
import { Topics } from '../../src/topics.js'
import { delayingLog } from '../logs/delaying-log.js'

export interface WorldOptions {
  readonly seed: number
  /** Entries that the topic keeps. */
  readonly keep: number
  readonly steps: number
  /** The seam that shows that the checker sees: what is read from the log is thrown away. */
  readonly withoutReplay?: boolean
}

/** What one reader was handed, over all its subscriptions. */
interface Seen {
  /** Where it began; nothing before that is owed to it. */
  start: number | undefined
  last: Position | undefined
  readonly offsets: number[]
  readonly gaps: LogGap[]
}

export interface Outcome {
  readonly events: number
  readonly delivered: number
  readonly gaps: number
  /** What was promised and not kept, in words. */
  readonly faults: readonly string[]
}

const names = ['a', 'b'] as const

export async function runWorld({ seed, keep, steps, withoutReplay = false }: WorldOptions): Promise<Outcome> {
  const clock = virtualClock({ seed })
  const { random } = clock
  const pick = (most: number): number => Math.floor(random() * most)
  const contract = defineContract({
    room: channel({
      params: z.object({ id: z.string() }),
      events: { message: z.number() },
      replay: { last: keep, for: '1h' },
    }),
  })
  const reports: Report[] = []
  const small: Limits = { ...limits, queuedBytes: 400 }
  const log = delayingLog(memoryLog({ clock }), clock, random, { readMs: 50, acknowledgeMs: 20, tailMs: 30 })
  const topics = new Topics({
    log,
    codec: createCodec(),
    limits: small,
    clock,
    onReport: (r) => reports.push(r),
  })
  const opening = topics.open()
  await clock.advance(100)
  await opening

  const spec = contract.channels.get('room')!
  const rooms: Topic[] = names.map((id) => topicOf(spec, { id }))
  /** Everything ever emitted, by topic: offset and who must not see it. */
  const truth = new Map<string, { offset: number; except: string | undefined }[]>(
    rooms.map(({ key }) => [key, []]),
  )
  const faults: string[] = []
  const people: {
    readonly client: string
    readonly topic: Topic
    readonly seen: Seen
    reader?: Reader
    stop?: () => void
  }[] = []
  const pendingEmits: Promise<void>[] = []

  const emit = (): void => {
    const topic = rooms[pick(rooms.length)]!
    const someone = people[pick(people.length)]
    const except = random() < 0.2 ? someone?.client : undefined
    pendingEmits.push(
      topics.emit(topic, 'message', 1, except === undefined ? {} : { except }).then(({ offset }) => {
        truth.get(topic.key)!.push({ offset, except })
      }),
    )
  }

  const enter = (person: (typeof people)[number], from: From): void => {
    const { seen, client, topic } = person
    let queued = 0
    let waiting: (() => void) | undefined
    let inThis = 0
    let replaying = true
    const take = (offset: number): void => {
      if (offset <= inThis) faults.push(`${client}: ${offset} after ${inThis} on one subscription`)
      inThis = offset
      seen.last = { epoch: topics.epoch, offset }
    }
    const drain = (): void => {
      queued = 0
      const run = waiting
      waiting = undefined
      run?.()
    }
    const sink: Sink = {
      client,
      capacity: small.queuedBytes,
      confirm(position) {
        seen.start ??= position.offset
        seen.last ??= position
        inThis = position.offset
      },
      event(event: LiveEvent) {
        const offset = JSON.parse(String(event.frame))[2] as number
        take(offset)
        if (!(withoutReplay && replaying)) seen.offsets.push(offset)
        queued += random() < 0.3 ? 150 : 0
        return true
      },
      moved: (offset) => take(offset),
      gap(gap) {
        seen.gaps.push(gap)
        take(gap.first.offset)
      },
      live: () => {
        replaying = false
      },
      end: () => faults.push(`${client}: ended`),
      failed: (error) => faults.push(`${client}: failed ${error}`),
      queued: () => queued,
      onDrain(run) {
        waiting = run
        const cancel = clock.after(pick(40), drain)
        return () => {
          cancel()
          waiting = undefined
        }
      },
    }
    const reader = new Reader({ topics, topic, from, sink })
    person.reader = reader
  }

  const leave = (person: (typeof people)[number]): void => {
    person.reader?.leave()
    delete person.reader
  }

  const starts = (topic: Topic): From => {
    const known = truth.get(topic.key)!
    const some = known[pick(known.length)]
    const choices: From[] = ['now', 'first', { last: pick(5) }]
    if (some) choices.push({ epoch: topics.epoch, offset: some.offset })
    return choices[pick(choices.length)]!
  }

  for (let step = 0; step < steps; step++) {
    const person = people[pick(people.length)]
    const roll = random()
    if (roll < 0.5) emit()
    else if (roll < 0.65 && people.length < 4) {
      const topic = rooms[pick(rooms.length)]!
      const seen: Seen = { start: undefined, last: undefined, offsets: [], gaps: [] }
      const newcomer = { client: `c${people.length}`, topic, seen }
      people.push(newcomer)
      enter(newcomer, starts(topic))
    } else if (roll < 0.75 && person) {
      // cut: it comes back with the position of what it had last, or as it came if nothing was confirmed
      leave(person)
      enter(person, person.seen.last ?? 'first')
    } else if (roll < 0.8 && person?.reader) {
      leave(person)
      await clock.advance(pick(60))
      enter(person, person.seen.last ?? 'first')
    } else await clock.advance(pick(30))
  }
  await clock.advance(2_000)
  await Promise.all(pendingEmits)

  for (const { client, topic, seen } of people) {
    const delivered = new Set<number>()
    let before = -1
    for (const offset of seen.offsets) {
      if (offset <= before) faults.push(`${client}: ${offset} came after ${before}`)
      before = offset
      delivered.add(offset)
    }
    for (const { offset, except } of truth.get(topic.key)!) {
      const owed = seen.start !== undefined && offset > seen.start && except !== client
      const inGap = seen.gaps.some(({ after, first }) => offset > after.offset && offset <= first.offset)
      if (owed && !delivered.has(offset) && !inGap) faults.push(`${client}: ${offset} is missing`)
      if (except === client && delivered.has(offset)) faults.push(`${client}: ${offset} is its own`)
    }
    if (seen.gaps.length > 0 && keep >= steps) faults.push(`${client}: a gap where nothing was trimmed`)
  }
  for (const person of people) leave(person)
  const held = topics.inspect()
  if (held.topics !== 0 || held.readers !== 0)
    faults.push(`held after all have left: ${JSON.stringify(held)}`)
  faults.push(...reports.map(({ message }) => `reported: ${message}`))
  await topics.close()
  return {
    events: [...truth.values()].reduce((sum, all) => sum + all.length, 0),
    delivered: people.reduce((sum, { seen }) => sum + seen.offsets.length, 0),
    gaps: people.reduce((sum, { seen }) => sum + seen.gaps.length, 0),
    faults,
  }
}
