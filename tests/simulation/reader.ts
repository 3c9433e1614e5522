/** A reader of a world: `on`, `read` or `events()` of the real client or subscriber, with a checker that hears what it hears. */
import type { Client } from '@parley/client'
import { type Contract, ParleyError } from '@parley/shared'
import type { WorldContract } from './contract.js'
import { ReaderCheck, type ReaderCheckOptions } from './reader-check.js'

export type WorldClient = WorldContract extends Contract<infer Tree> ? Client<Tree> : never
export type Room = ReturnType<WorldClient['room']>
/** The reading half of a room, over whichever way. */
export type Source = Pick<Room, 'on' | 'read' | 'events' | 'onGap' | 'status'>

export type ReaderKind = 'on' | 'read' | 'events'

export interface ReaderOptions extends Omit<ReaderCheckOptions, 'only' | 'mayOverflow'> {
  readonly kind: ReaderKind
  readonly source: Source
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
  readonly source: Source
  readonly #options: ReaderOptions
  #stop: () => void = () => {}
  #isOver = false

  constructor(options: ReaderOptions) {
    const { kind, source, start } = options
    this.kind = kind
    this.source = source
    this.#options = options
    this.check = new ReaderCheck({
      ...options,
      ...(kind === 'on' ? { only: 'said' } : {}),
      mayOverflow: kind === 'events',
    })
    const from = typeof start === 'object' && 'position' in start ? start.position : start
    if (kind === 'on') {
      const listener = (data: { n: number }, { position }: { position: string | undefined }): void =>
        this.#event({ name: 'said', data, position })
      this.#stop = source.on('said', listener, { from })
    } else if (kind === 'read') {
      this.#stop = source.read(
        (item) => {
          if (item.gap) this.#gap(item.gap)
          else this.#event(item)
        },
        { from },
      )
    } else {
      const aborter = new AbortController()
      this.#stop = () => aborter.abort()
      this.#loop(source.events({ from, signal: aborter.signal }))
    }
    if (this.#isOver) this.#stop() // it left while it was being made
  }

  /** It was stopped, its loop has ended, or its program is gone. */
  get isOver(): boolean {
    return this.#isOver
  }

  get label(): string {
    return this.#options.label
  }

  get status(): string {
    return this.source.status.getSnapshot().status
  }

  stop(): void {
    this.#isOver = true
    this.#stop()
  }

  /** Its program is gone: nothing stops it, and it hears nothing. */
  abandon(): void {
    this.#isOver = true
  }

  async #loop(items: ReturnType<Source['events']>): Promise<void> {
    const { mayEnd, dawdle, journal, label } = this.#options
    try {
      for await (const item of items) {
        if (this.#isOver) break
        if (item.gap) this.#gap(item.gap)
        else this.#event(item)
        await dawdle()
      }
      if (!this.#isOver) journal.fault('reader', `${label}: its loop ended, and nobody ended it`)
    } catch (error) {
      const code = error instanceof ParleyError ? error.code : String(error)
      journal.note(() => `${label}: its loop throws ${code}`)
      if (!mayEnd(code)) journal.fault('reader', `${label}: its loop threw ${code}`)
    }
    this.#isOver = true
  }

  #event(item: Parameters<ReaderCheck['event']>[0]): void {
    const { journal, label, heard, stopAfter, throws, kind } = this.#options
    if (this.#isOver) journal.fault('reader', `${label} got event ${item.data.n} after it had left`)
    journal.happened++
    journal.note(() => `${label}: ${item.name} ${item.data.n} at ${item.position}`)
    this.check.event(item)
    if (item.position !== undefined) heard(item.position)
    if (this.check.delivered >= stopAfter) this.stop()
    if (throws && kind !== 'events') throw new Error('a listener of the world throws')
  }

  #gap(gap: Parameters<ReaderCheck['gap']>[0]): void {
    const { journal, label, heard } = this.#options
    journal.happened++
    journal.note(() => `${label}: gap ${gap.reason} after ${gap.after} up to ${gap.first}`)
    this.check.gap(gap)
    heard(gap.first)
  }
}
