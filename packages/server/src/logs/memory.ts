import { ParleyError } from '@parley/shared'
import {
  type Clock,
  limits,
  type Position,
  parsePosition,
  payloadBytes,
  systemClock,
} from '@parley/shared/internal'
import { AppendIds } from './append-ids.js'
import { randomEpoch } from './epoch-name.js'
import { currentEpoch, type EpochHistory, openEpoch } from './epochs.js'
import { KeptTopics } from './kept-topics.js'
import type { Entry, Log, LogTopic, NewEntry, Page, ReadBounds, Tail, TailItem, VolatileItem } from './log.js'
import { cutPage } from './page.js'
import { Tails } from './tails.js'

export interface MemoryLogOptions {
  /** Memory of all topics together, estimated, in bytes. Default `limits.logBytes`, 256 MiB. */
  readonly maxBytes?: number
  /** Topics held at once. Default `limits.logTopics`, 100,000. */
  readonly maxTopics?: number
  /** Time and chance. Default: the system's. */
  readonly clock?: Clock
  /** Name of the epoch, 1 to 32 ASCII letters or digits. Default: random, so that a restart is never taken for the same log. */
  readonly epoch?: string
  /** Is told what a listener of `tail` threw; must not throw. Default: one line on the console. */
  readonly onListenerError?: (error: unknown) => void
}

/** Of the bytes that topics may take, this part may be taken by remembered entry ids beside them. */
const idsShare = 1 / 4
/** What a remembered id weighs, about. */
const idBytes = 150

/**
 * A log in the memory of this process: what it holds is lost with the process, and then positions of clients get
 * `gap: reset`. What its bounds do not allow is given up, topics that were idle longest first; a reader that missed
 * something by that is told `gap: trimmed`. It has no timer: what is too old goes when its topic is next used.
 *
 * @throws ParleyError `BAD_OPTIONS` where `epoch` is malformed.
 *
 * @example
 * const hub = createHub(contract, { log: memoryLog({ maxBytes: 64 * 1024 * 1024 }), ... })
 */
export function memoryLog(options: MemoryLogOptions = {}): Log {
  return openMemoryLog(options).log
}

/** A memory log, and what only tests and simulations may do to it. */
export interface OpenMemoryLog {
  readonly log: Log
  /**
   * What a crash does to a log on a disk: everything above an offset is lost, and a new epoch begins there.
   *
   * @param survived newest offset that is left. Default: the head, so that nothing is lost.
   * @returns the name of the new epoch.
   */
  newEpoch(survived?: number): string
  /** What it holds at this moment. */
  inspect(): { readonly topics: number; readonly bytes: number; readonly ids: number; readonly tails: number }
}

export function openMemoryLog({
  maxBytes = limits.logBytes,
  maxTopics = limits.logTopics,
  clock = systemClock,
  epoch = randomEpoch(clock),
  onListenerError = (error) => console.error('parley: a listener of the log threw', error),
}: MemoryLogOptions = {}): OpenMemoryLog {
  if (!parsePosition(`${epoch}-0`)) {
    throw new ParleyError(
      'BAD_OPTIONS',
      `The epoch ${JSON.stringify(epoch)} is not 1 to 32 letters or digits.`,
    )
  }
  const log = new MemoryLog(
    clock,
    epoch,
    new KeptTopics(maxBytes, maxTopics),
    new AppendIds((maxBytes * idsShare) / idBytes),
    new Tails(onListenerError),
  )
  return { log, newEpoch: (survived) => log.newEpoch(survived), inspect: () => log.inspect() }
}

class MemoryLog implements Log {
  readonly name = 'memoryLog()'
  readonly #clock: Clock
  readonly #topics: KeptTopics
  readonly #ids: AppendIds
  readonly #tails: Tails
  #history: EpochHistory
  #head = 0
  /** When the newest entry was taken: time does not go back in a log. */
  #headAt = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(clock: Clock, epoch: string, topics: KeptTopics, ids: AppendIds, tails: Tails) {
    this.#clock = clock
    this.#topics = topics
    this.#ids = ids
    this.#tails = tails
    this.#history = [{ epoch, start: 0 }]
  }

  async append({ topic, id, name, data, schema, except }: NewEntry): Promise<Position> {
    this.#requireOpen()
    const at = this.#now()
    const offset = this.#head + 1
    const earlier = this.#ids.claim(topic.key, name, id, offset, at)
    if (earlier !== undefined) return this.#position(earlier)

    this.#head = offset
    this.#headAt = at
    const entry: Entry = { topic: topic.key, id, name, data, schema, except, offset, at }
    const kept = this.#topics.open(topic, (kept) => {
      kept.add(entry, payloadBytes(data))
      kept.retain(topic.retention, at)
    })
    const evicted = this.#topics.makeRoom(kept)
    const position = this.#position(offset)
    this.#tails.pass({ type: 'entry', entry })
    for (const key of evicted) this.#tails.pass({ type: 'evicted', topic: key })
    return position
  }

  async publish(item: VolatileItem): Promise<void> {
    this.#requireOpen()
    this.#tails.pass({ type: 'volatile', item })
  }

  async read(
    topic: LogTopic,
    from: Position | 'first' | { readonly last: number },
    bounds: ReadBounds,
  ): Promise<Page> {
    this.#requireOpen()
    const now = this.#now()
    const kept = this.#topics.use(topic, (kept) => kept.retain(topic.retention, now))
    const source = {
      history: this.#history,
      head: this.#head,
      loss: kept?.loss ?? this.#topics.evicted,
      latest: topic.retention === 'latest',
      ring: kept?.ring,
    }
    return cutPage(source, from, bounds)
  }

  async tail(listener: (item: TailItem) => void): Promise<Tail> {
    this.#requireOpen()
    const close = this.#tails.add(listener)
    return { epoch: currentEpoch(this.#history), head: this.#head, close }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#tails.close()
    this.#topics.clear()
    this.#ids.clear()
  }

  newEpoch(survived: number = this.#head): string {
    const epoch = randomEpoch(this.#clock)
    this.#head = Math.min(survived, this.#head)
    this.#topics.cutAbove(this.#head)
    this.#ids.forgetAbove(this.#head)
    this.#history = openEpoch(this.#history, epoch, this.#head)
    this.#tails.pass({ type: 'epoch', epoch, head: this.#head })
    return epoch
  }

  inspect(): { topics: number; bytes: number; ids: number; tails: number } {
    return {
      topics: this.#topics.count,
      bytes: this.#topics.weight,
      ids: this.#ids.size,
      tails: this.#tails.size,
    }
  }

  #now(): number {
    return Math.max(this.#clock.now(), this.#headAt)
  }

  #position(offset: number): Position {
    return { epoch: currentEpoch(this.#history), offset }
  }

  #requireOpen(): void {
    if (this.#closed) throw new ParleyError('CLOSED', 'The log was closed.')
  }
}
