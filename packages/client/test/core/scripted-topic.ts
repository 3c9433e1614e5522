/**
 * A server of one topic, reduced to its promises: a log with epochs that may lose its tail and be trimmed, one
 * subscription that replays and then goes live, bounded reads beside it, and a wire that can be cut anywhere.
 * Everything moves one step at a time, so that a test chooses every interleaving.
 */
import type { From, Position } from '@parley/shared/internal'
import { isPosition } from '../../src/core/order.js'
import { Subscription, type SubscriptionOutput, type TopicGap } from '../../src/core/subscription.js'

/** What a frame belongs to: a subscription or a bounded read, by its number. */
type Of = { readonly sub: number } | { readonly read: number }
type Down = Of &
  (
    | { type: 'joined' | 'live'; position: Position }
    | { type: 'event'; position: Position }
    | { type: 'gap'; gap: TopicGap }
    | { type: 'end' }
  )
type Up = { readonly sub: number } & Extract<
  SubscriptionOutput<number>,
  { type: 'subscribe' | 'unsubscribe' | 'read' | 'cancel-read' }
>

interface Cursor {
  after: Position
  until?: Position
  readonly of: Of
}

interface Seen {
  readonly from: From
  readonly items: ({ offset: number } | { gap: TopicGap })[]
  /** Where the log's head was when the reader and the live stream first met. */
  since: number | undefined
  /** How much the log had forgotten by the time the reader's first frame could be answered. */
  trimmed: number
}

export class ScriptedTopic {
  readonly machine: Subscription<number>
  readonly seen = new Map<number, Seen>()
  readonly gone: Seen[] = []
  /** Offsets of what the log still has. */
  #kept: Position[] = []
  #epochs: { epoch: string; start: number }[] = [{ epoch: 'e0', start: 0 }]
  head = 0
  #trimmed = 0
  /** Everything that was emitted and not lost with a tail: trimmed or not, it is delivered or in a gap. */
  readonly #owed = new Set<number>()
  #isUp = false
  #upward: Up[] = []
  #downward: Down[] = []
  #stream: (Cursor & { isLive: boolean }) | undefined
  #reads: Cursor[] = []
  /** Number of the client's subscription; frames of an earlier one are not for this one. */
  #sub = 0
  #isLingering = false
  #mustRetry = false
  /** Whether `joined` tells the position after a gap that follows, or the one before. */
  joinsAfterGap = true

  constructor(latest = false) {
    this.machine = new Subscription({ lingerMs: 1, unreadEvents: 3, readRetryMs: 1, latest })
  }

  get epoch(): string {
    return this.#epochs.at(-1)!.epoch
  }

  // --- what may happen --------------------------------------------------------------------------------------

  emit(): void {
    this.head += 1
    const position = { epoch: this.epoch, offset: this.head }
    this.#kept.push(position)
    this.#owed.add(this.head)
    if (this.#stream?.isLive) {
      this.#stream.after = position
      this.#downward.push({ type: 'event', position, ...this.#stream.of })
    }
  }

  trim(): void {
    const first = this.#kept.shift()
    if (first) this.#trimmed = first.offset
    this.#noteSince()
  }

  /** The server dies, and its log comes back without its last entries, in a new epoch. */
  loseTail(count: number): void {
    this.cut()
    const lost = this.#kept.splice(Math.max(0, this.#kept.length - count))
    for (const { offset } of lost) this.#owed.delete(offset)
    this.#epochs.push({
      epoch: `e${this.#epochs.length}`,
      start: lost[0] ? lost[0].offset - 1 : this.head,
    })
  }

  connect(): void {
    if (this.#isUp) return
    this.#isUp = true
    this.#carryOut(this.machine.up())
  }

  cut(): void {
    if (!this.#isUp) return
    this.#isUp = false
    this.#upward = []
    this.#downward = []
    this.#stream = undefined
    this.#reads = []
    this.#carryOut(this.machine.down())
  }

  add(id: number, from: From): void {
    this.seen.set(id, { from, items: [], since: undefined, trimmed: this.#trimmed })
    this.#carryOut(this.machine.addReader(id, from))
    this.#noteSince()
  }

  remove(id: number): void {
    const seen = this.seen.get(id)
    if (!seen) return
    this.gone.push(seen)
    this.seen.delete(id)
    this.#carryOut(this.machine.removeReader(id))
  }

  elapse(): void {
    if (this.#isLingering) this.#carryOut(this.machine.elapsed('linger'))
    if (this.#mustRetry) {
      this.#mustRetry = false
      this.#carryOut(this.machine.elapsed('reads'))
    }
  }

  /** The oldest bounded read under way fails. */
  failRead(): void {
    const of = this.#reads.shift()?.of
    if (!of || !('read' in of)) return
    this.#downward = this.#downward.filter((frame) => !('read' in frame) || frame.read !== of.read)
    this.#carryOut(this.machine.readFailed(of.read))
  }

  /** One frame arrives at the server. */
  stepUp(): boolean {
    const frame = this.#upward.shift()
    if (!frame) return false
    if (frame.type === 'subscribe') {
      const [start, gap] = this.#resolve(frame.from)
      const of = { sub: frame.sub }
      this.#stream = { after: start, isLive: false, of }
      const before = isPosition(frame.from) ? frame.from : start
      const told = gap && !this.joinsAfterGap ? { epoch: this.epoch, offset: before.offset } : start
      this.#downward.push({ type: 'joined', position: told, ...of })
      if (gap) this.#downward.push({ type: 'gap', gap, ...of })
    } else if (frame.type === 'unsubscribe') {
      this.#stream = undefined
    } else if (frame.type === 'read') {
      const [start, gap] = this.#resolve(frame.from)
      this.#reads.push({ after: start, until: frame.until, of: { read: frame.read } })
      if (gap) this.#downward.push({ type: 'gap', gap, read: frame.read })
    } else {
      this.#reads = this.#reads.filter(({ of }) => !('read' in of) || of.read !== frame.read)
    }
    return true
  }

  /** One frame arrives at the client. */
  stepDown(): boolean {
    const frame = this.#downward.shift()
    if (!frame) return false
    if (!('sub' in frame) || frame.sub === this.#sub) this.#carryOut(this.#receive(frame))
    this.#noteSince()
    return true
  }

  /** The server reads one entry, for its subscription or for a bounded read. */
  pump(pick: number): boolean {
    const cursors = [...(this.#stream && !this.#stream.isLive ? [this.#stream] : []), ...this.#reads]
    const cursor = cursors[pick % Math.max(1, cursors.length)]
    if (!cursor) return false
    const { of } = cursor
    const next = this.#kept.find(
      (at) => at.offset > cursor.after.offset && (!cursor.until || at.offset <= cursor.until.offset),
    )
    if (this.#trimmed > cursor.after.offset && (!cursor.until || cursor.after.offset < cursor.until.offset)) {
      const first = { epoch: this.epoch, offset: this.#trimmed }
      this.#downward.push({ type: 'gap', gap: { after: cursor.after, first, reason: 'trimmed' }, ...of })
      cursor.after = first
    } else if (next) {
      // A wire tells offsets in the log's epoch of today, whenever they were written.
      cursor.after = { epoch: this.epoch, offset: next.offset }
      this.#downward.push({ type: 'event', position: cursor.after, ...of })
    } else if ('read' in of) {
      this.#reads = this.#reads.filter((read) => read !== cursor)
      this.#downward.push({ type: 'end', ...of })
    } else {
      const position = { epoch: this.epoch, offset: Math.max(this.head, cursor.after.offset) }
      this.#stream = { after: position, isLive: true, of }
      this.#downward.push({ type: 'live', position, ...of })
    }
    return true
  }

  /** Everything that can still happen by itself happens. */
  settle(): void {
    this.connect()
    for (let i = 0; i < 10_000; i += 1) {
      this.elapse()
      if (!this.stepUp() && !this.stepDown() && !this.pump(i)) return
    }
    throw new Error('the world does not come to rest')
  }

  // --- what must be true ------------------------------------------------------------------------------------

  /** What is wrong with what a reader saw: up to the end, or, where it has left, up to the last thing it got. */
  faultOf(seen: Seen, hasLeft: boolean): string | undefined {
    const holes = seen.items.flatMap((item) => ('gap' in item ? [item.gap] : []))
    const offsets = seen.items.flatMap((item) => ('offset' in item ? [item.offset] : []))
    const disorder = offsets.findIndex((offset, index) => index > 0 && offset <= offsets[index - 1]!)
    if (disorder > 0) return `${offsets[disorder]} came after ${offsets[disorder - 1]}`
    const since = this.#owedSince(seen, offsets[0])
    if (since === undefined) return undefined
    if (typeof seen.from === 'object' && offsets[0] !== undefined && offsets[0] <= since)
      return `${offsets[0]} is not after ${since}`
    const until = hasLeft ? (offsets.at(-1) ?? 0) : this.head
    const missing = [...this.#owed].find(
      (offset) =>
        offset > since &&
        offset <= until &&
        !offsets.includes(offset) &&
        !holes.some(({ after, first }) => offset > after.offset && offset <= first.offset),
    )
    return missing === undefined ? undefined : `${missing} is missing`
  }

  /** The offset after which a reader is owed everything. */
  #owedSince(seen: Seen, first: number | undefined): number | undefined {
    if (isPosition(seen.from as From)) return (seen.from as Position).offset
    if (seen.from === 'first') return seen.trimmed
    // Where the last n, or now, begin is settled by the server when it hears of it.
    return seen.from === 'now' && seen.since !== undefined ? seen.since : first && first - 1
  }

  // ----------------------------------------------------------------------------------------------------------

  #receive(frame: Down): SubscriptionOutput<number>[] {
    const read = 'read' in frame ? frame.read : undefined
    if (frame.type === 'joined') return this.machine.joined(frame.position)
    if (frame.type === 'live') return this.machine.live(frame.position)
    if (frame.type === 'end') return this.machine.readEnd(read!)
    if (frame.type === 'gap')
      return read === undefined ? this.machine.gap(frame.gap) : this.machine.readGap(read, frame.gap)
    const event = { name: 'n', data: frame.position.offset, position: frame.position }
    return read === undefined ? this.machine.event(event) : this.machine.readEvent(read, event)
  }

  /** Where reading begins, and the gap before it. */
  #resolve(from: From): [Position, TopicGap | undefined] {
    const at = (offset: number): Position => ({ epoch: this.epoch, offset })
    if (from === 'now') return [at(this.head), undefined]
    if (from === 'first') return [at(this.#trimmed), undefined]
    if ('last' in from) {
      const before = this.#kept[this.#kept.length - from.last - 1]
      return [at(before?.offset ?? this.#trimmed), undefined]
    }
    const index = this.#epochs.findIndex(({ epoch }) => epoch === from.epoch)
    const next = this.#epochs[index + 1]
    if (next && from.offset > next.start) {
      const first = at(Math.max(next.start, this.#trimmed))
      return [first, { after: from, first, reason: 'reset' }]
    }
    if (from.offset >= this.#trimmed) return [at(from.offset), undefined]
    return [at(this.#trimmed), { after: from, first: at(this.#trimmed), reason: 'trimmed' }]
  }

  #carryOut(outputs: readonly SubscriptionOutput<number>[]): void {
    for (const output of outputs) {
      switch (output.type) {
        case 'subscribe':
        case 'unsubscribe':
          this.#sub += 1
          this.#upward.push({ ...output, sub: this.#sub })
          break
        case 'read':
        case 'cancel-read':
          this.#upward.push({ ...output, sub: this.#sub })
          break
        case 'deliver':
          this.seen.get(output.reader)?.items.push({ offset: output.event.data })
          break
        case 'gap':
          this.seen.get(output.reader)?.items.push({ gap: output.gap })
          break
        case 'arm':
          if (output.timer === 'linger') this.#isLingering = true
          else this.#mustRetry = true
          break
        case 'disarm':
          this.#isLingering = false
          break
      }
    }
  }

  #noteSince(): void {
    for (const seen of this.seen.values()) {
      if (seen.since === undefined && this.machine.status.status === 'live') seen.since = this.head
      if (seen.items.length === 0) seen.trimmed = this.#trimmed
    }
  }
}
