import { ParleyError } from '@parley/shared'
import type { Position } from '@parley/shared/internal'
import type { LogTopic, NewEntry, OnceEmit, OnceRecord, VolatileItem } from '../log.js'

/** One transaction holds this many items or bytes at most: the event loop waits for it. */
const mostPerCommit = 500
const mostBytesPerCommit = 1_048_576
/** What may wait for the disk: payloads, and about so much beside each. */
const mostBytesWaiting = 67_108_864
const bytesBeside = 300

interface Waits<T> {
  readonly bytes: number
  readonly resolve: (result: T) => void
  readonly reject: (error: unknown) => void
}

/** What waits for its turn in the next transaction. A volatile item needs none, but keeps its place in the order. */
export type Waiting =
  | (Waits<Position> & { readonly do: 'append'; readonly entry: NewEntry })
  | (Waits<void> & { readonly do: 'pass'; readonly item: VolatileItem })
  | (Waits<void> & { readonly do: 'retain'; readonly topic: LogTopic })
  | (Waits<OnceRecord | undefined> & {
      readonly do: 'begin'
      readonly key: string
      readonly request: string
      readonly keepMs: number
    })
  | (Waits<void> & {
      readonly do: 'finish'
      readonly key: string
      readonly record: Required<OnceRecord>
      readonly keepMs: number
      readonly emits: readonly OnceEmit[]
    })

/** The line of what waits, in the order in which it came. */
export class WaitingLine {
  #line: Waiting[] = []
  #bytes = 0

  get isEmpty(): boolean {
    return this.#line.length === 0
  }

  /** Refuses what is too much, and gives the bytes that it counts. One of any size may wait alone. */
  admit(payloadBytes: number): number {
    const bytes = payloadBytes + bytesBeside
    if (this.#bytes === 0 || this.#bytes + bytes <= mostBytesWaiting) return bytes
    throw new ParleyError(
      'OVERLOADED',
      `More than ${mostBytesWaiting} bytes of events wait to be written. Await what you emit.`,
    )
  }

  add(waiting: Waiting): void {
    this.#line.push(waiting)
    this.#bytes += waiting.bytes
  }

  /** Takes what the next transaction does. */
  take(): readonly Waiting[] {
    let count = 0
    let bytes = 0
    for (const one of this.#line) {
      bytes += one.bytes
      if (count > 0 && (count >= mostPerCommit || bytes > mostBytesPerCommit)) break
      count++
    }
    const batch = count === this.#line.length ? this.#line : this.#line.slice(0, count)
    this.#line = this.#line.slice(count)
    for (const one of batch) this.#bytes -= one.bytes
    return batch
  }
}
