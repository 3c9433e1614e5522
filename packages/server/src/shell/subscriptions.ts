/** The topics that one connection has joined, and its bounded reads. */
import type {
  Encoded,
  FrameData,
  From,
  Position,
  Received,
  ServerFrame,
  Topic,
  WireParams,
} from '@parley/shared/internal'
import type { LiveEvent } from '../fanout/live-event.js'
import type { NativeSocket } from '../fanout/member.js'
import type { LiveTopic } from '../fanout.js'
import type { LogGap } from '../logs/log.js'
import type { HandlerTable, HubCore } from './core.js'
import { Membership } from './membership.js'
import { Reader, type Sink } from './reader.js'
import { allowed, type Caller, findTopic } from './run.js'
import type { ServerSession } from './session.js'
import type { Turns } from './turns.js'

/** The connection, as its subscriptions see it. */
export interface Peer {
  readonly session: ServerSession
  readonly context: unknown
  readonly client: string | undefined
  readonly native: NativeSocket | undefined
  /** Most bytes that should be queued for it. */
  readonly capacity: number
  queued(): number
  onDrain(run: () => void): () => void
  /** In which its readers read the log. */
  readonly turns: Turns
  /** False when the socket lost it. */
  send(data: FrameData): boolean
  /** Sends a frame that cannot be had again. */
  sendFrame(frame: ServerFrame<Encoded>): void
  /** One write for everything that happens inside, where the socket can do that. */
  burst(work: () => void): void
  /** A reader cannot go on. */
  failed(): void
  /** A subscription, or a bounded read, ended on this side. */
  unsubscribed(id: number): void
  readEnded(id: number): void
}

/** A subscription from its `sub` on: without a reader while `join` is asked. */
interface Subscription {
  readonly topic: Topic
  reader: Reader | undefined
  /** On a channel with presence. */
  readonly membership: Membership | undefined
  /** How often `join` is being asked again: a message asks for itself until there are answers. */
  doubts: number
}

/** A bounded read, and the subscription whose topic it reads. */
interface Read {
  readonly subscription: number
  readonly reader: Reader
}

export class Subscriptions {
  readonly #core: HubCore
  readonly #handlers: HandlerTable
  readonly #connection: Peer
  readonly #byId = new Map<number, Subscription>()
  readonly #byKey = new Map<string, number>()
  readonly #reads = new Map<number, Read>()
  #over = false

  constructor(core: HubCore, handlers: HandlerTable, connection: Peer) {
    this.#core = core
    this.#handlers = handlers
    this.#connection = connection
  }

  get size(): number {
    return this.#byId.size
  }

  hasJoined(topic: Topic): boolean {
    const id = this.#byKey.get(topic.key)
    const subscription = id === undefined ? undefined : this.#byId.get(id)
    return subscription?.reader !== undefined && subscription.doubts === 0
  }

  async join(id: number, path: string, params: WireParams | undefined, from: From): Promise<void> {
    const spec = this.#core.contract.channels.get(path)
    if (!spec) return this.#refuse(id, 'NOT_FOUND', `there is no channel '${path.slice(0, 100)}'`)
    const topic = findTopic(this.#core, path, () => this.#core.topics.finder.find(spec, params))
    if (!('key' in topic)) return this.#refuse(id, topic.code, topic.message, topic.report)
    if (this.#byKey.has(topic.key))
      return this.#refuse(id, 'CONFLICT', 'this connection has joined this topic already')
    const membership = spec.presence && this.#membership(id, topic)
    const subscription: Subscription = { topic, reader: undefined, membership, doubts: 0 }
    this.#byId.set(id, subscription)
    this.#byKey.set(topic.key, id)
    const may = await allowed(this.#core, this.#handlers, this.#caller(), topic)
    if (this.#byId.get(id) !== subscription) return // left, or closed, in the meantime
    if (!may) return this.end(id, 'FORBIDDEN', 'not allowed on this topic')
    const sink = this.#sink(id, membership)
    this.#connection.burst(() => {
      const reader = new Reader({ topics: this.#core.topics, topic, from, sink })
      if (this.#byId.get(id) === subscription) subscription.reader = reader
      else reader.leave()
    })
  }

  /** Its bounded reads end with it: whoever may not read the events may not read the past either. */
  leave(id: number, code = 'ABORTED', message = 'the subscription was left'): void {
    const subscription = this.#byId.get(id)
    if (!subscription) return
    this.#byId.delete(id)
    this.#byKey.delete(subscription.topic.key)
    subscription.membership?.end('left')
    subscription.reader?.leave()
    for (const [readId, read] of [...this.#reads]) {
      if (read.subscription === id) this.#refuseRead(readId, code, message)
    }
  }

  /** Ends a subscription on the server's side. */
  end(id: number, code: string, message: string): void {
    this.leave(id, code, message)
    this.#refuse(id, code, message)
  }

  /** Ends the subscription to a topic, if there is one. */
  endTopic(key: string, code: string, message: string): void {
    const id = this.#byKey.get(key)
    if (id !== undefined) this.end(id, code, message)
  }

  read(id: number, subscriptionId: number, from: From, until: Position): void {
    const topic = this.#byId.get(subscriptionId)?.reader?.topic
    if (!topic) {
      this.#refuseRead(id, 'NOT_FOUND', 'this subscription is not joined')
      return
    }
    const reader = new Reader({
      topics: this.#core.topics,
      topic,
      from,
      until,
      sink: this.#readSink(id, until),
    })
    // a reader that fails at once has ended the connection before it is here
    if (this.#over) reader.leave()
    else this.#reads.set(id, { subscription: subscriptionId, reader })
  }

  cancelRead(id: number): void {
    this.#reads.get(id)?.reader.leave()
    this.#reads.delete(id)
  }

  /**
   * The client says what it wants to be shown as on a topic; nothing: it leaves. A subscription that ended meanwhile
   * has told it so.
   */
  present(id: number, wanted: Received | undefined): void {
    const subscription = this.#byId.get(id)
    if (!subscription) return
    if (subscription.membership) subscription.membership.want(wanted)
    else {
      const message = `'${subscription.topic.spec.path}' has no presence`
      this.#connection.sendFrame({ type: 'err', id, code: 'NOT_FOUND', message })
    }
  }

  /**
   * The connection is gone.
   *
   * @param how what becomes of its client's presence: `lost` while it may come back.
   */
  leaveAll(how: 'left' | 'lost'): void {
    this.#over = true
    for (const { membership } of this.#byId.values()) membership?.end(how)
    for (const id of [...this.#byId.keys()]) this.leave(id)
    for (const id of [...this.#reads.keys()]) this.cancelRead(id)
  }

  /** Asks `join` again for every topic, after the credentials changed. */
  async recheck(): Promise<void> {
    const caller = this.#caller()
    const asked = [...this.#byId].map(async ([id, subscription]) => {
      subscription.doubts++
      const may = await allowed(this.#core, this.#handlers, caller, subscription.topic)
      subscription.doubts--
      if (this.#byId.get(id) !== subscription) return
      if (may) subscription.membership?.askAgain()
      else this.end(id, 'FORBIDDEN', 'no longer allowed on this topic')
    })
    await Promise.all(asked)
  }

  #refuseRead(id: number, code: string, message: string): void {
    this.cancelRead(id)
    this.#connection.readEnded(id)
    this.#connection.sendFrame({ type: 'err', id, code, message })
  }

  /** @param report id of a report; the frame has no place of its own for it. */
  #refuse(id: number, code: string, message: string, report?: string): void {
    this.#connection.unsubscribed(id)
    const text = report === undefined ? message : `${message} (report ${report})`
    this.#connection.sendFrame({ type: 'refused', id, code, message: text })
  }

  #membership(id: number, topic: Topic): Membership {
    const connection = this.#connection
    return new Membership(this.#core, this.#handlers, topic, {
      id,
      asking: () => this.#caller(),
      capacity: connection.capacity,
      queued: () => connection.queued(),
      onDrain: (run) => connection.onDrain(run),
      send: (data) => connection.send(data),
      sendFrame: (frame) => connection.sendFrame(frame),
    })
  }

  #caller(): Caller {
    const { session, context, client } = this.#connection
    return { session, context, client, hasJoined: (topic) => this.hasJoined(topic) }
  }

  #sink(id: number, membership: Membership | undefined): Sink {
    const connection = this.#connection
    const topics = this.#core.topics
    let live: LiveTopic | undefined
    const number = (): number => live?.number ?? 0
    return {
      ...(connection.client === undefined ? {} : { client: connection.client }),
      ...(connection.native ? { native: connection.native } : {}),
      confirm(position: Position, topic: LiveTopic) {
        live = topic
        // of another epoch: no offset of this one says it, and the gap or the next event will
        const offset = position.epoch === topics.epoch ? position.offset : 0
        connection.sendFrame({ type: 'joined', id, topic: topic.number, offset })
        membership?.confirmed(topic.number)
      },
      event: (event: LiveEvent) => connection.send(event.frame),
      moved: (offset: number) => connection.sendFrame({ type: 'p', topic: number(), offset }),
      gap: (gap: LogGap) => connection.sendFrame({ type: 'gap', topic: number(), ...gap }),
      live: (offset: number) => connection.sendFrame({ type: 'live', topic: number(), offset }),
      end: () => {},
      failed: () => connection.failed(),
      queued: () => connection.queued(),
      capacity: connection.capacity,
      onDrain: (run) => connection.onDrain(run),
      turns: connection.turns,
    }
  }

  #readSink(id: number, until: Position): Sink {
    const connection = this.#connection
    return {
      ...(connection.client === undefined ? {} : { client: connection.client }),
      confirm() {},
      event: (event: LiveEvent) => connection.send(event.history(id)),
      moved() {},
      gap: (gap: LogGap) => connection.sendFrame({ type: 'hgap', read: id, ...gap }),
      live() {},
      end: ({ offset }: Position) => {
        connection.sendFrame({ type: 'hend', read: id, ...(offset === until.offset ? {} : { offset }) })
        connection.readEnded(id)
        this.cancelRead(id)
      },
      failed: () => connection.failed(),
      queued: () => connection.queued(),
      capacity: connection.capacity,
      onDrain: (run) => connection.onDrain(run),
      turns: connection.turns,
    }
  }
}
