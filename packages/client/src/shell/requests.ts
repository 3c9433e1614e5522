/** Messages and calls that want an answer: their frames and promises, while the outbox says what becomes of each. */
import { ParleyError } from '@parley/shared'
import {
  type ClientFrame,
  type Codec,
  clientDefaults,
  type Encoded,
  encodeClientFrame,
  type FrameData,
  type Received,
  type ServerFrame,
} from '@parley/shared/internal'
import { Outbox, type OutboxOutput, tooLarge } from '../core/outbox.js'
import type { ConnectionPart, Driver, Welcome } from './driver.js'
import type { Timed } from './ticker.js'

type RequestFrame = Extract<ClientFrame<Encoded>, { type: 'call' | 'send' }>
type CastFrame = Extract<ClientFrame<Encoded>, { type: 'cast' }>

/** What the contract says of a request. */
export interface RequestSpec {
  readonly idempotent: boolean
  readonly withinMs: number | undefined
}

/** Options of one call or message. */
export interface RequestOptions {
  /** Gives the request up. */
  readonly signal?: AbortSignal | undefined
  /** Deadline in ms from now, waiting for a connection included. */
  readonly withinMs?: number | undefined
}

interface Pending {
  readonly frame: RequestFrame
  /** The frame as it goes out unless it has had to wait. */
  readonly data: FrameData
  resolve(output: unknown): void
  reject(error: ParleyError): void
}

const encoder = new TextEncoder()

export class Requests implements ConnectionPart, Timed {
  readonly #driver: Driver
  readonly #codec: Codec
  readonly #outbox = new Outbox(clientDefaults)
  readonly #pending = new Map<number, Pending>()
  #isUp = false
  #frameBytes = Number.POSITIVE_INFINITY

  constructor(driver: Driver, codec: Codec) {
    this.#driver = driver
    this.#codec = codec
  }

  get next(): number {
    return this.#outbox.next
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @param make Makes the frame, given its number and deadline.
   * @returns The output, decoded.
   */
  request(
    make: (id: number, withinMs: number) => RequestFrame,
    spec: RequestSpec,
    { signal, withinMs }: RequestOptions = {},
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) throw aborted(signal)
      this.#driver.requireOpen()
      const within = deadline(withinMs ?? spec.withinMs ?? clientDefaults.callMs)
      const id = this.#driver.nextId()
      const frame = make(id, within)
      const data = encodeClientFrame(frame)
      const abort = (): void => {
        if (signal) this.#carryOut(this.#outbox.abort(id), aborted(signal))
      }
      const settled = (): void => signal?.removeEventListener('abort', abort)
      this.#pending.set(id, {
        frame,
        data,
        resolve(output) {
          settled()
          resolve(output)
        },
        reject(error) {
          settled()
          reject(error)
        },
      })
      signal?.addEventListener('abort', abort)
      const { idempotent } = spec
      const fromNow = withinMs !== undefined
      const bytes = bytesOf(data)
      this.#carryOut(
        this.#outbox.add({ id, bytes, idempotent, withinMs: within, fromNow }, this.#driver.now()),
      )
      this.#driver.use() // last: where no connection can be opened at all, what waits is refused on the spot
    })
  }

  /**
   * Sends a message that may be lost: while the connection is away, or does not take its bytes, it is.
   *
   * @throws ParleyError `TOO_LARGE`, or the code that the connection was closed with.
   */
  cast(frame: CastFrame): void {
    this.#driver.use()
    this.#driver.requireOpen()
    const data = encodeClientFrame(frame)
    const bytes = bytesOf(data)
    if (bytes > this.#frameBytes) throw new ParleyError('TOO_LARGE', tooLarge(bytes, this.#frameBytes))
    if (this.#isUp && this.#driver.buffered() < clientDefaults.queuedBytes) this.#driver.send(data)
  }

  // --- the connection ---------------------------------------------------------------------------------------

  up({ frameBytes }: Welcome): void {
    this.#isUp = true
    this.#frameBytes = frameBytes
    this.#carryOut(this.#outbox.up(frameBytes, this.#driver.now()))
  }

  down(): void {
    this.#isUp = false
    this.#carryOut(this.#outbox.down(this.#driver.now()))
  }

  over(error: ParleyError): void {
    this.#carryOut(this.#outbox.fail(error.code, error.message))
  }

  elapsed(now: number): void {
    this.#carryOut(this.#outbox.elapsed(now))
  }

  received(frame: ServerFrame<Received>): boolean {
    if (frame.type !== 'ok' && frame.type !== 'err') return false
    const pending = this.#pending.get(frame.id)
    if (!pending) return false // given up before the answer came, or not a request of ours
    this.#pending.delete(frame.id)
    this.#outbox.answered(frame.id)
    this.#driver.waiting(this.#outbox.handedSince)
    try {
      if (frame.type === 'ok') pending.resolve(frame.output && this.#codec.decode(frame.output))
      else pending.reject(this.#failure(frame))
    } catch (error) {
      pending.reject(
        error instanceof ParleyError
          ? error
          : new ParleyError('BAD_REQUEST', String(error), { cause: error }),
      )
    }
    return true
  }

  // ----------------------------------------------------------------------------------------------------------

  #failure(frame: Extract<ServerFrame<Received>, { type: 'err' }>): ParleyError {
    const { code, message, issues, report: id, data } = frame
    return new ParleyError(code, message, {
      ...(data ? { data: this.#codec.decode(data) } : {}),
      ...(issues ? { issues } : {}),
      ...(id === undefined ? {} : { id }),
    })
  }

  /** @param failure What to reject with, instead of what the outbox says. */
  #carryOut(outputs: readonly OutboxOutput[], failure?: ParleyError): void {
    for (const output of outputs) {
      const pending = this.#pending.get(output.id)
      if (output.type === 'cancel') {
        if (this.#isUp) this.#driver.sendFrame({ type: 'cancel', id: output.id })
      } else if (output.type === 'reject') {
        this.#pending.delete(output.id)
        pending?.reject(failure ?? new ParleyError(output.code, output.message))
      } else if (pending) {
        const { frame, data } = pending
        const isFresh = frame.withinMs === output.withinMs
        this.#driver.send(isFresh ? data : encodeClientFrame({ ...frame, withinMs: output.withinMs }))
      }
    }
    this.#driver.waiting(this.#outbox.handedSince)
    this.#driver.touch()
  }
}

function aborted(signal: AbortSignal): ParleyError {
  return new ParleyError('ABORTED', 'The caller gave up', { cause: signal.reason })
}

/** @throws ParleyError `BAD_OPTIONS` */
function deadline(ms: number): number {
  if (ms > 0 && ms <= Number.MAX_SAFE_INTEGER) return Math.ceil(ms)
  throw new ParleyError(
    'BAD_OPTIONS',
    `withinMs: ${ms} is no time to wait; give a number of ms above 0, and below 2^53`,
  )
}

function bytesOf(data: FrameData): number {
  return typeof data === 'string' ? encoder.encode(data).length : data.length
}
