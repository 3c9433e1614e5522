/**
 * The log of a world. Either it outlives the servers, as a disk or a backplane does, and all of them share it; or each
 * server has one in its own memory, which ends with it. Servers reach it over something like a network.
 */
import type { Log, OnceStore } from '@parley/server'
import { type OpenMemoryLog, openMemoryLog } from '@parley/server/internal'
import { chanceOf } from './chance.js'
import type { Journal } from './journal.js'
import { bound, onceStore } from './once-store.js'
import type { Process } from './process.js'
import type { LogRecord } from './record.js'
import { type RemoteLogOptions, remoteLog } from './remote-log.js'

export interface StoreOptions {
  readonly seed: number
  readonly journal: Journal
  readonly record: LogRecord
  /** Where the log runs. */
  readonly process: Process
  readonly isShared: boolean
  readonly delays: RemoteLogOptions['delays']
}

export class Store {
  readonly #options: StoreOptions
  /** On a disk of its own, whatever becomes of the events. */
  readonly #once: OnceStore
  #current: OpenMemoryLog | undefined
  #epochs = 0
  #stalledUntil = 0

  constructor(options: StoreOptions) {
    this.#options = options
    this.#once = onceStore(() => this.#current!.log)
  }

  /** The log as a server has it that has just started. */
  openFor(process: Process): Log {
    const { seed, isShared, delays, journal } = this.#options
    if (!this.#current || !isShared) this.#current = this.#fresh()
    return remoteLog(
      { ...bound(this.#current.log), once: this.#once },
      {
        process,
        random: chanceOf(seed, `log of ${process.name}`).random,
        delays,
        stalledMs: () => Math.max(0, this.#stalledUntil - journal.elapsed),
        happened: () => journal.happened++,
      },
    )
  }

  /** What a crash does to a disk: the newest entries are lost, though their emitters were told that they are there. */
  rollBack(entries: number): void {
    this.#current?.newEpoch(Math.max(0, this.#head - entries))
  }

  /** It answers nobody for so long. */
  stall(ms: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.#options.journal.elapsed + ms)
  }

  /** What it passes on comes later than ever otherwise, since it answers nobody, or did not until just now. */
  get isLate(): boolean {
    return this.#stalledUntil > 0 && this.#options.journal.elapsed < this.#stalledUntil + 1_000
  }

  #head = 0

  #fresh(): OpenMemoryLog {
    const { process, record } = this.#options
    const epoch = `sim${++this.#epochs}`
    const opened = openMemoryLog({ clock: process, epoch })
    this.#head = 0
    record.follow(opened.log, epoch)
    void opened.log.tail((item) => {
      if (item.type === 'entry') this.#head = item.entry.offset
      else if (item.type === 'epoch') this.#head = item.head
    })
    return opened
  }
}
