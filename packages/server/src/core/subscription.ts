/**
 * One subscription on the server: how a reader gets from where it starts to live events, and back to the log when
 * it cannot keep up. The promise: after `confirm`, every event of the topic is ordered to be sent exactly once, in
 * order, or a gap stands in its place.
 *
 *   reading --page, done and covered--> live          (the rest comes from the topic's recent events)
 *   reading --page, ahead of the tail--> waiting      (the log is read before this node has heard of its end)
 *   reading --page, of an epoch before--> reading     (again; nothing of it is given)
 *   reading --page, of an epoch to come--> waiting    (the client was not told of it: its offsets would be misread)
 *   waiting --tail passed--> live
 *   waiting --new epoch--> reading
 *   reading --queue too long--> draining --drained--> reading
 *   live --overflowed, doubtful--> draining
 *   any --lost--> draining
 *   any --ended, left--> ended
 *
 * Inputs are methods; each returns the orders that the shell carries out, in order. A live event does not pass
 * through here: the shell adds the reader to the topic's live set on `attach` and takes it out on `detach`. The
 * view of the topic that an input carries must be the one at the moment of the call: what is ordered before
 * `attach` and what the live set gets after it meet without a hole because nothing happens in between.
 */
import type { From, Position } from '@parley/shared/internal'
import type { Entry, LogGap, Page } from '../logs/log.js'

/** An entry of the log as readers may have it: as it is, made to fit today's schema, or not at all. */
export interface FittedEntry extends Entry {
  /** It was written under a schema that today's cannot read: a gap stands in its place. */
  readonly incompatible?: true
}

export interface FittedPage extends Page {
  readonly entries: readonly FittedEntry[]
}

/** What a node knows of a topic without asking the log. */
export interface TopicView {
  readonly epoch: string
  /** The node has heard of every entry of the log up to this offset. */
  readonly tail: number
  /** `recent` holds every entry of the topic above this offset. */
  readonly since: number
  /** The topic's entries above an offset that is not below `since`. */
  recent(offset: number): readonly FittedEntry[]
}

export type Order =
  /** Tell the client that the subscription stands, and where it begins. */
  | { readonly type: 'confirm'; readonly position: Position }
  | { readonly type: 'entry'; readonly entry: FittedEntry }
  /** The position moved on without an event for this client. */
  | { readonly type: 'moved'; readonly offset: number }
  | { readonly type: 'gap'; readonly gap: LogGap }
  /** Join the topic's live set and say so to the client. */
  | { readonly type: 'attach'; readonly offset: number }
  | { readonly type: 'detach' }
  /** Read the log; the answer comes back as `page`. */
  | { readonly type: 'read'; readonly from: Exclude<From, 'now'> }
  /** Call `drained` once few bytes are queued. */
  | { readonly type: 'await-drain' }
  /** Call `advanced` whenever the topic's view has moved. */
  | { readonly type: 'await-tail' }
  /** Reading has come to this place, `until` or, where it began above that, where it began: nothing follows. */
  | { readonly type: 'end'; readonly position: Position }

export type Mode = 'new' | 'reading' | 'draining' | 'waiting' | 'live' | 'ended'

export interface SubscriptionOptions {
  /** Events that exclude this client are left out. */
  readonly client?: string
  /** End once this position has been passed, instead of going live. */
  readonly until?: Position
}

export class Subscription {
  #mode: Mode = 'new'
  #position: Position = { epoch: '0', offset: 0 }
  /** What the log was asked for last. */
  #asked: Exclude<From, 'now'> = 'first'
  /** Epoch of the node then: it tells a stale page from one that is ahead. */
  #askedIn = ''
  /** Waiting for the epoch of a page, to read it again; else for the tail. */
  #awaitsEpoch = false
  /** It began after a position, so that nothing is owed to it from before. */
  #isPlaced = false
  #confirmed = false
  readonly #client: string | undefined
  readonly #until: Position | undefined

  constructor(options: SubscriptionOptions = {}) {
    this.#client = options.client
    this.#until = options.until
  }

  get mode(): Mode {
    return this.#mode
  }

  /** The reader enters; `congested` says that more bytes are queued for it, or for others on its socket, than should be. */
  start(from: From, view: TopicView, congested = false): Order[] {
    if (from === 'now') {
      this.#position = { epoch: view.epoch, offset: view.tail }
      this.#confirmed = true
      return [{ type: 'confirm', position: this.#position }, ...this.#attach(view)]
    }
    if (typeof from === 'object' && 'epoch' in from) {
      this.#position = from
      this.#isPlaced = true
      this.#confirmed = true
      const confirm: Order = { type: 'confirm', position: from }
      if (!covers(view, from) || this.#until) return [confirm, ...this.#read(from, view)]
      return [confirm, ...(congested ? this.#drain() : this.#attach(view))]
    }
    return this.#read(from, view)
  }

  /** The log answered; `congested` says that the reader has more bytes queued than it should. */
  page(page: FittedPage, view: TopicView, congested: boolean): Order[] {
    if (this.#mode !== 'reading') return []
    if (page.position.epoch !== view.epoch) {
      if (view.epoch !== this.#askedIn) return this.#read(this.#asked, view)
      return this.#wait(true)
    }
    const orders: Order[] = []
    if (!this.#confirmed) {
      this.#confirmed = true
      orders.push({ type: 'confirm', position: page.start })
    }
    if (page.gap) orders.push({ type: 'gap', gap: page.gap })
    this.#give(page.entries, page.position, orders)
    this.#position = page.position
    if (this.#until && this.#passed(page, this.#until)) {
      this.#mode = 'ended'
      return [...orders, { type: 'end', position: this.#endOf(page, this.#until) }]
    }
    if (page.done && (!congested || !misses(view, this.#position))) return [...orders, ...this.#settle(view)]
    if (congested) return [...orders, ...this.#drain()]
    return [...orders, ...this.#read(this.#position, view)]
  }

  /** Few bytes are queued again. */
  drained(view: TopicView): Order[] {
    if (this.#mode !== 'draining') return []
    return covers(view, this.#position) && !this.#until
      ? this.#attach(view)
      : this.#read(this.#position, view)
  }

  /** The topic's view moved: the tail went on, or a new epoch began. */
  advanced(view: TopicView): Order[] {
    if (this.#mode !== 'waiting') return []
    if (!this.#awaitsEpoch) return this.#settle(view)
    return view.epoch === this.#askedIn ? this.#wait(true) : this.#read(this.#asked, view)
  }

  /** While live: more is queued than allowed. Everything up to the tail was handed over. */
  overflowed(view: TopicView): Order[] {
    if (this.#mode !== 'live') return []
    this.#position = { epoch: view.epoch, offset: view.tail }
    return [{ type: 'detach' }, ...this.#drain()]
  }

  /** While live: the transport may have lost what came after `position`. */
  doubtful(position: Position): Order[] {
    if (this.#mode !== 'live') return []
    this.#position = position
    return [{ type: 'detach' }, ...this.#drain()]
  }

  /** An entry at this offset was ordered, and the transport lost it: what was ordered after it is void. */
  lost(offset: number): Order[] {
    this.#position = { epoch: this.#position.epoch, offset: offset - 1 }
    return this.#drain()
  }

  /** The reader is gone. */
  left(): Order[] {
    const was = this.#mode
    this.#mode = 'ended'
    return was === 'live' ? [{ type: 'detach' }] : []
  }

  #read(from: Exclude<From, 'now'>, view: TopicView): Order[] {
    this.#mode = 'reading'
    this.#asked = from
    this.#askedIn = view.epoch
    return [{ type: 'read', from }]
  }

  #drain(): Order[] {
    this.#mode = 'draining'
    return [{ type: 'await-drain' }]
  }

  #wait(forEpoch: boolean): Order[] {
    this.#mode = 'waiting'
    this.#awaitsEpoch = forEpoch
    return [{ type: 'await-tail' }]
  }

  /** The log has no more: go live if this node's view meets the position. */
  #settle(view: TopicView): Order[] {
    if (view.epoch !== this.#position.epoch) return this.#read(this.#position, view)
    if (this.#position.offset > view.tail) return this.#wait(false)
    return covers(view, this.#position) ? this.#attach(view) : this.#read(this.#position, view)
  }

  #attach(view: TopicView): Order[] {
    const orders: Order[] = []
    const upTo = { epoch: view.epoch, offset: view.tail }
    this.#give(view.recent(this.#position.offset), upTo, orders)
    this.#mode = 'live'
    this.#position = upTo
    orders.push({ type: 'attach', offset: view.tail })
    return orders
  }

  /** Orders the entries this client may see; if the last were left out, the position moves without them. */
  #give(entries: readonly FittedEntry[], upTo: Position, orders: Order[]): void {
    let leftOut = false
    for (const entry of entries) {
      leftOut = entry.except !== undefined && entry.except === this.#client
      if (leftOut) continue
      if (entry.incompatible) missing(incompatibleGap(upTo.epoch, entry.offset), orders)
      else orders.push({ type: 'entry', entry })
    }
    if (leftOut) orders.push({ type: 'moved', offset: upTo.offset })
  }

  #passed(page: Page, until: Position): boolean {
    return page.done || (page.position.epoch === until.epoch && page.position.offset >= until.offset)
  }

  #endOf({ position }: Page, until: Position): Position {
    const isAbove = position.epoch === until.epoch && position.offset > until.offset
    return this.#isPlaced && isAbove ? position : until
  }
}

/** What stands in the place of an entry that cannot be read. */
export function incompatibleGap(epoch: string, offset: number): LogGap {
  return { after: { epoch, offset: offset - 1 }, first: { epoch, offset }, reason: 'incompatible' }
}

/** Orders a gap; several in a row are one. */
function missing(gap: LogGap, orders: Order[]): void {
  const before = orders.at(-1)
  if (before?.type !== 'gap' || before.gap.reason !== 'incompatible') orders.push({ type: 'gap', gap })
  else orders[orders.length - 1] = { type: 'gap', gap: { ...before.gap, first: gap.first } }
}

/** Whether the node could give a reader at this position more at once. */
function misses(view: TopicView, position: Position): boolean {
  return covers(view, position) && view.recent(position.offset).length > 0
}

/** Whether the node can bring a reader from this position to live by itself. */
function covers(view: TopicView, position: Position): boolean {
  return position.epoch === view.epoch && position.offset >= view.since && position.offset <= view.tail
}
