/**
 * The reading half of a topic, whatever brings its events: readers with listeners, `events()`, gaps, status. A
 * transport gives it a wire, and feeds its machine with what the wire brings.
 */
import { ParleyError, type Report } from '@parley/shared'
import {
  type Clock,
  clientDefaults,
  type From,
  formatPosition,
  type Position,
  parsePosition,
} from '@parley/shared/internal'
import {
  Subscription,
  type SubscriptionOutput,
  type TopicEvent,
  type TopicGap,
  type TopicStatus,
  type TopicTimer,
} from '../core/subscription.js'
import type { ReadEvent, ReadGap, Sink } from './sink.js'
import { createStore, type Store, type WritableStore } from './store.js'
import { type Unread, unreadEvents } from './unread.js'

export type { ReadEvent, ReadGap, Sink } from './sink.js'

/** Carries out what the machine wants of the transport. It is called only while the machine was told `up`. */
export interface TopicWire {
  subscribe(from: From): void
  unsubscribe(): void
  read(read: number, from: From, until: Position): void
  cancelRead(read: number): void
}

/** Where a reader starts: `'now'`, `'first'`, the last n, or after a position. */
export type ReadFrom = 'now' | 'first' | { readonly last: number } | (string & {})

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
  readonly #gapListeners = new Map<object, (gap: ReadGap) => unknown>()
  readonly #status: WritableStore<TopicStatus>
  readonly #timers = new Map<TopicTimer, () => void>()
  readonly #queue: SubscriptionOutput<P>[] = []
  #isRunning = false
  #isNeeded = false
  #ids = 0
  /** The event decoded last: all readers of a topic get the same value. */
  #decoded:
    | { readonly event: TopicEvent<P>; readonly data: unknown; readonly isReadable: boolean }
    | undefined
  /** The holes that `onGap` was told of while one input was carried out. */
  readonly #told = new Set<string>()

  constructor(options: ReadingOptions<P>) {
    this.#options = options
    this.#machine = new Subscription({
      lingerMs: options.lingerMs,
      unreadEvents: clientDefaults.unreadEvents,
      readRetryMs,
      latest: options.latest,
    })
    this.#status = createStore<TopicStatus>({ status: 'idle' }, (error) =>
      this.#listenerFailed('status', error),
    )
  }

  get status(): Store<TopicStatus> {
    return this.#status
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
      this.#told.clear()
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
      gap: (gap) => this.#gap(gap),
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
    const key = {}
    this.#gapListeners.set(key, listener)
    this.#noteNeed()
    return () => {
      this.#gapListeners.delete(key)
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
        const status = this.#status.getSnapshot()
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
  fail(error: ParleyError): void {
    for (const id of [...this.#sinks.keys()]) this.#call('failed', () => this.#sinks.get(id)?.failed?.(error))
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
    this.#status.set(status)
    if (status.status === 'refused') this.fail(refusal(this.#options.key, status.code))
  }

  #noteNeed(): void {
    const isNeeded = !this.isIdle || this.#gapListeners.size > 0
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

  #decode(event: TopicEvent<P>): { readonly data: unknown; readonly isReadable: boolean } {
    if (this.#decoded?.event === event) return this.#decoded
    try {
      this.#decoded = { event, data: this.#options.decode(event.data), isReadable: true }
    } catch (error) {
      this.#options.report({
        kind: 'protocol',
        message: `an event '${event.name}' could not be read`,
        path: this.#options.key,
        error,
      })
      this.#decoded = { event, data: undefined, isReadable: false }
    }
    return this.#decoded
  }

  /** A gap of a reader with a listener. Readers that met the same hole together are told of it once. */
  #gap(gap: ReadGap): void {
    const hole = `${gap.after} ${gap.first} ${gap.reason}`
    if (this.#told.has(hole)) return
    this.#told.add(hole)
    if (this.#gapListeners.size === 0) {
      this.#options.report({
        kind: 'gap-unheard',
        message: `events after ${gap.after} up to ${gap.first} can no longer be had (${gap.reason}), and no onGap listens`,
        path: this.#options.key,
      })
    }
    for (const [key, listener] of [...this.#gapListeners]) {
      if (this.#gapListeners.has(key)) this.#call('onGap', () => listener(gap))
    }
  }

  /** Calls a listener of the application; what it throws, or rejects with, is reported. */
  #call(name: string, run: () => unknown): void {
    try {
      const result = run()
      if (result instanceof Promise) result.catch((error: unknown) => this.#listenerFailed(name, error))
    } catch (error) {
      this.#listenerFailed(name, error)
    }
  }

  #listenerFailed(name: string, error: unknown): void {
    this.#options.report({
      kind: 'listener-failed',
      message: `a listener of '${name}' threw`,
      path: this.#options.key,
      error,
    })
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
  return new ParleyError(code, `The server refused '${key}'`)
}

/** @throws ParleyError `BAD_OPTIONS` */
function parseFrom(from: ReadFrom | undefined): From {
  if (from === undefined || from === 'now') return 'now'
  if (from === 'first') return 'first'
  if (typeof from === 'object' && Number.isSafeInteger(from.last) && from.last >= 0)
    return { last: from.last }
  const position = typeof from === 'string' ? parsePosition(from) : undefined
  if (position) return position
  throw new ParleyError(
    'BAD_OPTIONS',
    `from: ${JSON.stringify(from)} is no place to start; give 'now', 'first', { last: n } or a position`,
  )
}
