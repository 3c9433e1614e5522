/**
 * What became of requests that came with a key of their own and whose call is not `once`: in memory, so a restart
 * forgets it. It never forgets before its time, because a repeat would then run: where there are too many keys the next
 * is refused, and where results take too much the oldest go, and whoever asks for one is told that it is not known.
 */
import { ParleyError } from '@parley/shared'
import type { Clock } from '@parley/shared/internal'
import type { OnceRecord, OnceStore } from './logs/log.js'

interface Bounds {
  readonly keys: number
  /** Of all results together, in characters. */
  readonly bytes: number
}

export class Remembered implements OnceStore {
  readonly #clock: Clock
  readonly #bounds: Bounds
  /** In the order in which they end: all are kept for the same time. */
  readonly #records = new Map<string, { readonly request: string; readonly until: number }>()
  /** Of these keys, the oldest first. */
  readonly #results = new Map<string, string>()
  #bytes = 0

  constructor(clock: Clock, bounds: Bounds) {
    this.#clock = clock
    this.#bounds = bounds
  }

  async find(key: string): Promise<OnceRecord | undefined> {
    this.#expire()
    const record = this.#records.get(key)
    if (!record) return undefined
    const result = this.#results.get(key)
    return { request: record.request, ...(result !== undefined && { result }) }
  }

  async begin(key: string, request: string, keepMs: number): Promise<OnceRecord | undefined> {
    const known = await this.find(key)
    if (known) return known
    if (this.#records.size >= this.#bounds.keys) {
      throw new ParleyError('OVERLOADED', 'too many idempotency keys are in use; try again later')
    }
    this.#records.set(key, { request, until: this.#clock.now() + keepMs })
    return undefined
  }

  async finish(key: string, { request, result }: Required<OnceRecord>, keepMs: number): Promise<void> {
    this.#forget(key)
    this.#records.set(key, { request, until: this.#clock.now() + keepMs })
    this.#results.set(key, result)
    this.#bytes += result.length
    for (const oldest of this.#results.keys()) {
      if (this.#bytes <= this.#bounds.bytes) break
      this.#dropResult(oldest)
    }
  }

  /** What it holds at this moment. */
  inspect(): { readonly keys: number; readonly bytes: number } {
    this.#expire()
    return { keys: this.#records.size, bytes: this.#bytes }
  }

  #expire(): void {
    const now = this.#clock.now()
    for (const [key, { until }] of this.#records) {
      if (until > now) return
      this.#forget(key)
    }
  }

  #forget(key: string): void {
    this.#records.delete(key)
    this.#dropResult(key)
  }

  #dropResult(key: string): void {
    this.#bytes -= this.#results.get(key)?.length ?? 0
    this.#results.delete(key)
  }
}
