/**
 * The answers of a session until its client has them, and which numbers must never run again.
 *
 * Promise: a number that was answered is answered the same again until the client acknowledged it; one that was
 * acknowledged, or whose answer had to go for lack of room, is told apart from one that never came.
 */
import type { Encoded, ServerFrame } from '@parley/shared/internal'
import { sizeOf } from './size.js'

export type Answer = Extract<ServerFrame<Encoded>, { type: 'ok' | 'err' }>

/** What an answer takes besides its payload, roughly. */
const bytesBeside = 256
/** What a number takes that the client says it waits for, roughly; so many are nothing beside the session itself. */
const bytesOfNumber = 32
const fewNumbers = 1_000
/** Numbers of answers that had to go which are remembered one by one; of a client that acknowledges none, the last. */
const mostForgotten = 4_096

export class Answers {
  readonly #mostBytes: number
  readonly #kept = new Map<number, Answer>()
  #bytes = 0
  #upTo = 0
  /** Of the numbers up to `#upTo`, those that the client still waits for. */
  #waiting: ReadonlySet<number> = new Set()
  readonly #forgotten = new Set<number>()
  /** Of a number up to here nothing is known for certain. */
  #floor = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** Of the numbers up to here, those that were acknowledged must not run again. */
  get upTo(): number {
    return this.#upTo
  }

  /** Of the answers, and of the numbers that the client says it waits for, where these are many. */
  get bytes(): number {
    return this.#bytes + Math.max(0, this.#waiting.size - fewNumbers) * bytesOfNumber
  }

  /** The answer of a number; or that the client had it, or that it had to go; `undefined`: there was none. */
  find(id: number): Answer | 'acknowledged' | 'forgotten' | undefined {
    const kept = this.#kept.get(id)
    if (kept) return kept
    if (this.#isAcknowledged(id)) return 'acknowledged'
    return id <= this.#floor || this.#forgotten.has(id) ? 'forgotten' : undefined
  }

  keep(answer: Answer): void {
    const { id } = answer
    if (this.#isAcknowledged(id)) return
    this.#kept.set(id, answer)
    this.#bytes += bytesOf(answer)
    if (this.#bytes <= this.#mostBytes) return
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#mostBytes || oldest === id) break
      this.#drop(oldest)
      this.#forget(oldest)
    }
  }

  /** Of the numbers up to `upTo` the client waits for these alone. */
  acknowledge(upTo: number, waiting: readonly number[]): void {
    if (upTo < this.#upTo) return
    const still = new Set<number>()
    // a number that was acknowledged once stays so: it must not run again
    for (const id of waiting) if (id <= upTo && !this.#isAcknowledged(id)) still.add(id)
    this.#waiting = still
    this.#upTo = upTo
    for (const id of this.#kept.keys()) if (this.#isAcknowledged(id)) this.#drop(id)
    if (this.#forgotten.size === 0) return
    for (const id of this.#forgotten) if (this.#isAcknowledged(id)) this.#forgotten.delete(id)
  }

  #isAcknowledged(id: number): boolean {
    return id <= this.#upTo && !this.#waiting.has(id)
  }

  #drop(id: number): void {
    const answer = this.#kept.get(id)
    if (!answer) return
    this.#bytes -= bytesOf(answer)
    this.#kept.delete(id)
  }

  #forget(id: number): void {
    this.#forgotten.add(id)
    if (this.#forgotten.size <= mostForgotten) return
    for (const one of this.#forgotten) this.#floor = Math.max(this.#floor, one)
    this.#forgotten.clear()
  }
}

function bytesOf(answer: Answer): number {
  const payload = answer.type === 'ok' ? answer.output : answer.data
  return bytesBeside + (payload ? sizeOf(payload) : 0)
}
