/**
 * The hot path: an entry of the log goes to every live reader of its topic on this node. It is written once for
 * WebSockets and once for SSE; a native publish carries it where the runtime has one, a loop elsewhere.
 */
import {
  type Encoded,
  encodeBlock,
  encodeServerFrame,
  eventTail,
  type FrameData,
  formatPosition,
  type Position,
} from '@parley/shared/internal'
import type { TopicView } from './core/subscription.js'
import type { Entry, VolatileItem } from './logs/log.js'

/** A runtime's own publish/subscribe among its sockets (Bun.serve). */
export interface NativeGroup {
  /**
   * As Bun's `server.publish`: -1 when somebody queues what was published, perhaps some events ago. The sockets must
   * have no limit of their own: Bun writes publishes in batches, and tells of a loss late or never.
   */
  publish(topic: string, data: FrameData): number
}

/** A socket that can take part in a native publish. */
export interface NativeSocket {
  readonly group: NativeGroup
  subscribe(topic: string): void
  unsubscribe(topic: string): void
}

/** One live reader of a topic. */
export interface Member {
  /** Client id, for events that exclude their sender. */
  readonly client: string | undefined
  /** Present where the event reaches it by native publish; else `deliver` is called. */
  readonly native: NativeSocket | undefined
  /** Hands the event over; false when the transport lost it. */
  deliver(event: LiveEvent): boolean
  /** The position moved on without an event for this reader. */
  moved(offset: number): void
  /** Bytes handed over and not yet taken by the network. */
  queued(): number
  /** More is queued than allowed: leave the live set and read the log. */
  overflowed(): void
  /** What came after this position may be lost: leave the live set and read the log. */
  doubtful(position: Position): void
}

/** An event on its way to many readers; each form is written when the first one needs it. */
export class LiveEvent {
  readonly #topic: number
  readonly #epoch: string
  readonly #entry: Entry | VolatileItem
  readonly #times: boolean
  readonly #toText: (data: Encoded) => Encoded
  #frame: FrameData | undefined
  #block: Uint8Array | undefined

  constructor(
    topic: number,
    epoch: string,
    entry: Entry | VolatileItem,
    times: boolean,
    toText: (data: Encoded) => Encoded,
  ) {
    this.#topic = topic
    this.#epoch = epoch
    this.#entry = entry
    this.#times = times
    this.#toText = toText
  }

  get volatile(): boolean {
    return !('offset' in this.#entry)
  }

  /** As a WebSocket frame. */
  get frame(): FrameData {
    this.#frame ??= this.#writeFrame()
    return this.#frame
  }

  /** As an SSE block. */
  get block(): Uint8Array {
    this.#block ??= this.#writeBlock()
    return this.#block
  }

  /** As an event of the bounded read with this number. */
  history(read: number): FrameData {
    const { data, name } = this.#entry
    const offset = 'offset' in this.#entry ? this.#entry.offset : 0
    return encodeServerFrame({ type: 'h', read, offset, name, data, ...optionalAt(this.#at()) })
  }

  #at(): number | undefined {
    return this.#times && 'at' in this.#entry ? this.#entry.at : undefined
  }

  #writeFrame(): FrameData {
    const { data, name } = this.#entry
    if (!('offset' in this.#entry)) return encodeServerFrame({ type: 'v', topic: this.#topic, name, data })
    const { offset } = this.#entry
    if (data.blobs)
      return encodeServerFrame({ type: 'e', topic: this.#topic, offset, name, data, ...optionalAt(this.#at()) })
    return `["e",${this.#topic}${eventTail(offset, name, data, this.#at())}`
  }

  #writeBlock(): Uint8Array {
    const entry = this.#entry
    const data = this.#toText(entry.data)
    const at = this.#at()
    return blockBytes({
      event: entry.name,
      ...('offset' in entry ? { id: formatPosition({ epoch: this.#epoch, offset: entry.offset }) } : {}),
      data: data.json,
      ...(data.meta === undefined ? {} : { meta: data.meta }),
      ...optionalAt(at),
    })
  }
}

const utf8 = new TextEncoder()

export function blockBytes(block: Parameters<typeof encodeBlock>[0]): Uint8Array {
  return utf8.encode(encodeBlock(block))
}

function optionalAt(at: number | undefined): { at?: number } {
  return at === undefined ? {} : { at }
}

/** How much may be published before somebody looks at the members' queues. */
const eventsBetweenLooks = 64
const bytesBetweenLooks = 262_144

/** How many recent entries a topic keeps on the node, so that a reader meets the live events without a hole. */
const recentEntries = 256
const recentBytes = 262_144

interface LiveTopicOptions {
  readonly key: string
  readonly number: number
  /** Unique among all hubs that share a native group. */
  readonly nativeName: string
  readonly times: boolean
  readonly queuedBytes: number
  readonly toText: (data: Encoded) => Encoded
  /** Epoch and tail of the node. */
  readonly node: { readonly epoch: string; readonly tail: number }
}

/** A topic that somebody on this node reads. */
export class LiveTopic implements TopicView {
  readonly key: string
  readonly number: number
  /** Subscriptions in any mode. */
  readers = 0
  since: number
  /** Volatile events that a reader did not get because it was not live. */
  volatileDropped = 0

  readonly #nativeName: string
  readonly #times: boolean
  readonly #queuedBytes: number
  readonly #toText: (data: Encoded) => Encoded
  readonly #node: { readonly epoch: string; readonly tail: number }
  readonly #direct = new Set<Member>()
  readonly #native = new Map<NativeGroup, Set<Member>>()
  readonly #recent: Entry[] = []
  #recentBytes = 0
  #eventsSinceLook = 0
  #bytesSinceLook = 0

  constructor(options: LiveTopicOptions) {
    this.key = options.key
    this.number = options.number
    this.#nativeName = options.nativeName
    this.#times = options.times
    this.#queuedBytes = options.queuedBytes
    this.#toText = options.toText
    this.#node = options.node
    this.since = options.node.tail
  }

  get epoch(): string {
    return this.#node.epoch
  }

  get tail(): number {
    return this.#node.tail
  }

  recent(offset: number): readonly Entry[] {
    return this.#recent.filter((entry) => entry.offset > offset)
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
    this.#keep(entry)
    this.#send(this.event(entry), entry.except, entry.offset, previousTail)
  }

  volatile(item: VolatileItem): void {
    this.volatileDropped += this.readers - this.liveMembers()
    this.#send(this.event(item), item.except, undefined, this.tail)
  }

  /** The node began a new epoch; `before` is where it stood in the old one. Nothing kept here belongs to the new. */
  reset(before: Position): void {
    this.#recent.length = 0
    this.#recentBytes = 0
    this.since = this.tail
    for (const member of this.#all()) member.doubtful(before)
  }

  /** The event as it goes to every reader. */
  event(entry: Entry | VolatileItem): LiveEvent {
    return new LiveEvent(this.number, this.epoch, entry, this.#times, this.#toText)
  }

  #keep(entry: Entry): void {
    this.#recent.push(entry)
    this.#recentBytes += entry.data.json.length
    if (this.#recent.length <= recentEntries && this.#recentBytes <= recentBytes) return
    // half at once, so that the cost of moving the rest is spread over many events
    const dropped = this.#recent.splice(0, Math.max(1, this.#recent.length >> 1))
    for (const one of dropped) this.#recentBytes -= one.data.json.length
    this.since = dropped[dropped.length - 1]!.offset
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
      } else if (offset === undefined) this.volatileDropped++
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

    this.#eventsSinceLook++
    this.#bytesSinceLook += frame.length
    if (
      result === -1 &&
      (this.#eventsSinceLook >= eventsBetweenLooks || this.#bytesSinceLook >= bytesBetweenLooks)
    ) {
      this.#eventsSinceLook = 0
      this.#bytesSinceLook = 0
      for (const member of [...members]) if (member.queued() > this.#queuedBytes) member.overflowed()
    }
  }

  #all(): Member[] {
    return [...this.#direct, ...[...this.#native.values()].flatMap((members) => [...members])]
  }
}
