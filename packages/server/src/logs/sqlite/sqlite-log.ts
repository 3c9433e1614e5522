import { ParleyError } from '@parley/shared'
import type { Clock, Encoded, Position } from '@parley/shared/internal'
import type { Log, LogTopic, NewEntry, Page, ReadBounds, Tail, TailItem, VolatileItem } from '../log.js'
import type { ReadFrom } from '../page.js'
import { payloadBytes } from '../payload-bytes.js'
import type { Tails } from '../tails.js'
import { cannotWork, isFull } from './faults.js'
import type { Store, Stored } from './store.js'

/** One transaction holds this many appends or bytes at most: the event loop waits for it. */
const mostPerCommit = 500
const mostBytesPerCommit = 1_048_576
/** What may wait for the disk: payloads, and about so much beside each. */
const mostBytesWaiting = 67_108_864
const bytesBeside = 300

/** What waits for its turn in the next transaction. A volatile item needs none, but keeps its place in the order. */
type Waiting =
  | {
      readonly do: 'append'
      readonly entry: NewEntry
      readonly bytes: number
      readonly resolve: (position: Position) => void
      readonly reject: (error: unknown) => void
    }
  | {
      readonly do: 'pass'
      readonly item: VolatileItem
      readonly bytes: number
      readonly resolve: () => void
    }
  | {
      readonly do: 'retain'
      readonly topic: LogTopic
      readonly bytes: 0
      readonly resolve: () => void
      readonly reject: (error: unknown) => void
    }

/** The end of a file's life in this process. */
export interface Ending {
  /** Puts everything on the disk, marks the stop as a clean one and lets go of the file. */
  seal(): void
}

export interface SqliteLogParts {
  readonly path: string
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
  readonly #path: string
  readonly #clock: Clock
  readonly #tails: Tails
  readonly #ending: Ending
  #store: Store
  #waiting: Waiting[] = []
  #bytesWaiting = 0
  #due = false
  #closed = false

  constructor({ path, store, clock, tails, ending }: SqliteLogParts) {
    this.#path = path
    this.#store = store
    this.#clock = clock
    this.#tails = tails
    this.#ending = ending
  }

  async append(entry: NewEntry): Promise<Position> {
    this.#requireOpen()
    const bytes = this.#admit(entry.data)
    return new Promise((resolve, reject) => {
      this.#enqueue({ do: 'append', entry, bytes, resolve, reject })
    })
  }

  async publish(item: VolatileItem): Promise<void> {
    this.#requireOpen()
    if (this.#waiting.length === 0) {
      this.#tails.pass({ type: 'volatile', item })
      return
    }
    const bytes = this.#admit(item.data)
    await new Promise<void>((resolve) => this.#enqueue({ do: 'pass', item, bytes, resolve }))
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
    while (this.#waiting.length > 0) this.#commit()
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

  /** Refuses what is too much, and gives the bytes that it counts. One of any size may wait alone. */
  #admit(data: Encoded): number {
    const bytes = payloadBytes(data) + bytesBeside
    if (this.#bytesWaiting === 0 || this.#bytesWaiting + bytes <= mostBytesWaiting) return bytes
    throw new ParleyError(
      'OVERLOADED',
      `More than ${mostBytesWaiting} bytes of events wait to be written. Await what you emit.`,
    )
  }

  #enqueue(waiting: Waiting): void {
    this.#waiting.push(waiting)
    this.#bytesWaiting += waiting.bytes
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
      if (this.#waiting.length > 0) this.#schedule()
    })
  }

  #commit(): void {
    const batch = this.#take()
    const now = this.#clock.now()
    let stored: readonly Stored[]
    try {
      stored = this.#write(batch, now)
    } catch (error) {
      this.#fail(batch, error)
      return
    }
    const { epoch } = this.#store
    let next = 0
    for (const one of batch) {
      if (one.do === 'pass') this.#tails.pass({ type: 'volatile', item: one.item })
      if (one.do !== 'append') {
        one.resolve()
        continue
      }
      const result = stored[next++]!
      const isNew = 'entry' in result
      one.resolve({ epoch, offset: isNew ? result.entry.offset : result.repeats })
      if (isNew) this.#tails.pass({ type: 'entry', entry: result.entry })
    }
  }

  /** Writes all of it, or throws. */
  #write(batch: readonly Waiting[], now: number): readonly Stored[] {
    try {
      return this.#writeOnce(batch, now)
    } catch (error) {
      // an append finds no room before it trims: what has expired by now must go on its own
      const madeRoom = isFull(error) && this.#store.transaction(now, () => this.#store.tidy(now)) > 0
      if (!madeRoom) throw error
      return this.#writeOnce(batch, now)
    }
  }

  #writeOnce(batch: readonly Waiting[], now: number): readonly Stored[] {
    return this.#store.transaction(now, () => {
      const stored: Stored[] = []
      for (const one of batch) {
        if (one.do === 'append') stored.push(this.#store.append(one.entry, now))
        if (one.do === 'retain') this.#store.retain(one.topic, now)
      }
      return stored
    })
  }

  /** Nothing of the transaction was kept, and nobody was told of it. */
  #fail(batch: readonly Waiting[], error: unknown): void {
    const fault = cannotWork(this.#path, error)
    for (const one of batch) {
      if (one.do === 'pass') {
        this.#tails.pass({ type: 'volatile', item: one.item })
        one.resolve()
      } else one.reject(fault)
    }
  }

  #take(): Waiting[] {
    let count = 0
    let bytes = 0
    for (const one of this.#waiting) {
      bytes += one.bytes
      if (count > 0 && (count >= mostPerCommit || bytes > mostBytesPerCommit)) break
      count++
    }
    const batch = count === this.#waiting.length ? this.#waiting : this.#waiting.slice(0, count)
    this.#waiting = this.#waiting.slice(count)
    for (const one of batch) this.#bytesWaiting -= one.bytes
    return batch
  }

  #requireOpen(): void {
    if (this.#closed) throw new ParleyError('CLOSED', 'The log was closed.')
  }
}
