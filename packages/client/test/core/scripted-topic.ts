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
    | { type: 'event'; position: Position; serial: number }
    | { type: 'gap'; gap: TopicGap }
    | { type: 'end'; epoch: string; above: Position | undefined }
  )
type Up = { readonly sub: number } & Extract<
  SubscriptionOutput<number>,
  { type: 'subscribe' | 'unsubscribe' | 'read' | 'cancel-read' }
>

interface Cursor {
  after: Position
  until?: Position
  /** It reads on from a position. */
  readonly isPlaced?: boolean
  readonly of: Of
}

/** An event of the log. Its serial number is the test's own: offsets are used again after a tail was lost. */
interface Logged {
  readonly serial: number
  readonly offset: number
}

interface Seen {
  readonly from: From
  /** Serial numbers of events, and gaps with the last serial number that they speak for. */
  readonly items: ({ serial: number } | { upTo: number; reason: string })[]
  /** The serial number after which everything is owed to a reader from a position. */
  readonly begins: number
  /** The newest serial number when the reader and the live stream first met. */
  since: number | undefined
  /** What the log had forgotten by the time the reader's first frame could be answered. */
  trimmed: number
}

export class ScriptedTopic {
  readonly machine: Subscription<number>
  readonly seen = new Map<number, Seen>()
  readonly gone: Seen[] = []
  /** What the log still has. */
  #kept: Logged[] = []
  /** Everything of the log's present history, trimmed or not. */
  #history: Logged[] = []
  #epochs: { epoch: string; start: number }[] = [{ epoch: 'e0', start: 0 }]
  /** Offset of the newest event. */
  head = 0
  /** Its serial number. */
  serial = 0
  /** Offset up to which the log has forgotten. */
  #trimmed = 0
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
    this.serial += 1
    const logged = { serial: this.serial, offset: this.head }
    this.#kept.push(logged)
    this.#history.push(logged)
    if (this.#stream?.isLive) {
      const position = this.#at(this.head)
      this.#stream.after = position
      this.#downward.push({ type: 'event', position, serial: this.serial, ...this.#stream.of })
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
    this.#history = this.#history.slice(0, this.#history.length - lost.length)
    if (lost[0]) this.head = lost[0].offset - 1
    this.#epochs.push({ epoch: `e${this.#epochs.length}`, start: this.head })
  }

  connect(): void {
    if (this.#isUp) return
    this.#isUp = true
    this.#carryOut(this.machine.up())
  }

  cut(): void {
    if (!this.#isUp) return
    this.#isUp = false
    this.#forgetWire()
    this.#carryOut(this.machine.down())
  }

  /** Another connection takes the place of the one that there is. */
  move(): void {
    if (!this.#isUp) return
    this.#forgetWire()
    this.#carryOut(this.machine.rejoin())
  }

  #forgetWire(): void {
    this.#upward = []
    this.#downward = []
    this.#stream = undefined
    this.#reads = []
  }

  add(id: number, from: From): void {
    const begins = isPosition(from) ? this.#serialAt(from.offset) : 0
    this.seen.set(id, { from, items: [], begins, since: undefined, trimmed: this.#serialAt(this.#trimmed) })
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
      const told = gap && !this.joinsAfterGap ? this.#at(before.offset) : start
      this.#downward.push({ type: 'joined', position: told, ...of })
      if (gap) this.#downward.push({ type: 'gap', gap, ...of })
    } else if (frame.type === 'unsubscribe') {
      this.#stream = undefined
    } else if (frame.type === 'read') {
      const [start, gap] = this.#resolve(frame.from)
      const [until] = this.#resolve(frame.until)
      this.#reads.push({ after: start, until, isPlaced: isPosition(frame.from), of: { read: frame.read } })
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
      (logged) =>
        logged.offset > cursor.after.offset && (!cursor.until || logged.offset <= cursor.until.offset),
    )
    if (this.#trimmed > cursor.after.offset && (!cursor.until || cursor.after.offset < cursor.until.offset)) {
      const first = this.#at(this.#trimmed)
      this.#downward.push({ type: 'gap', gap: { after: cursor.after, first, reason: 'trimmed' }, ...of })
      cursor.after = first
    } else if (next) {
      // A wire tells offsets in the log's epoch of today, whenever they were written.
      cursor.after = this.#at(next.offset)
      this.#downward.push({ type: 'event', position: cursor.after, serial: next.serial, ...of })
    } else if ('read' in of) {
      this.#reads = this.#reads.filter((read) => read !== cursor)
      const { after, until, isPlaced } = cursor
      const above = isPlaced && until && after.offset > until.offset ? after : undefined
      this.#downward.push({ type: 'end', epoch: this.epoch, above, ...of })
    } else {
      const position = this.#at(Math.max(this.head, cursor.after.offset))
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
    let last = this.#owedAfter(seen)
    if (last === undefined) return undefined
    const owed = this.#history.map(({ serial }) => serial)
    for (const item of seen.items) {
      const upTo = 'serial' in item ? item.serial - 1 : item.upTo
      if ('serial' in item) {
        if (item.serial <= last) return `${item.serial} came after ${last}`
        const missing = owed.find((serial) => serial > last! && serial <= upTo)
        if (missing !== undefined) return `${missing} is missing before ${item.serial}`
        last = item.serial
      } else last = Math.max(last, upTo)
    }
    const missing = hasLeft ? undefined : owed.find((serial) => serial > last!)
    return missing === undefined ? undefined : `${missing} is missing at the end`
  }

  /** The serial number after which a reader is owed everything. */
  #owedAfter(seen: Seen): number | undefined {
    if (isPosition(seen.from)) return seen.begins
    const first = seen.items.find((item) => 'serial' in item)
    const began = first && 'serial' in first ? first.serial - 1 : undefined
    const promised = seen.from === 'first' ? seen.trimmed : seen.from === 'now' ? seen.since : undefined
    // Where the last n begin, and now, and what was trimmed by then, is settled when the server hears of it.
    if (promised === undefined || began === undefined) return promised ?? began
    return Math.min(promised, began)
  }

  // ----------------------------------------------------------------------------------------------------------

  #receive(frame: Down): SubscriptionOutput<number>[] {
    const read = 'read' in frame ? frame.read : undefined
    if (frame.type === 'joined') return this.machine.joined(frame.position)
    if (frame.type === 'live') return this.machine.live(frame.position)
    if (frame.type === 'end') return this.machine.readEnd(read!, frame.epoch, frame.above)
    if (frame.type === 'gap')
      return read === undefined ? this.machine.gap(frame.gap) : this.machine.readGap(read, frame.gap)
    const { position, serial } = frame as Extract<Down, { type: 'event' }>
    const event = { name: 'n', data: serial, position }
    return read === undefined ? this.machine.event(event) : this.machine.readEvent(read, event)
  }

  /** Where reading begins, and the gap before it. */
  #resolve(from: From): [Position, TopicGap | undefined] {
    if (from === 'now') return [this.#at(this.head), undefined]
    if (from === 'first') return [this.#at(this.#trimmed), undefined]
    if ('last' in from) {
      const before = this.#kept[this.#kept.length - from.last - 1]
      return [this.#at(before?.offset ?? this.#trimmed), undefined]
    }
    const later = this.#epochs.slice(1 + this.#epochs.findIndex(({ epoch }) => epoch === from.epoch))
    const start = Math.min(...later.map((epoch) => epoch.start))
    if (from.offset > start) {
      const first = this.#at(Math.max(start, this.#trimmed))
      return [first, { after: from, first, reason: 'reset' }]
    }
    if (from.offset >= this.#trimmed) return [this.#at(from.offset), undefined]
    return [this.#at(this.#trimmed), { after: from, first: this.#at(this.#trimmed), reason: 'trimmed' }]
  }

  #at(offset: number): Position {
    return { epoch: this.epoch, offset }
  }

  #gapOf({ first, reason }: TopicGap): { upTo: number; reason: string } {
    return { upTo: this.#serialAt(first.offset), reason }
  }

  /** Serial number of the newest event up to an offset of today's epoch. */
  #serialAt(offset: number): number {
    return this.#history.findLast((logged) => logged.offset <= offset)?.serial ?? 0
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
          this.seen.get(output.reader)?.items.push({ serial: output.event.data })
          break
        case 'gap':
          this.seen.get(output.reader)?.items.push(this.#gapOf(output.gap))
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
      if (seen.since === undefined && this.machine.status.status === 'live') seen.since = this.serial
      if (seen.items.length === 0) seen.trimmed = this.#serialAt(this.#trimmed)
    }
  }
}
