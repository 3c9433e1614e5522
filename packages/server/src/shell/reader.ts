/**
 * Carries out what a subscription orders: reads the log, joins and leaves the live set, and hands events to a sink,
 * which is a WebSocket connection's subscription or an SSE response.
 */
import type { From, Position, Topic } from '@parley/shared/internal'
import { type FittedPage, type Order, Subscription } from '../core/subscription.js'
import type { LiveEvent } from '../fanout/live-event.js'
import type { Member, NativeSocket } from '../fanout/member.js'
import type { LiveTopic } from '../fanout.js'
import type { LogGap } from '../logs/log.js'
import type { Topics } from '../topics.js'
import type { Turns } from './turns.js'

/** Where a reader's events go. */
export interface Sink {
  readonly client?: string
  readonly native?: NativeSocket
  /** The subscription stands; `position` is where it begins. */
  confirm(position: Position, topic: LiveTopic): void
  /** Hands the event over; false when the transport lost it. */
  event(event: LiveEvent): boolean
  moved(offset: number): void
  gap(gap: LogGap): void
  /** What follows is live. */
  live(offset: number): void
  /** `until` was passed; reading has come to `position`. */
  end(position: Position): void
  /** The log failed, as was reported: this reader cannot go on, and should come back. */
  failed(error: unknown): void
  queued(): number
  /** Most bytes that should be queued. */
  readonly capacity: number
  /** Calls `run` once, as soon as few bytes are queued. The result takes it back. */
  onDrain(run: () => void): () => void
  /** Where it has many readers: those that want to read the log. */
  readonly turns?: Turns
}

export interface ReaderOptions {
  readonly topics: Topics
  readonly topic: Topic
  readonly from: From
  readonly until?: Position
  readonly sink: Sink
}

/** A page fills this part of a sink's capacity, and the next one is read when no more than that is queued. */
export const share = 4

/** What `from` means on this channel: one that keeps only the newest values begins with them. */
function startOf(topic: Topic, from: From): From {
  return from === 'now' && topic.spec.replay === 'latest' ? 'first' : from
}

export class Reader implements Member {
  readonly client: string | undefined
  readonly native: NativeSocket | undefined
  readonly topic: Topic
  readonly live: LiveTopic
  readonly #topics: Topics
  readonly #sink: Sink
  readonly #subscription: Subscription
  readonly #until: Position | undefined
  /** Takes back what this reader waits for. */
  #stopWaiting: (() => void) | undefined
  #left = false

  /** `topics.open()` must have resolved. */
  constructor({ topics, topic, from, until, sink }: ReaderOptions) {
    this.client = sink.client
    this.native = sink.native
    this.topic = topic
    this.#topics = topics
    this.#sink = sink
    this.#until = until
    this.#subscription = new Subscription({
      ...(sink.client === undefined ? {} : { client: sink.client }),
      ...(until ? { until } : {}),
    })
    this.live = topics.acquire(topic)
    this.#carryOut(this.#subscription.start(startOf(topic, from), this.live, this.#isCongested()))
  }

  deliver(event: LiveEvent): boolean {
    try {
      return this.#sink.event(event)
    } catch (error) {
      this.#fail(error) // an entry that cannot be written is the end of this reader, and of no other
      return true
    }
  }

  moved(offset: number): void {
    this.#sink.moved(offset)
  }

  queued(): number {
    return this.#sink.queued()
  }

  overflowed(): void {
    this.#carryOut(this.#subscription.overflowed(this.live))
  }

  doubtful(position: Position): void {
    this.#carryOut(this.#subscription.doubtful(position))
  }

  /** Nothing more goes to the sink. */
  leave(): void {
    if (this.#left) return
    this.#left = true
    this.#stopWaiting?.()
    this.#carryOut(this.#subscription.left())
    this.#topics.release(this.live)
  }

  #carryOut(orders: readonly Order[]): void {
    try {
      this.#carryOutEach(orders)
    } catch (error) {
      this.#fail(error)
    }
  }

  #carryOutEach(orders: readonly Order[]): void {
    for (const order of orders) {
      switch (order.type) {
        case 'confirm':
          this.#sink.confirm(order.position, this.live)
          break
        case 'entry':
          if (this.#sink.event(this.live.event(order.entry))) break
          // several readers share a socket, and what a host lets it queue may be little
          this.#carryOut(this.#subscription.lost(order.entry.offset))
          return
        case 'moved':
          this.#sink.moved(order.offset)
          break
        case 'gap':
          this.#sink.gap(order.gap)
          break
        case 'attach':
          this.live.attach(this)
          this.#sink.live(order.offset)
          break
        case 'detach':
          this.live.detach(this)
          break
        case 'read':
          this.#awaitTurn(order.from)
          break
        case 'await-drain':
          this.#stopWaiting = this.#sink.onDrain(() => this.#carryOut(this.#subscription.drained(this.live)))
          break
        case 'await-tail':
          this.#stopWaiting = this.#topics.onAdvance(() =>
            this.#carryOut(this.#subscription.advanced(this.live)),
          )
          break
        case 'end':
          this.#sink.end(order.position)
      }
      // a sink may let the reader go in the middle: nothing of the rest is for it any more
      if (this.#left && order.type !== 'detach') return
    }
  }

  #awaitTurn(from: Exclude<From, 'now'>): void {
    const { turns } = this.#sink
    if (turns) this.#stopWaiting = turns.take(() => this.#read(from))
    else this.#read(from)
  }

  #read(from: Exclude<From, 'now'>): Promise<void> {
    return this.#topics.read(this.topic, from, this.#sink.capacity / share, this.#until).then(
      (page) => this.#page(page),
      (error: unknown) => this.#fail(error),
    )
  }

  #fail(error: unknown): void {
    if (this.#left) return
    const message = 'the log could not be read'
    this.#topics.report({ kind: 'log-failed', path: this.live.key, message, error })
    this.#sink.failed(error)
  }

  #page(page: FittedPage): void {
    if (this.#left) return
    this.#carryOut(this.#subscription.page(page, this.live, this.#isCongested()))
  }

  #isCongested(): boolean {
    return this.#sink.queued() > this.#sink.capacity / share
  }
}
