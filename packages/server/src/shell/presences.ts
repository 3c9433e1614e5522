/**
 * Who is present on each topic of this node, and who is told. A change is written once, and the same bytes go to every
 * subscriber; whoever queues too much of it gets the whole list once it has caught up.
 */
import {
  type Clock,
  type Encoded,
  encodeServerFrame,
  type FrameData,
  type Limits,
} from '@parley/shared/internal'
import { type Entering, Presence, type PresenceChange, type PresenceEntry } from '../core/presence.js'
import { PresenceFeed } from '../core/presence-feed.js'
import { sizeOf } from '../core/size.js'
import { SteadyTime } from './steady.js'

/** One who is told: a subscription, once it was confirmed. */
export interface PresenceSubscriber {
  /** Of the topic, on every connection of this server. */
  readonly topic: number
  /** Most bytes that should be queued for it. */
  readonly capacity: number
  queued(): number
  /** Calls `run` once few bytes are queued. The result takes it back. */
  onDrain(run: () => void): () => void
  /** False when the socket lost it. */
  send(data: FrameData): boolean
}

/** A state as it travels, without bytes beside it: several go in one frame. */
export type ShownState = Pick<Encoded, 'json' | 'meta'>

type Entry = PresenceEntry<ShownState>

/** Most bytes of one page of a list. */
const pageBytes = 65_536

/** About what an entry takes beside its state. */
const entryBytes = 64

interface Told {
  readonly feed: PresenceFeed<ShownState>
  /** Takes back what it waits for. */
  stopWaiting: (() => void) | undefined
}

class TopicPresence {
  readonly present: Presence<ShownState>
  readonly told = new Map<PresenceSubscriber, Told>()
  cancel: (() => void) | undefined

  constructor(graceMs: number) {
    this.present = new Presence(graceMs, (a, b) => a.json === b.json && a.meta === b.meta)
  }
}

export class Presences {
  readonly #clock: Clock
  readonly #time: SteadyTime
  readonly #graceMs: number
  readonly #topics = new Map<string, TopicPresence>()
  #numbers = 0

  constructor(clock: Clock, { presenceGraceMs }: Pick<Limits, 'presenceGraceMs'>) {
    this.#clock = clock
    this.#time = new SteadyTime(clock)
    this.#graceMs = presenceGraceMs
  }

  /** Entries of all topics. */
  get size(): number {
    let size = 0
    for (const { present } of this.#topics.values()) size += present.size
    return size
  }

  /** Timers of those whose connection was lost. */
  get timers(): number {
    let timers = 0
    for (const { cancel } of this.#topics.values()) if (cancel) timers += 1
    return timers
  }

  /** A number for a subscription to hold its entry by. */
  nextNumber(): number {
    this.#numbers += 1
    return this.#numbers
  }

  /** Everybody on a topic, in the order in which they came. */
  on(key: string): readonly Entry[] {
    return [...(this.#topics.get(key)?.present.entries() ?? [])]
  }

  enter(key: string, entering: Omit<Entering<ShownState>, 'entry' | 'since'>): void {
    const entry = this.#clock.secret()
    this.#change(key, ({ present }) => present.enter({ ...entering, entry, since: this.#clock.now() }))
  }

  left(key: string, client: string, by: number): void {
    this.#change(key, ({ present }) => present.left(client, by))
  }

  lost(key: string, client: string, by: number): void {
    this.#change(key, ({ present }) => {
      present.lost(client, by, this.#time.now())
      return []
    })
  }

  /** Clients that are shown as a member. */
  clientsOf(key: string, member: string): readonly string[] {
    return this.#topics.get(key)?.present.clientsOf(member) ?? []
  }

  /** All entries of a member go; without one, everybody's. */
  kick(key: string, member?: string): void {
    if (this.#topics.has(key)) this.#change(key, ({ present }) => present.kicked(member))
  }

  /** The client of a session does not come back to it. */
  sessionEnded(client: string, member: string | undefined): void {
    for (const [key, topic] of [...this.#topics]) {
      if (topic.cancel) this.#change(key, ({ present }) => present.sessionEnded(client, member))
    }
  }

  /** The subscriber gets the list, and from then on each change. */
  tell(key: string, subscriber: PresenceSubscriber): void {
    const topic = this.#topic(key)
    const bytes = Math.min(pageBytes, subscriber.capacity / 4)
    const weightOf = ({ state, member }: Entry): number => sizeOf(state) + member.length + entryBytes
    const told: Told = { feed: new PresenceFeed(topic.present, weightOf, bytes), stopWaiting: undefined }
    topic.told.set(subscriber, told)
    this.#list(subscriber, told)
  }

  /** It is told no more. */
  untell(key: string, subscriber: PresenceSubscriber): void {
    const topic = this.#topics.get(key)
    const told = topic?.told.get(subscriber)
    if (!topic || !told) return
    told.stopWaiting?.()
    topic.told.delete(subscriber)
    this.#tidy(key, topic)
  }

  close(): void {
    for (const { cancel } of this.#topics.values()) cancel?.()
    this.#topics.clear()
  }

  #topic(key: string): TopicPresence {
    let topic = this.#topics.get(key)
    if (!topic) {
      topic = new TopicPresence(this.#graceMs)
      this.#topics.set(key, topic)
    }
    return topic
  }

  #change(key: string, input: (topic: TopicPresence) => readonly PresenceChange<ShownState>[]): void {
    const topic = this.#topic(key)
    for (const { change, entry } of input(topic)) this.#broadcast(topic, change, entry)
    this.#arm(key, topic)
    this.#tidy(key, topic)
  }

  #broadcast({ told }: TopicPresence, change: 'joined' | 'updated' | 'left', entry: Entry): void {
    let frame: FrameData | undefined
    for (const [subscriber, one] of [...told]) {
      if (!one.feed.changed(subscriber.queued() > subscriber.capacity)) this.#listLater(subscriber, one)
      else {
        frame ??= encodeMembers(subscriber.topic, change, [entry], false)
        if (subscriber.send(frame)) continue
        one.feed.lost()
        this.#listLater(subscriber, one)
      }
    }
  }

  #list(subscriber: PresenceSubscriber, told: Told): void {
    while (subscriber.queued() <= subscriber.capacity / 4) {
      const { entries, more } = told.feed.page()
      const isSent = subscriber.send(encodeMembers(subscriber.topic, 'all', entries, more))
      if (isSent && !more) return
      if (isSent) continue
      told.feed.lost()
      break
    }
    this.#listLater(subscriber, told)
  }

  #listLater(subscriber: PresenceSubscriber, told: Told): void {
    told.stopWaiting ??= subscriber.onDrain(() => {
      told.stopWaiting = undefined
      this.#list(subscriber, told)
    })
  }

  #arm(key: string, topic: TopicPresence): void {
    const { next } = topic.present
    if (next === undefined) {
      topic.cancel?.()
      topic.cancel = undefined
      return
    }
    topic.cancel ??= this.#clock.after(Math.max(0, next - this.#time.now()), () => {
      topic.cancel = undefined
      const now = this.#time.atLeast(next)
      this.#change(key, ({ present }) => present.elapsed(now))
    })
  }

  #tidy(key: string, topic: TopicPresence): void {
    if (topic.present.size === 0 && topic.told.size === 0 && this.#topics.get(key) === topic)
      this.#topics.delete(key)
  }
}

function encodeMembers(
  topic: number,
  change: 'all' | 'joined' | 'updated' | 'left',
  entries: readonly Entry[],
  more: boolean,
): FrameData {
  return encodeServerFrame({
    type: 'members',
    topic,
    change,
    more,
    entries: entries.map(({ member, entry, since }) => [member, entry, since]),
    ...(change === 'left' ? {} : { states: together(entries) }),
  })
}

/** What the list of all states would be written as, from what each was. */
function together(entries: readonly Entry[]): Encoded {
  const json = `[${entries.map(({ state }) => state.json).join(',')}]`
  const values = entries.flatMap(({ state: { meta } }, index) =>
    meta === undefined ? [] : [`"${index}":${JSON.stringify(JSON.parse(meta).values)}`],
  )
  return values.length === 0 ? { json } : { json, meta: `{"values":{${values.join(',')}},"v":1}` }
}
