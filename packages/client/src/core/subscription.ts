/**
 * One topic on a client: its readers, each with a position of its own, over one subscription on the wire.
 *
 * Promise: each reader gets each event after its position exactly once and in order, or a gap in its place,
 * however often the connection goes away, whoever else reads, and whenever they come and go.
 *
 *     idle -> joining -> catching-up -> live        `down` leads back to joining, from any of them but idle
 *       ^         \----------\-----------\-> refused
 *       '-- the last reader left, and nobody came for `lingerMs` (from refused: at once)
 *
 * Inputs are the methods: readers (`addReader`, `removeReader`), the connection (`up`, `down`, `rejoin`), what the wire
 * brings (`joined`, `event`, `moved`, `gap`, `live`, `refused`, and `read...` for bounded reads), timers
 * (`elapsed`). Each gives its outputs in the order in which they are to be carried out.
 *
 * House rules:
 * - The subscription on the wire begins where its first reader wants to; after a cut it goes on from the stream's
 *   position, which is known from `joined` on. An event without a position never touches it.
 * - What the server says of the log in another epoch than the stream is in counts once the stream has come to it.
 * - A reader that wants to begin further back reads the log up to the stream's position, alone, and then joins.
 * - Payloads are opaque here. Nothing here knows whether frames or SSE blocks brought them.
 */
import type { From, Position } from '@parley/shared/internal'
import { board } from './boarding.js'
import { advance, isPosition } from './order.js'
import { Reader, type ReaderOutput, type TopicEvent, type TopicGap } from './reader.js'

export type { TopicEvent, TopicGap } from './reader.js'

/** Where a topic stands on a client; `code` says why it was refused. */
export type TopicStatus =
  | { readonly status: 'idle' | 'joining' | 'catching-up' | 'live' }
  | { readonly status: 'refused'; readonly code: string }

/** `linger`: nobody reads any more. `reads`: a bounded read failed and is to be tried again. */
export type TopicTimer = 'linger' | 'reads'

export type SubscriptionOutput<P> =
  | ReaderOutput<P>
  | { readonly type: 'subscribe'; readonly from: From }
  | { readonly type: 'unsubscribe' }
  | { readonly type: 'read'; readonly read: number; readonly from: From; readonly until: Position }
  | { readonly type: 'cancel-read'; readonly read: number }
  | { readonly type: 'status'; readonly status: TopicStatus }
  | { readonly type: 'arm'; readonly timer: TopicTimer; readonly ms: number }
  | { readonly type: 'disarm'; readonly timer: TopicTimer }

export interface SubscriptionOptions {
  /** How long the subscription is kept after its last reader left. */
  readonly lingerMs: number
  /** How much is held back for a reader that is reading; beyond it, it reads again. */
  readonly unreadEvents: number
  /** How long after a failed bounded read it is tried again. */
  readonly readRetryMs: number
  /** The channel keeps the newest event per name: a reader that does not say where to begin begins at the first. */
  readonly latest: boolean
}

type Outputs<P> = SubscriptionOutput<P>[]

export class Subscription<P> {
  readonly #options: SubscriptionOptions
  readonly #readers = new Map<number, Reader<P>>()
  #status: TopicStatus = { status: 'idle' }
  /** What the application sees: while the client goes from one connection to another, what it was before that. */
  #shown: TopicStatus = this.#status
  #isMoving = false
  #isUp = false
  #isLingering = false
  /** Where the subscription on the wire was asked to begin. */
  #asked: From = 'now'
  /** Where the stream is, and goes on after a cut: everything up to here came, or is being told to whoever follows. */
  #at: Position | undefined
  #reads = 0

  constructor(options: SubscriptionOptions) {
    this.#options = options
  }

  get status(): TopicStatus {
    return this.#shown
  }

  /** Where the stream is; known from the first `joined` on. */
  get position(): Position | undefined {
    return this.#at
  }

  get readers(): number {
    return this.#readers.size
  }

  // --- readers ----------------------------------------------------------------------------------------------

  /** A reader comes. Without `from` it begins now (on a `latest` channel: at the first kept). */
  addReader(id: number, from: From = 'now'): Outputs<P> {
    const start = this.#options.latest && from === 'now' ? 'first' : from
    const reader = new Reader<P>(id, start, this.#options.unreadEvents)
    this.#readers.set(id, reader)
    const outputs: Outputs<P> = []
    if (this.#isLingering) {
      this.#isLingering = false
      outputs.push({ type: 'disarm', timer: 'linger' })
    }
    // What is shown as live misses nothing from here on, also on the way from one connection to another.
    const isLiveOnItsWay = this.#isMoving && this.#shown.status === 'live'
    if (isLiveOnItsWay) reader.liveAt(this.#at!)
    if (this.#is('idle') || this.#is('refused')) outputs.push(...this.#start())
    else if (!this.#is('joining')) outputs.push(...this.#attach(reader, false))
    return outputs
  }

  /** Where a reader would go on, once that is a position: behind what it was handed last. */
  positionOf(id: number): Position | undefined {
    const wish = this.#readers.get(id)?.wish
    return wish !== undefined && isPosition(wish) ? wish : undefined
  }

  removeReader(id: number): Outputs<P> {
    const reader = this.#readers.get(id)
    if (!reader) return []
    this.#readers.delete(id)
    const outputs: Outputs<P> = []
    if (reader.read !== undefined) outputs.push({ type: 'cancel-read', read: reader.read })
    if (this.#readers.size > 0) return outputs
    if (this.#is('refused')) return [...outputs, ...this.#idle()]
    this.#isLingering = true
    return [...outputs, { type: 'arm', timer: 'linger', ms: this.#options.lingerMs }]
  }

  /** A refused topic that still has readers is asked for again, for instance with fresh credentials. */
  retry(): Outputs<P> {
    return this.#is('refused') && this.#readers.size > 0 ? this.#start() : []
  }

  elapsed(timer: TopicTimer): Outputs<P> {
    return timer === 'reads' ? this.#attachPending(false) : this.endLinger()
  }

  /** Nobody came back to it; or nobody can, because everything is being closed. */
  endLinger(): Outputs<P> {
    if (!this.#isLingering) return []
    const unsubscribe = this.#isUp ? [{ type: 'unsubscribe' } as const] : []
    return [...unsubscribe, ...this.#idle()]
  }

  // --- connection -------------------------------------------------------------------------------------------

  /** The connection is there. */
  up(): Outputs<P> {
    this.#isUp = true
    return this.#is('joining') ? this.#subscribe() : []
  }

  /** The connection is away. */
  down(): Outputs<P> {
    this.#isUp = false
    this.#isMoving = false
    return this.#breakOff() ? this.#become({ status: 'joining' }) : []
  }

  /** Another connection took the place of the one that there was: the stream goes on there. */
  rejoin(): Outputs<P> {
    if (!this.#breakOff()) return []
    this.#isMoving ||= this.#isJoined
    return [...this.#become({ status: 'joining' }), ...this.#subscribe()]
  }

  // --- the stream -------------------------------------------------------------------------------------------

  /**
   * The subscription is confirmed, and begins at `position`. One that was asked for from a position stays there: what
   * comes next may be the gap between the two, and a cut before it must not swallow the gap.
   */
  joined(position: Position): Outputs<P> {
    if (!this.#is('joining')) return []
    this.#at = isPosition(this.#asked) ? this.#asked : position
    return [...this.#become({ status: 'catching-up' }), ...this.#attachPending(true)]
  }

  event(event: TopicEvent<P>): Outputs<P> {
    const { position } = event
    return this.#came({ event, replayed: !this.#is('live') }, position && advance(this.#at, position))
  }

  /** The position moved on without an event. */
  moved(position: Position): Outputs<P> {
    return this.#came({ moved: position }, advance(this.#at, position))
  }

  gap(gap: TopicGap): Outputs<P> {
    // Not by comparing: a stream that was asked for in an older epoch may be told to begin above it.
    return this.#came({ gap }, gap.first)
  }

  /** The stream has caught up: what follows is live. */
  live(position: Position): Outputs<P> {
    if (!this.#isJoined) return []
    return [...this.moved(position), ...this.#become({ status: 'live' }), ...this.#attachPending(false)]
  }

  /** The subscription did not begin, or was ended, and will not come back by itself. Its readers keep their place. */
  refused(code: string): Outputs<P> {
    if (this.#is('idle') || this.#is('refused')) return []
    if (this.#isLingering) return this.#idle()
    this.#forget()
    return this.#become({ status: 'refused', code })
  }

  // --- bounded reads ----------------------------------------------------------------------------------------

  readEvent(read: number, event: TopicEvent<P>): Outputs<P> {
    return this.#reading(read)?.readEvent(event) ?? []
  }

  readGap(read: number, gap: TopicGap): Outputs<P> {
    return this.#reading(read)?.readGap(gap) ?? []
  }

  /**
   * A bounded read is complete; by then the log, or its server, was in this epoch. `at`: where it has come to, left out
   * where that is where it was to end.
   */
  readEnd(read: number, epoch: string, at?: Position): Outputs<P> {
    const reader = this.#reading(read)
    if (!reader) return []
    return reader.endRead(epoch, at) ?? this.#attach(reader, false)
  }

  /** A bounded read failed; the reader goes on from where it is, later. */
  readFailed(read: number): Outputs<P> {
    const reader = this.#reading(read)
    if (!reader) return []
    reader.detach()
    return [{ type: 'arm', timer: 'reads', ms: this.#options.readRetryMs }]
  }

  // ----------------------------------------------------------------------------------------------------------

  get #isJoined(): boolean {
    return this.#is('catching-up') || this.#is('live')
  }

  #is(status: TopicStatus['status']): boolean {
    return this.#status.status === status
  }

  #become(status: TopicStatus): Outputs<P> {
    this.#status = status
    if (status.status !== 'joining' && status.status !== 'catching-up') this.#isMoving = false
    if (this.#isMoving || this.#shown.status === status.status) return []
    this.#shown = status
    return [{ type: 'status', status }]
  }

  /** Nothing comes by the stream any more. @returns Whether there was one, or one was asked for. */
  #breakOff(): boolean {
    if (this.#is('idle') || this.#is('refused')) return false
    this.#detachAhead()
    for (const reader of this.#readers.values()) if (reader.mode === 'reading') reader.detach()
    return true
  }

  #start(): Outputs<P> {
    return [...this.#become({ status: 'joining' }), ...(this.#isUp ? this.#subscribe() : [])]
  }

  #subscribe(): Outputs<P> {
    const [first] = this.#readers.values()
    this.#asked = this.#at ?? first?.wish ?? this.#asked
    return [{ type: 'subscribe', from: this.#asked }]
  }

  /** Nobody reads it, and nothing of it is on the wire. */
  #idle(): Outputs<P> {
    this.#isLingering = false
    this.#forget()
    return this.#become({ status: 'idle' })
  }

  /** There is no stream any more; who still reads goes on from a position of its own. */
  #forget(): void {
    this.#at = undefined
    for (const reader of this.#readers.values()) reader.detach()
  }

  /** Something came by the stream, which is at this place now. */
  #came(item: Parameters<Reader<P>['streamed']>[0], at: Position | undefined): Outputs<P> {
    if (!this.#isJoined) return []
    const hasTurned = at !== undefined && at.epoch !== this.#at!.epoch
    if (hasTurned) this.#detachAhead() // who is ahead could not tell any more when the stream has come to it
    this.#at = at ?? this.#at
    const outputs: Outputs<P> = []
    for (const reader of this.#readers.values()) outputs.push(...reader.streamed(item))
    return hasTurned ? [...outputs, ...this.#attachPending(false)] : outputs
  }

  #detachAhead(): void {
    for (const reader of this.#readers.values())
      if (reader.mode === 'following' && !reader.isWithin(this.#at)) reader.detach()
  }

  #attachPending(isStart: boolean): Outputs<P> {
    if (!this.#isJoined) return []
    const outputs: Outputs<P> = []
    for (const reader of this.#readers.values()) {
      if (reader.mode === 'pending') outputs.push(...this.#attach(reader, isStart))
    }
    return outputs
  }

  /** Lets a reader follow the stream, or brings it up to date first. `isStart`: nothing has come by the stream yet. */
  #attach(reader: Reader<P>, isStart: boolean): Outputs<P> {
    const at = this.#at!
    const stream = { at, asked: this.#asked, isLive: this.#is('live'), isStart }
    const until = board(reader, stream)
    if (!until) return []
    const read = ++this.#reads
    const from = reader.wish
    reader.startRead(read, until, at)
    return [{ type: 'read', read, from, until }]
  }

  #reading(read: number): Reader<P> | undefined {
    for (const reader of this.#readers.values()) if (reader.read === read) return reader
    return undefined
  }
}
