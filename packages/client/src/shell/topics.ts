/** The topics of a client on its one connection: who is meant by a frame, and frames for what a topic wants. */
import { ParleyError, type Report } from '@parley/shared'
import type {
  Clock,
  Codec,
  From,
  Position,
  Received,
  ServerFrame,
  Topic,
  WireParams,
} from '@parley/shared/internal'
import type { Subscription, SubscriptionOutput } from '../core/subscription.js'
import type { ConnectionPart, Driver, Welcome } from './driver.js'
import { TopicPresence } from './presence.js'
import { Reading } from './reading.js'

interface Entry {
  /** The topic's key. */
  readonly key: string
  readonly reading: Reading<Received>
  /** On a channel with presence. */
  readonly presence: TopicPresence | undefined
  /** The handle: it must not be made a second time while this is in use, so it is held. */
  owner: object | undefined
  /** Number of its subscription on this connection. */
  sub: number | undefined
  /** The server's number for it, once joined. */
  topic: number | undefined
}

export interface TopicsOptions {
  readonly driver: Driver
  readonly codec: Codec
  readonly clock: Clock
  readonly lingerMs: number
  readonly report: (report: Report) => void
}

export class Topics implements ConnectionPart {
  readonly #options: TopicsOptions
  /** Those that are read or listened to; others live as long as somebody holds their handle. */
  readonly #active = new Set<Entry>()
  /** Those of which something was set, to be told to whoever reads them first. */
  readonly #kept = new Set<Entry>()
  readonly #bySub = new Map<number, Entry>()
  readonly #byTopic = new Map<number, Entry>()
  readonly #byRead = new Map<number, { readonly entry: Entry; readonly read: number }>()
  /** The line that the topics are on, while there is one. */
  #line: number | undefined
  #epoch = ''

  constructor(options: TopicsOptions) {
    this.#options = options
  }

  /**
   * Makes a topic's handle from its reading half. A connection has one subscription for a topic, so the caller makes
   * one for each topic at a time; while it is in use it is kept here.
   */
  create<Handle extends object>(
    { spec, params, key }: Topic,
    make: (reading: Reading<Received>, presence: TopicPresence | undefined) => Handle,
  ): Handle {
    const { codec, clock, lingerMs, report } = this.#options
    const entry: Entry = {
      key,
      sub: undefined,
      topic: undefined,
      owner: undefined,
      presence: spec.presence && this.#presence(key, () => entry),
      reading: new Reading<Received>({
        key,
        latest: spec.replay === 'latest',
        events: spec.events,
        lingerMs,
        clock,
        report,
        decode: (payload) => codec.decode(payload),
        needed: (isNeeded) => this.#follow(entry, isNeeded),
        wire: {
          subscribe: (from) => this.#subscribe(entry, spec.path, params, from),
          unsubscribe: () => this.#unsubscribe(entry),
          read: (read, from, until) => this.#read(entry, read, from, until),
          cancelRead: (read) => this.#cancelRead(entry, read),
        },
      }),
    }
    const { reading, presence } = entry
    reading.status.subscribe(() => {
      const now = reading.status.getSnapshot()
      if (now.status === 'joining') {
        presence?.wanted()
        this.#options.driver.use()
      } else if (now.status === 'idle') presence?.ended()
      else if (now.status === 'refused') presence?.ended(new ParleyError(now.code, `'${key}' was refused`))
    })
    const handle = make(reading, presence)
    entry.owner = handle
    return handle
  }

  /** Those that the server refused are asked for again. */
  retry(): void {
    this.#feedAll((machine) => machine.retry())
  }

  // --- the connection ---------------------------------------------------------------------------------------

  up({ epoch }: Welcome, line: number): void {
    const before = this.#line
    this.#line = line
    this.#epoch = epoch
    if (before === undefined) {
      this.#feedAll((machine) => machine.up())
      return
    }
    // What still comes by the line before is dropped, so that nothing comes twice; it need not come at all.
    for (const id of this.#bySub.keys()) this.#options.driver.sendFrame({ type: 'unsub', id }, before)
    this.#forgetAll()
    this.#feedAll((machine) => machine.rejoin())
  }

  down(line: number): void {
    if (line !== this.#line) return
    this.#line = undefined
    this.#forgetAll()
    for (const { presence } of [...this.#active]) presence?.down()
    this.#feedAll((machine) => machine.down())
  }

  over(error: ParleyError): void {
    for (const { reading, presence } of [...this.#active]) {
      reading.fail(error)
      presence?.closed(error)
      reading.feed((machine) => machine.endLinger())
    }
  }

  received(frame: ServerFrame<Received>, line: number): boolean {
    if (line !== this.#line) return false
    switch (frame.type) {
      case 'e': {
        const { topic, offset, name, data, at } = frame
        this.#byTopic
          .get(topic)
          ?.reading.feed((machine) =>
            machine.event({ name, data, position: this.#at(offset), ...(at === undefined ? {} : { at }) }),
          )
        return true
      }
      case 'v': {
        const { topic, name, data } = frame
        this.#byTopic
          .get(topic)
          ?.reading.feed((machine) => machine.event({ name, data, position: undefined }))
        return true
      }
      case 'p':
        this.#byTopic.get(frame.topic)?.reading.feed((machine) => machine.moved(this.#at(frame.offset)))
        return true
      case 'live':
        this.#byTopic.get(frame.topic)?.reading.feed((machine) => machine.live(this.#at(frame.offset)))
        return true
      case 'gap':
        this.#byTopic.get(frame.topic)?.reading.feed((machine) => machine.gap(frame))
        return true
      case 'joined':
        this.#joined(frame.id, frame.topic, frame.offset)
        return true
      case 'refused':
        this.#refused(frame)
        return true
      case 'epoch':
        this.#epoch = frame.epoch
        return true
      case 'h': {
        const { offset, name, data, at } = frame
        const event = { name, data, position: this.#at(offset), ...(at === undefined ? {} : { at }) }
        this.#feedRead(frame.read, (machine, read) => machine.readEvent(read, event))
        return true
      }
      case 'hgap':
        this.#feedRead(frame.read, (machine, read) => machine.readGap(read, frame))
        return true
      case 'hend':
        this.#feedRead(frame.read, (machine, read) =>
          machine.readEnd(read, this.#epoch, frame.offset === undefined ? undefined : this.#at(frame.offset)),
        )
        this.#byRead.delete(frame.read)
        return true
      case 'members': {
        const presence = this.#byTopic.get(frame.topic)?.presence
        const wrong = presence?.received(frame)
        if (wrong !== undefined) this.#options.driver.broken(line, wrong)
        return true
      }
      case 'ok':
        return this.#answered(frame.id)
      case 'err':
        if (this.#answered(frame.id, frame)) return true
        if (!this.#byRead.has(frame.id)) return false
        this.#feedRead(frame.id, (machine, read) => machine.readFailed(read))
        this.#byRead.delete(frame.id)
        return true
      default:
        return false
    }
  }

  // ----------------------------------------------------------------------------------------------------------

  #at(offset: number): Position {
    return { epoch: this.#epoch, offset }
  }

  /** A topic that nobody needs is told of no connection, so it is told when somebody does. */
  #follow(entry: Entry, isNeeded: boolean): void {
    if (isNeeded) this.#active.add(entry)
    else this.#active.delete(entry)
    entry.reading.feed((machine) => (isNeeded && this.#line !== undefined ? machine.up() : machine.down()))
  }

  #feedAll(input: (machine: Subscription<Received>) => readonly SubscriptionOutput<Received>[]): void {
    for (const { reading } of [...this.#active]) reading.feed(input)
  }

  #feedRead(
    id: number,
    input: (machine: Subscription<Received>, read: number) => readonly SubscriptionOutput<Received>[],
  ): void {
    const found = this.#byRead.get(id) // it may have been given up
    found?.entry.reading.feed((machine) => input(machine, found.read))
  }

  /** What a subscription's client wants to be shown as has its answer; whether this is one. */
  #answered(id: number, failure?: Extract<ServerFrame<Received>, { type: 'err' }>): boolean {
    const entry = this.#bySub.get(id)
    if (!entry) return false
    const { code, message = '', issues } = failure ?? {}
    const error = code === undefined ? undefined : new ParleyError(code, message, issues ? { issues } : {})
    entry.presence?.answered(error)
    return true
  }

  #presence(key: string, entry: () => Entry): TopicPresence {
    const { codec, driver, report } = this.#options
    return new TopicPresence({
      key,
      codec,
      report,
      requireOpen: () => driver.requireOpen(),
      watch: () => {
        const stop = entry().reading.read(undefined, { event() {}, gap() {}, failed() {} })
        return () => void stop()
      },
      send: (wanted) => {
        const { sub } = entry()
        if (sub !== undefined) driver.sendFrame({ type: 'presence', subscription: sub, wanted })
      },
      keep: (isWaiting) => void (isWaiting ? this.#kept.add(entry()) : this.#kept.delete(entry())),
    })
  }

  #joined(sub: number, topic: number, offset: number): void {
    const entry = this.#bySub.get(sub)
    if (!entry) return // it was left before the answer came
    entry.topic = topic
    this.#byTopic.set(topic, entry)
    entry.reading.feed((machine) => machine.joined(this.#at(offset)))
  }

  #refused({ id, code, message }: Extract<ServerFrame<Received>, { type: 'refused' }>): void {
    const entry = this.#bySub.get(id)
    if (!entry) return
    this.#forget(entry)
    this.#options.report({ kind: 'refused', path: entry.key, message: `${code}: ${message}` })
    entry.reading.feed((machine) => machine.refused(code))
  }

  #forgetAll(): void {
    this.#bySub.clear()
    this.#byTopic.clear()
    this.#byRead.clear()
  }

  /** Frames for this subscription are for nobody any more. */
  #forget(entry: Entry): void {
    if (entry.sub !== undefined) this.#bySub.delete(entry.sub)
    if (entry.topic !== undefined) this.#byTopic.delete(entry.topic)
    for (const [id, found] of this.#byRead) if (found.entry === entry) this.#byRead.delete(id)
    entry.sub = undefined
    entry.topic = undefined
  }

  #subscribe(entry: Entry, path: string, params: WireParams | undefined, from: From): void {
    const { driver } = this.#options
    const id = driver.nextId()
    entry.sub = id
    entry.topic = undefined // the number that it had on a line before may be another one's on this
    this.#bySub.set(id, entry)
    driver.sendFrame({ type: 'sub', id, path, params, from })
    entry.presence?.subscribed()
  }

  #unsubscribe(entry: Entry): void {
    const id = entry.sub
    this.#forget(entry)
    if (id !== undefined) this.#options.driver.sendFrame({ type: 'unsub', id })
  }

  #read(entry: Entry, read: number, from: From, until: Position): void {
    const { driver } = this.#options
    const id = driver.nextId()
    this.#byRead.set(id, { entry, read })
    driver.sendFrame({ type: 'read', id, subscription: entry.sub!, from, until })
  }

  #cancelRead(entry: Entry, read: number): void {
    for (const [id, found] of this.#byRead) {
      if (found.entry !== entry || found.read !== read) continue
      this.#byRead.delete(id)
      this.#options.driver.sendFrame({ type: 'cancel', id })
    }
  }
}
