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
  /** Where the reader was as it began. */
  readonly from: Position | undefined
  readonly until: Position
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
  /** Where it began a read that brought nothing: of another epoch, it may be one that the stream has still to come to. */
  #given: Position | undefined
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

  /** Settles where its past ends, once: a read that has to begin anew would otherwise skip what came since. */
  endPastAt(at: Position): Position {
    const isStale = this.#from === 'first' && this.#pastEnd?.epoch !== at.epoch
    if (isStale || !this.#pastEnd) this.#pastEnd = at
    return this.#pastEnd
  }

  /** Its past can not be had as it was settled: what came after it can. */
  giveUpPast(): void {
    this.#position ??= this.#pastEnd
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
    this.#read = { id, from: this.#position, until }
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
   * Its bounded read is complete. What was held back follows, and the stream after it - unless too much came
   * meanwhile, or the read was answered from a later epoch than it was asked in, so that nothing says where in it the
   * read has ended (`undefined`): then it has to read on from where it is, so that nothing is lost.
   */
  endRead(): ReaderOutput<P>[] | undefined {
    const { from, until } = this.#read!
    const position = this.#position
    const isLater = position !== undefined && position !== from && position.epoch !== until.epoch
    if (isLater) this.#outgrown = until.epoch
    else {
      this.#given = position
      this.#position = advance(position, until)
    }
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
    this.#recall(item)
    if ('moved' in item) {
      this.#position = advance(this.#position, item.moved)
      return []
    }
    if ('gap' in item) {
      if (covers(this.#position, item.gap.first)) return []
      const gap = { ...item.gap, after: this.#position ?? item.gap.after }
      this.#position = item.gap.first
      this.#given = undefined
      return [{ type: 'gap', reader: this.id, gap }]
    }
    const { event, replayed } = item
    const after = this.#position
    if (event.position) {
      if (covers(this.#position, event.position)) return []
      this.#position = event.position
      this.#given = undefined
    }
    return [{ type: 'deliver', reader: this.id, event, replayed, after }]
  }

  /** The stream has come to the epoch that the reader was told of before: there it is where it said. */
  #recall(item: Held<P>): void {
    const given = this.#given
    if (!given || given.epoch !== epochOf(item) || given.epoch === this.#position?.epoch) return
    this.#position = given
    this.#given = undefined
  }
}

/** The epoch that an item leads to; a volatile event has none. */
function epochOf<P>(item: Held<P>): string | undefined {
  if ('moved' in item) return item.moved.epoch
  return 'gap' in item ? item.gap.first.epoch : item.event.position?.epoch
}
