import { ParleyError } from '@parley/shared'
import { type Clock, type Position, payloadBytes } from '@parley/shared/internal'
import type {
  ContractStore,
  Log,
  LogTopic,
  NewEntry,
  OnceEmit,
  OnceRecord,
  OnceStore,
  Page,
  ReadBounds,
  Tail,
  TailItem,
  VolatileItem,
} from '../log.js'
import type { ReadFrom } from '../page.js'
import type { Tails } from '../tails.js'
import { cannotWork, isFull } from './faults.js'
import type { Store, Stored } from './store.js'
import { type Waiting, WaitingLine } from './waiting.js'

/** The end of a file's life in this process. */
export interface Ending {
  /** Puts everything on the disk, marks the stop as a clean one and lets go of the file. */
  seal(): void
}

export interface SqliteLogParts {
  readonly path: string
  readonly name: string
  /** Whether the disk has what it says it has: below that nothing can be promised about a call that must not run twice. */
  readonly isSafe: boolean
  readonly store: Store
  readonly clock: Clock
  readonly tails: Tails
  readonly ending: Ending
}

/**
 * Appends wait for the end of the tick and share one transaction. Only when that is on the disk do they resolve, and
 * only then are the tails told: nobody is shown what a stop could take back.
 */
export class SqliteLog implements Log {
  readonly name: string
  readonly once?: OnceStore
  readonly contracts: ContractStore
  readonly #path: string
  readonly #clock: Clock
  readonly #tails: Tails
  readonly #ending: Ending
  readonly #line = new WaitingLine()
  #store: Store
  #due = false
  #closed = false

  constructor({ path, name, isSafe, store, clock, tails, ending }: SqliteLogParts) {
    this.name = name
    this.#path = path
    this.#store = store
    this.#clock = clock
    this.#tails = tails
    this.#ending = ending
    this.contracts = {
      find: async (fingerprint) => this.#use((store) => store.contracts.find(fingerprint)),
      save: async (fingerprint, description) =>
        this.#use((store) =>
          store.transaction(clock.now(), () => store.contracts.put(fingerprint, description)),
        ),
    }
    if (!isSafe) return
    this.once = {
      find: async (key) => this.#find(key),
      begin: async (key, request, keepMs) => this.#begin(key, request, keepMs),
      finish: async (key, record, keepMs, emits) => this.#finish(key, record, keepMs, emits),
    }
  }

  async append(entry: NewEntry): Promise<Position> {
    this.#requireOpen()
    const bytes = this.#line.admit(payloadBytes(entry.data))
    return new Promise((resolve, reject) => {
      this.#enqueue({ do: 'append', entry, bytes, resolve, reject })
    })
  }

  async publish(item: VolatileItem): Promise<void> {
    this.#requireOpen()
    if (this.#line.isEmpty) {
      this.#tails.pass({ type: 'volatile', item })
      return
    }
    const bytes = this.#line.admit(payloadBytes(item.data))
    await new Promise<void>((resolve, reject) => this.#enqueue({ do: 'pass', item, bytes, resolve, reject }))
  }

  async read(topic: LogTopic, from: ReadFrom, bounds: ReadBounds): Promise<Page> {
    this.#requireOpen()
    try {
      if (this.#store.mustReplace(topic)) {
        await new Promise<void>((resolve, reject) => {
          this.#enqueue({ do: 'retain', topic, bytes: 0, resolve, reject })
        })
        this.#requireOpen()
      }
      return this.#store.read(topic, from, bounds, this.#clock.now())
    } catch (error) {
      throw cannotWork(this.#path, error)
    }
  }

  async tail(listener: (item: TailItem) => void): Promise<Tail> {
    this.#requireOpen()
    const close = this.#tails.add(listener)
    return { epoch: this.#store.epoch, head: this.#store.head, close }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    while (!this.#line.isEmpty) this.#commit()
    this.#tails.close()
    try {
      this.#store.transaction(this.#clock.now(), () => {}) // what reads found to be lost
    } catch (error) {
      throw cannotWork(this.#path, error)
    } finally {
      this.#ending.seal()
    }
  }

  /** Goes on with what a file holds after its tail was lost. */
  restart(store: Store): void {
    this.#store = store
    this.#tails.pass({ type: 'epoch', epoch: store.epoch, head: store.head })
  }

  /** What needs no turn. */
  #use<T>(work: (store: Store) => T): T {
    this.#requireOpen()
    try {
      return work(this.#store)
    } catch (error) {
      throw cannotWork(this.#path, error)
    }
  }

  #find(key: string): OnceRecord | undefined {
    return this.#use((store) => store.once(key, this.#clock.now()))
  }

  #begin(key: string, request: string, keepMs: number): Promise<OnceRecord | undefined> {
    this.#requireOpen()
    const bytes = this.#line.admit(key.length + request.length)
    return new Promise((resolve, reject) => {
      this.#enqueue({ do: 'begin', key, request, keepMs, bytes, resolve, reject })
    })
  }

  /** Never refused for what waits already: the call has run. */
  #finish(
    key: string,
    record: Required<OnceRecord>,
    keepMs: number,
    emits: readonly OnceEmit[],
  ): Promise<void> {
    this.#requireOpen()
    const of = (emit: OnceEmit) => payloadBytes(emit.type === 'entry' ? emit.entry.data : emit.item.data)
    const bytes = emits.reduce((sum, emit) => sum + of(emit), record.result.length)
    return new Promise((resolve, reject) => {
      this.#enqueue({ do: 'finish', key, record, keepMs, emits, bytes, resolve, reject })
    })
  }

  #enqueue(waiting: Waiting): void {
    this.#line.add(waiting)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#due) return
    this.#due = true
    // after what the event loop has at hand: whoever emits in this tick shares the transaction
    setImmediate(() => {
      this.#due = false
      if (this.#closed) return
      this.#commit()
      if (!this.#line.isEmpty) this.#schedule()
    })
  }

  #commit(): void {
    const batch = this.#line.take()
    const now = this.#clock.now()
    let done: readonly (() => void)[]
    try {
      done = this.#write(batch, now)
    } catch (error) {
      this.#fail(batch, error)
      return
    }
    for (const tell of done) tell()
  }

  /** Writes all of it, or throws. Gives how to tell of each. */
  #write(batch: readonly Waiting[], now: number): readonly (() => void)[] {
    try {
      return this.#writeOnce(batch, now)
    } catch (error) {
      // an append finds no room before it trims: what has expired by now must go on its own
      const madeRoom = isFull(error) && this.#store.transaction(now, () => this.#store.tidy(now)) > 0
      if (!madeRoom) throw error
      return this.#writeOnce(batch, now)
    }
  }

  #writeOnce(batch: readonly Waiting[], now: number): readonly (() => void)[] {
    const work = () => batch.map((one) => this.#apply(one, now))
    // a handler runs after this: what is known of it must not be lost any more
    const begins = batch.some((one) => one.do === 'begin')
    return begins ? this.#store.durably(now, work) : this.#store.transaction(now, work)
  }

  /** What one does within the transaction; gives what is told after it. */
  #apply(one: Waiting, now: number): () => void {
    switch (one.do) {
      case 'append': {
        const stored = this.#store.append(one.entry, now)
        return () => {
          const offset = 'entry' in stored ? stored.entry.offset : stored.repeats
          one.resolve({ epoch: this.#store.epoch, offset })
          this.#show(stored)
        }
      }
      case 'pass':
        return () => this.#pass(one)
      case 'retain':
        this.#store.retain(one.topic, now)
        return one.resolve
      case 'begin': {
        const known = this.#store.once(one.key, now)
        if (!known) this.#store.keepOnce(one.key, { request: one.request }, one.keepMs, now)
        return () => one.resolve(known)
      }
      case 'finish': {
        this.#store.keepOnce(one.key, one.record, one.keepMs, now)
        const shown = one.emits.map((emit) => {
          if (emit.type === 'volatile') return () => this.#tails.pass(emit)
          const stored = this.#store.append(emit.entry, now)
          return () => this.#show(stored)
        })
        return () => {
          one.resolve()
          for (const show of shown) show()
        }
      }
    }
  }

  #show(stored: Stored): void {
    if ('entry' in stored) this.#tails.pass({ type: 'entry', entry: stored.entry })
  }

  #pass({ item, resolve }: Extract<Waiting, { do: 'pass' }>): void {
    this.#tails.pass({ type: 'volatile', item })
    resolve()
  }

  /** Nothing of the transaction was kept, and nobody was told of it. */
  #fail(batch: readonly Waiting[], error: unknown): void {
    const fault = cannotWork(this.#path, error)
    for (const one of batch) {
      if (one.do === 'pass') this.#pass(one)
      else one.reject(fault)
    }
  }

  #requireOpen(): void {
    if (this.#closed) throw new ParleyError('CLOSED', 'The log was closed.')
  }
}
