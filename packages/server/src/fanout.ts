/**
 * The hot path: an entry of the log goes to every live reader of its topic on this node. It is written once for
 * WebSockets and once for SSE; a native publish carries it where the runtime has one, a loop elsewhere.
 */
import type { Encoded, Position } from '@parley/shared/internal'
import { sizeOf } from './core/size.js'
import type { FittedEntry, TopicView } from './core/subscription.js'
import { LiveEvent } from './fanout/live-event.js'
import type { Lookout } from './fanout/lookout.js'
import type { Member, NativeGroup } from './fanout/member.js'
import type { Entry, VolatileItem } from './logs/log.js'

/** How many recent entries a topic keeps on the node, so that a reader meets the live events without a hole. */
const recentEntries = 256
const recentBytes = 262_144

/** What a reader that has everything still misses. */
const none: readonly FittedEntry[] = []

/** Holds what was written, perhaps by another version of the application, against today's contract. */
export interface Fit {
  entry(entry: Entry): FittedEntry
  /** Nothing for one that cannot be read. */
  volatile(item: VolatileItem): VolatileItem | undefined
}

/** What all topics of a node have in common. */
export interface NodeState {
  readonly epoch: string
  readonly tail: number
  /** Volatile events that a reader did not get because it was not live, counted once for each reader. */
  volatileDropped: number
}

export interface LiveTopicOptions {
  readonly key: string
  readonly number: number
  /** Unique among all hubs that share a native group. */
  readonly nativeName: string
  readonly times: boolean
  readonly queuedBytes: number
  readonly toText: (data: Encoded) => Encoded
  readonly fit: Fit
  readonly node: NodeState
  /** One for all topics of the node. */
  readonly lookout: Lookout
}

/** A topic that somebody on this node reads. */
export class LiveTopic implements TopicView {
  readonly key: string
  readonly number: number
  /** Subscriptions in any mode. */
  readers = 0
  since: number

  readonly #nativeName: string
  readonly #times: boolean
  readonly #queuedBytes: number
  readonly #toText: (data: Encoded) => Encoded
  readonly #fit: Fit
  readonly #node: NodeState
  readonly #lookout: Lookout
  readonly #direct = new Set<Member>()
  readonly #native = new Map<NativeGroup, Set<Member>>()
  readonly #recent: FittedEntry[] = []
  #recentBytes = 0

  constructor(options: LiveTopicOptions) {
    this.key = options.key
    this.number = options.number
    this.#nativeName = options.nativeName
    this.#times = options.times
    this.#queuedBytes = options.queuedBytes
    this.#toText = options.toText
    this.#fit = options.fit
    this.#node = options.node
    this.#lookout = options.lookout
    this.since = options.node.tail
  }

  get epoch(): string {
    return this.#node.epoch
  }

  get tail(): number {
    return this.#node.tail
  }

  recent(offset: number): readonly FittedEntry[] {
    let low = 0
    let high = this.#recent.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#recent[middle]!.offset > offset) high = middle
      else low = middle + 1
    }
    return low === this.#recent.length ? none : this.#recent.slice(low)
  }

  liveMembers(): number {
    let count = this.#direct.size
    for (const members of this.#native.values()) count += members.size
    return count
  }

  nativeMembers(): number {
    return this.liveMembers() - this.#direct.size
  }

  attach(member: Member): void {
    if (!member.native) {
      this.#direct.add(member)
      return
    }
    const { group } = member.native
    const members = this.#native.get(group) ?? new Set()
    this.#native.set(group, members.add(member))
    member.native.subscribe(this.#nativeName)
  }

  detach(member: Member): void {
    this.#direct.delete(member)
    if (!member.native) return
    const members = this.#native.get(member.native.group)
    if (!members?.delete(member)) return
    member.native.unsubscribe(this.#nativeName)
    if (members.size === 0) this.#native.delete(member.native.group)
  }

  /** A new entry of this topic; the node's tail stands on it already. */
  entry(entry: Entry, previousTail: number): void {
    const fitted = this.#fit.entry(entry)
    this.#keep(fitted)
    this.#send(this.event(fitted), entry.except, entry.offset, previousTail)
  }

  volatile(item: VolatileItem): void {
    const fitted = this.#fit.volatile(item)
    if (!fitted) {
      this.#node.volatileDropped += this.readers
      return
    }
    this.#node.volatileDropped += this.readers - this.liveMembers()
    this.#send(this.event(fitted), item.except, undefined, this.tail)
  }

  /** The node began a new epoch; `before` is where it stood in the old one. Nothing kept here belongs to the new. */
  reset(before: Position): void {
    this.#recent.length = 0
    this.#recentBytes = 0
    this.since = this.tail
    for (const member of this.#all()) member.doubtful(before)
  }

  /** The event as it goes to every reader. */
  event(entry: FittedEntry | VolatileItem): LiveEvent {
    return new LiveEvent(this.number, this.epoch, entry, this.#times, this.#toText)
  }

  #keep(entry: FittedEntry): void {
    this.#recent.push(entry)
    this.#recentBytes += sizeOf(entry.data)
    while (this.#recent.length > recentEntries || this.#recentBytes > recentBytes) {
      // half at once, so that the cost of moving the rest is spread over many events
      const dropped = this.#recent.splice(0, Math.max(1, this.#recent.length >> 1))
      for (const one of dropped) this.#recentBytes -= sizeOf(one.data)
      this.since = dropped[dropped.length - 1]!.offset
    }
  }

  #send(
    event: LiveEvent,
    except: string | undefined,
    offset: number | undefined,
    previousTail: number,
  ): void {
    for (const [group, members] of this.#native) this.#publish(group, members, event, except, offset)
    for (const member of this.#direct) {
      if (except !== undefined && member.client === except) {
        if (offset !== undefined) member.moved(offset)
        continue
      }
      if (member.deliver(event)) {
        if (member.queued() > this.#queuedBytes) member.overflowed()
      } else if (offset === undefined) this.#node.volatileDropped++
      else member.doubtful({ epoch: this.epoch, offset: previousTail })
    }
  }

  #publish(
    group: NativeGroup,
    members: Set<Member>,
    event: LiveEvent,
    except: string | undefined,
    offset: number | undefined,
  ): void {
    // the sender's sockets leave for this one publish: in order, because a socket's own sends are flushed first
    const left = except === undefined ? [] : [...members].filter((member) => member.client === except)
    for (const member of left) member.native?.unsubscribe(this.#nativeName)
    const frame = event.frame
    const result = members.size > left.length ? group.publish(this.#nativeName, frame) : 1
    for (const member of left) {
      member.native?.subscribe(this.#nativeName)
      if (offset !== undefined) member.moved(offset)
    }
    this.#lookout.published(members, frame.length, result === -1)
  }

  #all(): Member[] {
    return [...this.#direct, ...[...this.#native.values()].flatMap((members) => [...members])]
  }
}
