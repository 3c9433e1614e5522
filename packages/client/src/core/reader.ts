/**
 * One reader of a topic: where it is, and how it gets on. It begins `pending`, is perhaps `reading` the log up to
 * where the topic's stream is (what the stream brings meanwhile is held back), and ends up `following` the stream.
 * Whatever the way, it takes what is above its own position, and nothing else.
 */
import type { From, GapReason, Position } from '@parley/shared/internal'
import { advance, covers, isPosition } from './order.js'

/** An event on its way to readers. One without a position is volatile. */
export interface TopicEvent<P> {
  readonly name: string
  readonly data: P
  readonly position: Position | undefined
  /** When the log took it, in ms since 1970; only on channels with `times`. */
  readonly at?: number
}

/** Events after `after` up to and including `first` can no longer be had. */
export interface TopicGap {
  readonly after: Position
  readonly first: Position
  readonly reason: GapReason
}

export type ReaderOutput<P> =
  | {
      readonly type: 'deliver'
      readonly reader: number
      readonly event: TopicEvent<P>
      readonly replayed: boolean
      /** Where the reader was before: should the event prove unreadable, the hole begins there. */
      readonly after: Position | undefined
    }
  | { readonly type: 'gap'; readonly reader: number; readonly gap: TopicGap }

/** Something that the stream brought while the reader was reading. */
type Held<P> =
  | { readonly event: TopicEvent<P>; readonly replayed: boolean }
  | { readonly gap: TopicGap }
  | { readonly moved: Position }

interface BoundedRead {
  readonly id: number
  readonly until: Position
  /** The epoch that the stream was in. */
  readonly askedIn: string
}

export class Reader<P> {
  readonly id: number
  readonly #from: From
  readonly #capacity: number
  #mode: 'pending' | 'reading' | 'following' = 'pending'
  #position: Position | undefined
  /** Where the past that it asked for, `'first'` or the last n, ends. */
  #pastEnd: Position | undefined
  #read: BoundedRead | undefined
  /** Its last read was asked in this epoch, and answered from a later one: the stream has still to come to that. */
  #outgrown: string | undefined
  #held: Held<P>[] = []
  #overflowed = false

  /** `capacity`: how many things may be held back while it reads. */
  constructor(id: number, from: From, capacity: number) {
    this.id = id
    this.#from = from
    this.#capacity = capacity
    this.#position = isPosition(from) ? from : undefined
  }

  get mode(): 'pending' | 'reading' | 'following' {
    return this.#mode
  }

  /** Number of the bounded read that it waits for. */
  get read(): number | undefined {
    return this.#read?.id
  }

  /** Whether it knows of a later epoch than that of a stream at this place. */
  isBeyond({ epoch }: Position): boolean {
    return this.#outgrown === epoch
  }

  /** Where it would go on: its position once it has one, else what was asked for. */
  get wish(): From {
    return this.#position ?? this.#from
  }

  /** Whether it is settled where its past ends. */
  get hasPastEnd(): boolean {
    return this.#pastEnd !== undefined
  }

  /**
   * Settles where its past ends, once, whatever becomes of the log: a read that has to begin anew would otherwise skip
   * what came since.
   */
  endPastAt(at: Position): Position {
    this.#pastEnd ??= at
    return this.#pastEnd
  }

  /** Whoever looks sees the topic live at this place: from here on it may miss nothing. */
  liveAt(at: Position): void {
    if (this.wish === 'now') this.follow(at)
    else this.endPastAt(at)
  }

  /** Whether it has nothing that a stream at `at` has not had. */
  isWithin(at: Position | undefined): boolean {
    return this.#position === undefined || covers(at, this.#position)
  }

  /** Joins the stream. One that is ahead of `at` stays ahead, and skips until the stream has come to it. */
  follow(at?: Position): void {
    this.#mode = 'following'
    this.#read = undefined
    if (at) this.#position = advance(this.#position, at)
  }

  /** Begins a bounded read; from now on the stream, which is at `at`, is held back for it. */
  startRead(id: number, until: Position, at: Position): void {
    this.#mode = 'reading'
    this.#outgrown = undefined
    this.#read = { id, until, askedIn: at.epoch }
    this.#held = []
    this.#overflowed = !covers(until, at) // there is more to read before the stream can follow
  }

  /** Its place in the stream is lost; it goes on from its own position later. What was held back will be read. */
  detach(): void {
    this.#mode = 'pending'
    this.#read = undefined
    this.#held = []
  }

  /** Something came by the stream. */
  streamed(item: Held<P>): ReaderOutput<P>[] {
    if (this.#mode === 'following') return this.#take(item)
    if (this.#mode === 'reading' && !this.#overflowed) this.#hold(item)
    return []
  }

  /** An event of its bounded read. */
  readEvent(event: TopicEvent<P>): ReaderOutput<P>[] {
    return this.#take({ event, replayed: true })
  }

  /** A gap in its bounded read. */
  readGap(gap: TopicGap): ReaderOutput<P>[] {
    return this.#take({ gap })
  }

  /**
   * Its bounded read is complete, and the log was in this epoch. What was held back follows, and the stream after it -
   * unless too much came meanwhile, or the log is ahead of the stream, by an epoch (`undefined`): what the stream still
   * brings before that may be what the reader has had, or is lost. Then it has to read on from where it is.
   */
  endRead(epoch: string, at?: Position): ReaderOutput<P>[] | undefined {
    const { until, askedIn } = this.#read!
    const isLater = epoch !== askedIn
    if (isLater) this.#outgrown = askedIn
    else this.#position = advance(this.#position, at ?? until)
    if (isLater || this.#overflowed) {
      this.detach()
      return undefined
    }
    const held = this.#held
    this.#held = []
    this.follow()
    return held.flatMap((item) => this.#take(item))
  }

  #hold(item: Held<P>): void {
    if ('moved' in item && this.#held.length > 0) {
      const before = this.#held[this.#held.length - 1]!
      if ('moved' in before) this.#held.pop() // a run of moves is one move
    }
    this.#held.push(item)
    if (this.#held.length <= this.#capacity) return
    this.#held = []
    this.#overflowed = true
  }

  #take(item: Held<P>): ReaderOutput<P>[] {
    if ('moved' in item) {
      this.#position = advance(this.#position, item.moved)
      return []
    }
    if ('gap' in item) {
      if (covers(this.#position, item.gap.first)) return []
      const gap = { ...item.gap, after: this.#position ?? item.gap.after }
      this.#position = item.gap.first
      return [{ type: 'gap', reader: this.id, gap }]
    }
    const { event, replayed } = item
    const after = this.#position
    if (event.position) {
      if (covers(this.#position, event.position)) return []
      this.#position = event.position
    }
    return [{ type: 'deliver', reader: this.id, event, replayed, after }]
  }
}
