/**
 * All topics of one log on this node: events go in here, and whoever reads gets them from here. A hub has one; a
 * stand-alone emitter shares one with the other emitters of its contract.
 */
import { ParleyError, type Report } from '@parley/shared'
import {
  type Clock,
  type Codec,
  type EventSpec,
  formatPosition,
  type Limits,
  type Position,
  parseSync,
  type Topic,
} from '@parley/shared/internal'
import type { FittedPage } from './core/subscription.js'
import { Lookout } from './fanout/lookout.js'
import { LiveTopic } from './fanout.js'
import { firstIssue } from './issues.js'
import type { Entry, Log, LogTopic, OnceEmit, ReadBounds, TailItem } from './logs/log.js'
import { Audit } from './topics/audit.js'
import { Fitting } from './topics/fitting.js'
import { listen } from './topics/listen.js'
import { TopicFinder } from './topics/topic-finder.js'

export interface TopicsOptions {
  readonly log: Log
  readonly codec: Codec
  readonly limits: Limits
  readonly clock: Clock
  readonly onReport: (report: Report) => void
}

/** Who must not see an event, and what makes its append idempotent. */
export interface EmitOptions {
  readonly id?: string
  readonly except?: string
}

/** Most entries of one page of the log: little enough to share the node. */
const pageEntries = 256

/** A topic that no contract can have (`parley.` is refused): read for the log's head alone. */
const noTopic: LogTopic = { key: 'parley.audit', retention: { last: 1, forMs: 1, bytes: 1 } }

export class Topics {
  readonly log: Log
  readonly codec: Codec
  readonly limits: Limits
  readonly clock: Clock
  readonly report: (report: Report) => void
  readonly finder: TopicFinder
  readonly #live = new Map<string, LiveTopic>()
  /** Tells this node's native topics from those of another hub on the same server. */
  readonly #name: string
  readonly #lookout: Lookout
  readonly #fitting: Fitting
  readonly #audit: Audit
  /** The live topics look at it. */
  readonly #node = { epoch: '', tail: 0, volatileDropped: 0 }
  readonly #epochListeners = new Set<() => void>()
  /** Readers that are ahead of the tail, to be told whenever it moves. */
  readonly #waiting = new Set<() => void>()
  #numbers = 0
  #opening: Promise<void> | undefined
  #closeTail: (() => void) | undefined
  #closed = false

  constructor(options: TopicsOptions) {
    this.log = options.log
    this.codec = options.codec
    this.limits = options.limits
    this.clock = options.clock
    this.report = options.onReport
    this.finder = new TopicFinder(options.limits.topicKeyBytes)
    this.#name = options.clock.secret()
    this.#lookout = new Lookout(options.limits.queuedBytes)
    this.#fitting = new Fitting({ codec: options.codec, report: options.onReport })
    this.#audit = new Audit({
      clock: this.clock,
      everyMs: options.limits.auditMs,
      head: () => this.head(),
      // a node without a tail hears of nothing
      heard: () => (this.#closeTail ? this.position : { epoch: '', offset: 0 }),
      behind: (head) => this.#listenAnew(head),
      failed: (error) => {
        const message = 'the log could not be asked for its head'
        this.report({ kind: 'log-failed', message, error })
      },
    })
  }

  get epoch(): string {
    return this.#node.epoch
  }

  /** Where a reader that begins now begins. */
  get position(): Position {
    return { epoch: this.#node.epoch, offset: this.#node.tail }
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Where the log itself stands: above this node's tail, where what was appended elsewhere is still on its way. */
  async head(): Promise<Position> {
    return (await this.log.read(noTopic, { last: 0 }, { limit: 1, bytes: 1 })).position
  }

  /**
   * Resolves once this node hears of what is appended; everything that reads waits for it. After a failure the next
   * call tries again.
   */
  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #open(): Promise<void> {
    const { tail, begin } = await listen(this.log, (item) => this.#take(item))
    this.#node.epoch = tail.epoch
    this.#node.tail = tail.head
    this.#closeTail = () => tail.close()
    for (const item of begin()) this.#take(item)
    if (this.#closed) tail.close()
  }

  /** The tail did not bring everything up to this position: all who read look into the log, and another tail goes on. */
  async #listenAnew(head: Position): Promise<void> {
    const [from, to] = [formatPosition(this.position), formatPosition(head)]
    this.report({
      kind: 'tail-lost',
      message: `the log has events up to ${to} and passed on none above ${from}: they are read from it`,
    })
    this.#closeTail?.()
    this.#closeTail = undefined
    this.#goTo(head.epoch, head.offset)
    const { tail, begin } = await listen(this.log, (item) => this.#take(item))
    if (this.#closed) return tail.close()
    this.#closeTail = () => tail.close()
    if (tail.epoch !== this.#node.epoch || tail.head !== this.#node.tail) this.#goTo(tail.epoch, tail.head)
    for (const item of begin()) this.#take(item)
  }

  /** Called whenever the epoch changes, before anything of the new one is sent. */
  onEpoch(listener: () => void): () => void {
    this.#epochListeners.add(listener)
    return () => this.#epochListeners.delete(listener)
  }

  /** Calls `advanced` once, when the tail or the epoch has moved. The result takes it back. */
  onAdvance(advanced: () => void): () => void {
    this.#waiting.add(advanced)
    return () => this.#waiting.delete(advanced)
  }

  /**
   * Checks an event and hands it to the log. What is wrong with it is thrown here and nothing is sent; what goes
   * wrong later rejects the promise, and is reported if nobody looks at that.
   */
  emit(topic: Topic, name: string, data: unknown, options: EmitOptions = {}): Promise<Position> {
    const checked = this.check(topic, name, data, options)
    if (checked.type === 'entry') return started(() => this.log.append(checked.entry))
    const published = started(() => this.log.publish(checked.item))
    return Promise.all([published, this.open()]).then(() => this.position)
  }

  /** The same without handing it to the log: gives what that would be handed. */
  check(topic: Topic, name: string, data: unknown, options: EmitOptions): OnceEmit {
    if (this.#closed) {
      throw new ParleyError('CLOSED', `cannot emit '${name}': the hub or emitter was closed; make another`)
    }
    const event = eventOf(topic, name)
    const parsed = parseSync(event.schema, data, topic.spec.path, name)
    if (parsed.issues) {
      const where = `${topic.spec.path}.${name}`
      throw new ParleyError(
        'VALIDATION',
        `event '${where}' does not fit its schema: ${firstIssue(parsed.issues)}`,
        {
          issues: parsed.issues,
        },
      )
    }
    const encoded = this.codec.encode(parsed.value)
    const { fingerprint: schema } = event
    const except = options.except === undefined ? {} : { except: options.except }
    if (event.volatile) {
      return { type: 'volatile', item: { topic: topic.key, name, data: encoded, schema, ...except } }
    }
    const id = options.id ?? this.clock.secret()
    return {
      type: 'entry',
      entry: { topic: logTopic(topic), id, name, data: encoded, schema, ...except },
    }
  }

  /** A topic that somebody reads now; each call is answered by one `release`. */
  acquire(topic: Topic): LiveTopic {
    let live = this.#live.get(topic.key)
    if (!live) {
      const number = ++this.#numbers
      live = new LiveTopic({
        key: topic.key,
        number,
        nativeName: `${this.#name}:${number}`,
        times: topic.spec.times,
        queuedBytes: this.limits.queuedBytes,
        toText: (data) => this.codec.toText(data),
        fit: this.#fitting.of(topic.spec),
        node: this.#node,
        lookout: this.#lookout,
      })
      this.#live.set(topic.key, live)
    }
    live.readers++
    if (this.#live.size === 1 && live.readers === 1) this.#audit.start()
    return live
  }

  release(live: LiveTopic): void {
    if (--live.readers > 0) return
    this.#live.delete(live.key)
    if (this.#live.size === 0) this.#audit.stop()
  }

  /** Reads a page, up to `until` at most: of an epoch before, that is the place that it has in the log's epoch of today. */
  async read(
    topic: Topic,
    from: Position | 'first' | { readonly last: number },
    bytes: number,
    until?: Position,
  ): Promise<FittedPage> {
    for (let end = until; ; ) {
      const bounds: ReadBounds = { limit: pageEntries, bytes, ...(end && { until: end.offset }) }
      const page = await this.log.read(logTopic(topic), from, bounds)
      if (!until || page.position.epoch === end?.epoch) return this.#fitting.page(topic.spec, page)
      end = (await this.log.read(logTopic(topic), until, { limit: 1, bytes: 1 })).start
    }
  }

  /** How many read a topic on this node. */
  readersOf(topic: Topic): number {
    return this.#live.get(topic.key)?.readers ?? 0
  }

  inspect(): {
    topics: number
    readers: number
    live: number
    nativeSubscriptions: number
    volatileDropped: number
  } {
    let readers = 0
    let live = 0
    let nativeSubscriptions = 0
    for (const topic of this.#live.values()) {
      readers += topic.readers
      live += topic.liveMembers()
      nativeSubscriptions += topic.nativeMembers()
    }
    const { volatileDropped } = this.#node
    return { topics: this.#live.size, readers, live, nativeSubscriptions, volatileDropped }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#audit.stop()
    this.#closeTail?.()
    await this.log.close()
  }

  #take(item: TailItem): void {
    switch (item.type) {
      case 'entry':
        this.#entry(item.entry)
        break
      case 'volatile':
        this.#live.get(item.item.topic)?.volatile(item.item)
        break
      case 'epoch':
        this.#goTo(item.epoch, item.head)
        break
      case 'evicted':
        this.report({
          kind: 'latest-evicted',
          path: item.topic,
          message: "the newest values of this topic were given up: the log's memory is full",
        })
    }
  }

  /** The node stands here from now on; whoever reads looks into the log for what came before. */
  #goTo(epoch: string, offset: number): void {
    const before = this.position
    const isNew = epoch !== before.epoch
    this.#node.epoch = epoch
    this.#node.tail = offset
    if (isNew) for (const listener of this.#epochListeners) listener()
    for (const live of [...this.#live.values()]) live.reset(before)
    this.#advance()
  }

  #entry(entry: Entry): void {
    const before = this.#node.tail
    this.#node.tail = entry.offset
    this.#live.get(entry.topic)?.entry(entry, before)
    if (this.#waiting.size > 0) this.#advance()
  }

  #advance(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const advanced of waiting) advanced()
  }
}

/** A log that throws where it should reject rejects all the same: who asks it looks at one place only. */
function started<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return ask()
  } catch (error) {
    return Promise.reject(error)
  }
}

function logTopic(topic: Topic): LogTopic {
  return { key: topic.key, retention: topic.spec.replay }
}

function eventOf(topic: Topic, name: string): EventSpec {
  const event = topic.spec.events.get(name)
  if (event) return event
  const known = [...topic.spec.events.keys()].join(', ')
  throw new ParleyError(
    'NOT_FOUND',
    `channel '${topic.spec.path}' has no event '${name}'; it has ${known || 'none'}`,
  )
}
