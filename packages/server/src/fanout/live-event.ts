/** An event in the forms in which it goes to readers. */
import {
  type Encoded,
  encodeBlock,
  encodeServerFrame,
  eventTail,
  type FrameData,
  formatPosition,
} from '@parley/shared/internal'
import { type FittedEntry, incompatibleGap } from '../core/subscription.js'
import type { LogGap, VolatileItem } from '../logs/log.js'

/**
 * An event on its way to many readers; each form is written when the first one needs it. One that today's schema
 * cannot read is a gap in every form.
 */
export class LiveEvent {
  readonly #topic: number
  readonly #epoch: string
  readonly #entry: FittedEntry | VolatileItem
  readonly #times: boolean
  readonly #toText: (data: Encoded) => Encoded
  #frame: FrameData | undefined
  #block: Uint8Array | undefined

  constructor(
    topic: number,
    epoch: string,
    entry: FittedEntry | VolatileItem,
    times: boolean,
    toText: (data: Encoded) => Encoded,
  ) {
    this.#topic = topic
    this.#epoch = epoch
    this.#entry = entry
    this.#times = times
    this.#toText = toText
  }

  get volatile(): boolean {
    return !('offset' in this.#entry)
  }

  /** As a WebSocket frame. */
  get frame(): FrameData {
    this.#frame ??= this.#writeFrame()
    return this.#frame
  }

  /** As an SSE block. */
  get block(): Uint8Array {
    this.#block ??= this.#writeBlock()
    return this.#block
  }

  /** As an event of the bounded read with this number. */
  history(read: number): FrameData {
    const { data, name } = this.#entry
    const offset = 'offset' in this.#entry ? this.#entry.offset : 0
    return encodeServerFrame({ type: 'h', read, offset, name, data, ...optionalAt(this.#at()) })
  }

  #at(): number | undefined {
    return this.#times && 'at' in this.#entry ? this.#entry.at : undefined
  }

  #writeFrame(): FrameData {
    const { data, name } = this.#entry
    if (!('offset' in this.#entry)) return encodeServerFrame({ type: 'v', topic: this.#topic, name, data })
    const { offset, incompatible } = this.#entry
    if (incompatible)
      return encodeServerFrame({ type: 'gap', topic: this.#topic, ...incompatibleGap(this.#epoch, offset) })
    if (data.blobs)
      return encodeServerFrame({
        type: 'e',
        topic: this.#topic,
        offset,
        name,
        data,
        ...optionalAt(this.#at()),
      })
    return `["e",${this.#topic}${eventTail(offset, name, data, this.#at())}`
  }

  #writeBlock(): Uint8Array {
    const entry = this.#entry
    if ('incompatible' in entry) return gapBlock(incompatibleGap(this.#epoch, entry.offset))
    const data = this.#toText(entry.data)
    const at = this.#at()
    return blockBytes({
      event: entry.name,
      ...('offset' in entry ? { id: formatPosition({ epoch: this.#epoch, offset: entry.offset }) } : {}),
      data: data.json,
      ...(data.meta === undefined ? {} : { meta: data.meta }),
      ...optionalAt(at),
    })
  }
}

const utf8 = new TextEncoder()

/** A gap as an SSE block. */
export function gapBlock({ after, first, reason }: LogGap): Uint8Array {
  const data = JSON.stringify({ after: formatPosition(after), first: formatPosition(first), reason })
  return blockBytes({ event: 'parley.gap', id: formatPosition(first), data })
}

export function blockBytes(block: Parameters<typeof encodeBlock>[0]): Uint8Array {
  return utf8.encode(encodeBlock(block))
}

function optionalAt(at: number | undefined): { at?: number } {
  return at === undefined ? {} : { at }
}
