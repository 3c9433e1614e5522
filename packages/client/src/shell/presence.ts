/**
 * The presence of a topic on a client: what it wants to be shown as, told at each subscription, and who is there, for
 * whoever watches. A watcher is a reader of the topic that drops the events, so that one subscription serves all.
 */
import type { ParleyError, Report } from '@parley/shared'
import type { Codec, Encoded, Received, ServerFrame } from '@parley/shared/internal'
import { Presence, type PresenceChange, type PresenceSnapshot } from '../core/presence.js'
import { type CallListener, listenerCaller, listenerFailure } from './listening.js'
import { createStore, type Store, type WritableStore } from './store.js'

type Change = PresenceChange<unknown>

export interface TopicPresenceOptions {
  /** The topic's key, for reports. */
  readonly key: string
  readonly codec: Codec
  report(report: Report): void
  /** Throws where the connection was closed. */
  requireOpen(): void
  /** Makes the topic be read, events and all, until the result is called. */
  watch(): () => void
  /** Sends what it wants to be shown as, on the subscription that there is. */
  send(wanted: Encoded): void
  /** What is wanted waits for somebody who joins: till then it must not be forgotten, though nobody holds the handle. */
  keep(isWaiting: boolean): void
}

/** What the client said, until the server has answered. */
interface Said {
  readonly wanted: Encoded
  /** Those who wait for the answer. */
  readonly waiting: readonly Waiting[]
}

interface Waiting {
  resolve(): void
  reject(error: ParleyError): void
}

export class TopicPresence implements Store<PresenceSnapshot<unknown>> {
  readonly #options: TopicPresenceOptions
  readonly #machine: Presence<unknown>
  readonly #store: WritableStore<PresenceSnapshot<unknown>>
  readonly #listeners = new Map<object, (change: Change) => unknown>()
  readonly #call: CallListener
  #watchers = 0
  #stopWatching: (() => void) | undefined
  /** What the server took last, for when what was said after it is refused. */
  #taken: Encoded
  #wanted: Encoded
  readonly #said: Said[] = []
  /** The server took something on the subscription that there is. */
  #isShown = false
  /** Those who set something that no subscription was told yet. */
  #untold: Waiting[] = []
  /** The topic is joined, or about to be. */
  #isWanted = false
  #isSubscribed = false

  constructor(options: TopicPresenceOptions) {
    const { key, report, codec } = options
    this.#options = options
    this.#machine = new Presence((a, b) => isSame(codec, a, b))
    const failed = listenerFailure(key, report)
    this.#call = listenerCaller(failed)
    this.#store = createStore(this.#machine.snapshot, (error) => failed('presence', error))
    this.#taken = codec.encode(undefined)
    this.#wanted = this.#taken
  }

  // --- what the application does ----------------------------------------------------------------------------

  readonly subscribe = (listener: () => void): (() => void) => {
    const stop = this.#store.subscribe(listener)
    return this.#watched(stop)
  }

  readonly getSnapshot = (): PresenceSnapshot<unknown> => this.#store.getSnapshot()

  onChange(listener: (change: Change) => unknown): () => void {
    const key = {}
    this.#listeners.set(key, listener)
    return this.#watched(() => this.#listeners.delete(key))
  }

  set(wanted: unknown): Promise<void> {
    const set = new Promise<void>((resolve, reject) => {
      try {
        if (this.#isWanted) this.#options.requireOpen()
        this.#wanted = this.#options.codec.encode(wanted)
      } catch (error) {
        this.#reportRefused(error as ParleyError)
        throw error
      }
      if (!this.#isWanted) {
        this.#options.keep(true)
        resolve()
        return
      }
      this.#untold.push({ resolve, reject })
      this.#tell()
    })
    set.catch(() => {}) // it is reported, too, so nobody has to look at it
    return set
  }

  #watched(stop: () => unknown): () => void {
    this.#watchers += 1
    if (this.#watchers === 1) this.#stopWatching = this.#options.watch()
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      stop()
      this.#watchers -= 1
      if (this.#watchers === 0) this.#stopWatching?.()
    }
  }

  // --- what becomes of the topic ----------------------------------------------------------------------------

  /** It is asked for: what is set from now on waits until it is there. */
  wanted(): void {
    this.#isWanted = true
    this.#options.keep(false)
  }

  /** A subscription was sent. */
  subscribed(): void {
    this.#unsay()
    this.#isShown = false
    this.#machine.joined()
    this.wanted()
    this.#isSubscribed = true
    this.#tell()
  }

  /** The subscription is gone with its connection. */
  down(): void {
    this.#unsay()
    this.#isSubscribed = false
    this.#machine.down()
    this.#show()
  }

  /** The topic was left, or refused with an error. */
  ended(error?: ParleyError): void {
    this.#unsay()
    this.#isWanted = false
    this.#isSubscribed = false
    const untold = this.#untold
    this.#untold = []
    for (const waiting of untold) {
      if (error) waiting.reject(error)
      else waiting.resolve() // it is told when somebody joins again
    }
    this.#machine.emptied()
    this.#show()
  }

  /** There will be no other connection by itself: nothing is waited for. */
  closed(error: ParleyError): void {
    this.#unsay()
    const untold = this.#untold
    this.#untold = []
    for (const waiting of untold) waiting.reject(error)
  }

  /** The server has answered what was said first. */
  answered(error?: ParleyError): void {
    const said = this.#said.shift()
    if (!said) return
    if (error) {
      if (this.#said.length === 0 && this.#untold.length === 0) this.#fallBack()
      this.#reportRefused(error)
      for (const waiting of said.waiting) waiting.reject(error)
      return
    }
    this.#taken = said.wanted
    this.#isShown = true
    for (const waiting of said.waiting) waiting.resolve()
  }

  /** @returns What is wrong with it, if the server broke the protocol. */
  received({
    change,
    more,
    entries,
    states,
  }: Extract<ServerFrame<Received>, { type: 'members' }>): string | undefined {
    let decoded: unknown
    try {
      decoded = states && this.#options.codec.decode(states)
    } catch (error) {
      const message = 'who is present could not be read; it is not current until the whole list comes again'
      this.#options.report({ kind: 'incompatible', path: this.#options.key, message, error })
      this.#machine.down()
      this.#show()
      return undefined
    }
    const list: readonly unknown[] | undefined = Array.isArray(decoded) ? decoded : undefined
    if (change !== 'left' && list?.length !== entries.length) return 'members without their states'
    const news = entries.map(([member, entry, since], i) => ({ member, entry, since, state: list?.[i] }))
    const differs = this.#machine.members({ change, more, entries: news })
    this.#show()
    if (differs)
      for (const [key, listener] of [...this.#listeners]) {
        if (this.#listeners.has(key)) this.#call('presence', () => listener(differs))
      }
    return undefined
  }

  #reportRefused({ code, message }: ParleyError): void {
    const { key, report } = this.#options
    report({ kind: 'refused', path: key, message: `the presence state was refused: ${code} ${message}` })
  }

  /** To what was taken last. A new subscription shows nobody before it has taken something. */
  #fallBack(): void {
    if (this.#wanted === this.#taken) return
    this.#wanted = this.#taken
    if (!this.#isShown) this.#tell()
  }

  #tell(): void {
    if (!this.#isSubscribed) return
    this.#said.push({ wanted: this.#wanted, waiting: this.#untold })
    this.#untold = []
    this.#options.send(this.#wanted)
  }

  /** What was said and not answered is said again, with what is wanted then. */
  #unsay(): void {
    this.#untold = [...this.#said.flatMap(({ waiting }) => waiting), ...this.#untold]
    this.#said.length = 0
  }

  #show(): void {
    this.#store.set(this.#machine.snapshot)
  }
}

/** Who is present, and what this client wants to be shown as: see `Presence` of handles.ts. */
export function presenceHandle(topic: TopicPresence): object {
  const { subscribe, getSnapshot } = topic
  return {
    subscribe,
    getSnapshot,
    set: (wanted: unknown) => topic.set(wanted),
    onChange: (listener: (change: Change) => unknown) => topic.onChange(listener),
  }
}

function isSame(codec: Codec, a: unknown, b: unknown): boolean {
  const [one, other] = [codec.encodeText(a), codec.encodeText(b)]
  return one.json === other.json && one.meta === other.meta
}
