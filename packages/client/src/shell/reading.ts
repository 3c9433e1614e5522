/**
 * The reading half of a topic, whatever brings its events: readers with listeners, `events()`, gaps, status. A
 * transport gives it a wire, and feeds its machine with what the wire brings.
 */
import { ParleyError, type Report } from '@parley/shared'
import { type Clock, clientDefaults, type From, formatPosition, type Position } from '@parley/shared/internal'
import {
  Subscription,
  type SubscriptionOutput,
  type TopicEvent,
  type TopicGap,
  type TopicStatus,
  type TopicTimer,
} from '../core/subscription.js'
import { type DecodedEvent, decodeOnce } from './decode-once.js'
import { GapListeners } from './gap-listeners.js'
import { type CallListener, listenerCaller, listenerFailure } from './listening.js'
import { parseFrom, type ReadFrom } from './read-from.js'
import type { ReadEvent, ReadGap, Sink } from './sink.js'
import { createStore, type Store, type WritableStore } from './store.js'
import type { Surroundings } from './surroundings.js'
import { type Unread, unreadEvents } from './unread.js'

/** Carries out what the machine wants of the transport. It is called only while the machine was told `up`. */
export interface TopicWire {
  subscribe(from: From): void
  unsubscribe(): void
  read(read: number, from: From, until: Position): void
  cancelRead(read: number): void
}

export interface ReadingOptions<P> {
  /** The topic's key, for reports. */
  readonly key: string
  /** The channel keeps the newest event per name. */
  readonly latest: boolean
  /** The names of the channel's events. */
  readonly events: { has(name: string): boolean }
  readonly lingerMs: number
  readonly clock: Clock
  readonly wire: TopicWire
  /** Reads a payload; throws a ParleyError for one that cannot be read. */
  decode(data: P): unknown
  report(report: Report): void
  /** Told whenever that changes: whether somebody reads it, or listens for its gaps. */
  needed?(isNeeded: boolean): void
}

/** How long after a failed bounded read it is tried again. */
const readRetryMs = 1_000

export class Reading<P> {
  readonly #options: ReadingOptions<P>
  readonly #machine: Subscription<P>
  readonly #sinks = new Map<number, Sink>()
  readonly #gaps: GapListeners
  readonly #call: CallListener
  readonly #decode: (event: TopicEvent<P>) => DecodedEvent
  readonly #status: WritableStore<TopicStatus>
  readonly #timers = new Map<TopicTimer, () => void>()
  readonly #queue: SubscriptionOutput<P>[] = []
  #isRunning = false
  #isNeeded = false
  #ids = 0

  constructor(options: ReadingOptions<P>) {
    const { key, report } = options
    this.#options = options
    const failed = listenerFailure(key, report)
    this.#call = listenerCaller(failed)
    this.#gaps = new GapListeners(key, report, this.#call)
    this.#decode = decodeOnce(options.decode, key, report)
    this.#machine = new Subscription({
      lingerMs: options.lingerMs,
      unreadEvents: clientDefaults.unreadEvents,
      readRetryMs,
      latest: options.latest,
    })
    this.#status = createStore<TopicStatus>({ status: 'idle' }, (error) => failed('status', error))
  }

  get status(): Store<TopicStatus> {
    return this.#status
  }

  /** Whose time it keeps, and who hears of its faults. */
  get surroundings(): Surroundings {
    const { clock, report, key } = this.#options
    return { clock, report, key }
  }

  /** Nobody reads it, and nothing of it is on the wire. */
  get isIdle(): boolean {
    return this.#machine.status.status === 'idle'
  }

  /** Tells the machine what happened, and carries out what it says. */
  feed(input: (machine: Subscription<P>) => readonly SubscriptionOutput<P>[]): void {
    this.#queue.push(...input(this.#machine))
    if (this.#isRunning) return // a listener did this: its turn comes after what is under way
    this.#isRunning = true
    try {
      for (let output = this.#queue.shift(); output; output = this.#queue.shift()) this.#carryOut(output)
    } finally {
      this.#isRunning = false
      this.#gaps.forgetTold()
    }
  }

  /**
   * Adds a reader; the result removes it, and tells where it was, unless it has no position yet.
   *
   * @throws ParleyError `BAD_OPTIONS` for a `from` that is none.
   */
  read(from: ReadFrom | undefined, sink: Sink): () => string | undefined {
    const start = parseFrom(from)
    const id = ++this.#ids
    this.#sinks.set(id, sink)
    this.feed((machine) => machine.addReader(id, start))
    return () => {
      if (!this.#sinks.delete(id)) return undefined
      // what still waits in the queue for it was not handed to it, so it is not that far
      const next = this.#queue.find((output) => 'reader' in output && output.reader === id)
      const at = next ? placeBefore(next) : this.#machine.positionOf(id)
      this.feed((machine) => machine.removeReader(id))
      return at && formatPosition(at)
    }
  }

  /** A reader with a listener for one event; its gaps go to `onGap`. */
  on(name: string, listener: (data: unknown, event: ReadEvent) => unknown, from?: ReadFrom): () => void {
    return this.read(from, {
      event: (event) => (event.name === name ? listener(event.data, event) : undefined),
      gap: (gap) => this.#gaps.tell(gap),
    })
  }

  /** @param check Called as the loop begins; throws, from the loop, what makes it impossible. */
  events(
    from: ReadFrom | undefined,
    signal: AbortSignal | undefined,
    check: () => void,
  ): AsyncIterableIterator<Unread, undefined> {
    parseFrom(from) // what is wrong with it is said here, not by the first step of the loop
    const open = (sink: Sink): (() => void) => {
      check()
      return this.read(from, sink)
    }
    return unreadEvents(open, clientDefaults.unreadEvents, signal)
  }

  onGap(listener: (gap: ReadGap) => unknown): () => void {
    const remove = this.#gaps.add(listener)
    this.#noteNeed()
    return () => {
      remove()
      this.#noteNeed()
    }
  }

  /** Resolves to the position once the topic is live. It reads the topic meanwhile, as any other reader. */
  ready(): Promise<string> {
    return new Promise((resolve, reject) => {
      let isSettled = false
      let stopWatching = () => {}
      let close = () => {}
      const settle = (run: () => void): void => {
        isSettled = true
        stopWatching()
        close()
        run()
      }
      const check = (): void => {
        const { status } = this.#machine // which is ahead of what its watchers were told
        if (status.status === 'live') settle(() => resolve(formatPosition(this.#machine.position!)))
        if (status.status === 'refused') settle(() => reject(refusal(this.#options.key, status.code)))
      }
      close = this.read(undefined, {
        event: () => {},
        gap: () => {},
        failed: (error) => settle(() => reject(error)),
      })
      if (isSettled) return close() // where nothing can be opened, the reader is told so while it joins
      stopWatching = this.#status.subscribe(check)
      check()
    })
  }

  /** The client was closed for good: who waits is told so. Readers stay, should it be opened again. */
  fail(error: ParleyError, readers: readonly number[] = [...this.#sinks.keys()]): void {
    for (const id of readers) this.#call('failed', () => this.#sinks.get(id)?.failed?.(error))
  }

  // ----------------------------------------------------------------------------------------------------------

  #carryOut(output: SubscriptionOutput<P>): void {
    const { wire } = this.#options
    switch (output.type) {
      case 'deliver':
        this.#deliver(output)
        break
      case 'gap':
        this.#call('gap', () => this.#sinks.get(output.reader)?.gap(toReadGap(output.gap)))
        break
      case 'status':
        this.#follow(output.status)
        break
      case 'subscribe':
        wire.subscribe(output.from)
        break
      case 'unsubscribe':
        wire.unsubscribe()
        break
      case 'read':
        wire.read(output.read, output.from, output.until)
        break
      case 'cancel-read':
        wire.cancelRead(output.read)
        break
      case 'arm':
        this.#arm(output.timer, output.ms)
        break
      case 'disarm':
        this.#disarm(output.timer)
    }
  }

  #follow(status: TopicStatus): void {
    // Without a stream nothing is read beside it, and for an idle topic nothing is waited for.
    if (status.status !== 'live' && status.status !== 'catching-up') this.#disarm('reads')
    if (status.status === 'idle') this.#disarm('linger')
    this.#noteNeed()
    const readers = [...this.#sinks.keys()] // those who come as they hear of it are not meant
    this.#status.set(status)
    if (status.status === 'refused') this.fail(refusal(this.#options.key, status.code), readers)
  }

  #noteNeed(): void {
    const isNeeded = !this.isIdle || this.#gaps.size > 0
    if (isNeeded === this.#isNeeded) return
    this.#isNeeded = isNeeded
    this.#options.needed?.(isNeeded)
  }

  #disarm(timer: TopicTimer): void {
    this.#timers.get(timer)?.()
    this.#timers.delete(timer)
  }

  #arm(timer: TopicTimer, ms: number): void {
    this.#disarm(timer)
    const cancel = this.#options.clock.after(ms, () => {
      this.#timers.delete(timer)
      this.feed((machine) => machine.elapsed(timer))
    })
    this.#timers.set(timer, cancel)
  }

  #deliver({ reader, event, replayed, after }: Extract<SubscriptionOutput<P>, { type: 'deliver' }>): void {
    const sink = this.#sinks.get(reader) // a listener before it may have removed it
    if (!sink) return
    const { name, at } = event
    if (!this.#options.events.has(name)) return // a later contract's: its position counts, and nobody listens for it
    const decoded = this.#decode(event)
    const position = event.position && formatPosition(event.position)
    if (decoded.isReadable) {
      const { data } = decoded
      const read = { name, data, position, replayed, ...(at === undefined ? {} : { at }) }
      this.#call(name, () => sink.event(read))
    } else if (position !== undefined) {
      const last = after ? formatPosition(after) : position
      this.#call('gap', () => sink.gap({ after: last, first: position, reason: 'incompatible' }))
    }
  }
}

/** Where the reader was before that. */
function placeBefore<P>(output: SubscriptionOutput<P>): Position | undefined {
  if (output.type === 'deliver') return output.after
  return output.type === 'gap' ? output.gap.after : undefined
}

function toReadGap({ after, first, reason }: TopicGap): ReadGap {
  return { after: formatPosition(after), first: formatPosition(first), reason }
}

function refusal(key: string, code: string): ParleyError {
  const what = code === 'CLOSED' ? `'${key}' was closed` : `The server refused '${key}'`
  return new ParleyError(code, what)
}
