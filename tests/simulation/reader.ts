/** A reader of a world: `on`, `read` or `events()` of the real client, with a checker that hears what it hears. */
import type { Client } from '@parley/client'
import { type Contract, ParleyError } from '@parley/shared'
import type { WorldContract } from './contract.js'
import type { Journal } from './journal.js'
import { ReaderCheck, type ReaderCheckOptions } from './reader-check.js'
import { epoch } from './record.js'

export type WorldClient = WorldContract extends Contract<infer Tree> ? Client<Tree> : never
export type Room = ReturnType<WorldClient['room']>

export type ReaderKind = 'on' | 'read' | 'events'

export interface ReaderOptions extends Omit<ReaderCheckOptions, 'only' | 'journal'> {
  readonly journal: Journal
  readonly kind: ReaderKind
  readonly room: Room
  /** Its listener throws. */
  readonly throws: boolean
  /** It leaves by itself once it has had so much. */
  readonly stopAfter: number
  /** How long a loop over `events()` takes for each. */
  readonly dawdle: () => Promise<void>
  /** Told of each position that came. */
  readonly heard: (position: string) => void
  /** Whether a loop may end with this code. */
  readonly mayEnd: (code: string) => boolean
}

export class WorldReader {
  readonly check: ReaderCheck
  readonly kind: ReaderKind
  readonly #options: ReaderOptions
  #stop: () => void = () => {}
  #isOver = false

  constructor(options: ReaderOptions) {
    const { kind, room, start } = options
    this.kind = kind
    this.#options = options
    this.check = new ReaderCheck(kind === 'on' ? { ...options, only: 'said' } : options)
    const from = typeof start === 'string' || 'last' in start ? start : `${epoch}-${start.offset}`
    if (kind === 'on') {
      this.#stop = room.on('said', (data, { position }) => this.#event({ name: 'said', data, position }), {
        from,
      })
    } else if (kind === 'read') {
      this.#stop = room.read(
        (item) => {
          if (item.gap) this.#gap(item.gap)
          else this.#event(item)
        },
        { from },
      )
    } else {
      const aborter = new AbortController()
      this.#stop = () => aborter.abort()
      this.#loop(room.events({ from, signal: aborter.signal }))
    }
    if (this.#isOver) this.#stop() // it left while it was being made
  }

  /** It was stopped, or its loop has ended. */
  get isOver(): boolean {
    return this.#isOver
  }

  stop(): void {
    this.#isOver = true
    this.#stop()
  }

  async #loop(items: ReturnType<Room['events']>): Promise<void> {
    const { mayEnd, dawdle, journal, label } = this.#options
    try {
      for await (const item of items) {
        if (this.#isOver) break
        if (item.gap) this.#gap(item.gap)
        else this.#event(item)
        await dawdle()
      }
      if (!this.#isOver) journal.fault(`${label}: its loop ended, and nobody ended it`)
    } catch (error) {
      const code = error instanceof ParleyError ? error.code : String(error)
      if (!mayEnd(code)) journal.fault(`${label}: its loop threw ${code}`)
    }
    this.#isOver = true
  }

  #event(item: Parameters<ReaderCheck['event']>[0]): void {
    const { journal, label, heard, stopAfter, throws, kind } = this.#options
    if (this.#isOver) journal.fault(`${label} got event ${item.data.n} after it had left`)
    journal.note(`${label}: ${item.name} ${item.data.n} at ${item.position}`)
    this.check.event(item)
    if (item.position !== undefined) heard(item.position)
    if (this.check.delivered >= stopAfter) this.stop()
    if (throws && kind !== 'events') throw new Error('a listener of the world throws')
  }

  #gap(gap: Parameters<ReaderCheck['gap']>[0]): void {
    const { journal, label, heard } = this.#options
    journal.note(`${label}: gap after ${gap.after} up to ${gap.first}`)
    this.check.gap(gap)
    heard(gap.first)
  }
}
