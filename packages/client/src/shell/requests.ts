/** Messages, calls and streams: their frames and promises, while the outbox says what becomes of each. */
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
import { type NewRequest, Outbox, type OutboxOutput, tooLarge } from '../core/outbox.js'
import type { ConnectionPart, Driver, Welcome } from './driver.js'
import type { Timed } from './ticker.js'

type RequestFrame = Extract<ClientFrame<Encoded>, { type: 'call' | 'send' }>
type CastFrame = Extract<ClientFrame<Encoded>, { type: 'cast' }>

/** What the contract says of a request. */
export interface RequestSpec {
  readonly idempotent: boolean
  /** How long the server sees to it that it does not run twice, beyond the session. */
  readonly onceMs: number | undefined
  readonly withinMs: number | undefined
}

/** Options of one call or message. */
export interface RequestOptions {
  /** Gives the request up. */
  readonly signal?: AbortSignal | undefined
  /** Deadline in ms from now, waiting for a connection included. */
  readonly withinMs?: number | undefined
}

/** Why a request is given up, in the words of whoever does so. */
interface Given {
  readonly id: number
  readonly failure: ParleyError
}

/** A request, in the hands of whoever asked. */
export interface Asked {
  /** Its frame, each time that it goes out. */
  data(withinMs: number): FrameData
  resolve(output: unknown): void
  reject(error: ParleyError): void
}

const encoder = new TextEncoder()

export class Requests implements ConnectionPart, Timed {
  readonly #driver: Driver
  readonly #codec: Codec
  readonly #outbox = new Outbox(clientDefaults)
  readonly #pending = new Map<number, Asked>()
  /** The line that is sent on. */
  #line: number | undefined
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
      const asked: Asked = {
        data: (left) => (left === within ? data : encodeClientFrame({ ...frame, withinMs: left })),
        resolve,
        reject,
      }
      const request: NewRequest = {
        id,
        bytes: bytesOf(data),
        repeatable: spec.idempotent || spec.onceMs !== undefined,
        idempotent: spec.idempotent,
        ordered: frame.type === 'send',
        withinMs: within,
        fromNow: withinMs !== undefined,
      }
      this.ask(
        request,
        heeding(signal, (error) => this.giveUp(id, error), asked),
      )
    })
  }

  /** Puts a request among the others; it is answered once. */
  ask(request: NewRequest, asked: Asked): void {
    this.#pending.set(request.id, asked)
    this.#carryOut(this.#outbox.add(request, this.#driver.now()))
    this.#driver.use() // last: where no connection can be opened at all, what waits is refused on the spot
  }

  /** Nobody waits for the answer any more: the request is rejected with this. */
  giveUp(id: number, failure: ParleyError): void {
    this.#carryOut(this.#outbox.abort(id, this.#driver.now()), { id, failure })
  }

  /** The line on which the server has a request, if it has. */
  lineOf(id: number): number | undefined {
    return this.#outbox.lineOf(id)
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
    if (this.#line !== undefined && this.#driver.buffered() < clientDefaults.queuedBytes)
      this.#driver.send(data)
  }

  // --- the connection ---------------------------------------------------------------------------------------

  up(welcome: Welcome, line: number): void {
    this.#line = line
    this.#frameBytes = welcome.frameBytes
    this.#carryOut(this.#outbox.up(line, welcome, this.#driver.now()))
  }

  down(line: number, taken?: number): void {
    if (line === this.#line) this.#line = undefined
    this.#carryOut(this.#outbox.down(line, this.#driver.now(), taken))
  }

  over(error: ParleyError): void {
    this.#line = undefined
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
    this.#carryOut(this.#outbox.answered(frame.id, this.#driver.now()))
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

  /** @param given What to reject one request with, instead of what the outbox says. */
  #carryOut(outputs: readonly OutboxOutput[], given?: Given): void {
    for (const output of outputs) this.#carryOutOne(output, given)
    this.#driver.waiting(this.#outbox.handedSince)
    this.#driver.touch()
  }

  #carryOutOne(output: OutboxOutput, given: Given | undefined): void {
    switch (output.type) {
      case 'transmit':
        this.#transmit(output)
        break
      case 'reject': {
        const pending = this.#pending.get(output.id)
        this.#pending.delete(output.id)
        const failure = given?.id === output.id ? given.failure : new ParleyError(output.code, output.message)
        pending?.reject(failure)
        break
      }
      case 'cancel':
        this.#driver.sendFrame({ type: 'cancel', id: output.id }, output.line)
        break
      case 'ack':
        this.#driver.sendFrame(output)
        break
      case 'idle':
        this.#driver.idle(output.line)
    }
  }

  #transmit({ id, withinMs }: Extract<OutboxOutput, { type: 'transmit' }>): void {
    const asked = this.#pending.get(id)
    if (asked) this.#driver.send(asked.data(withinMs))
  }
}

/** The same request, given up when the signal fires while it is not settled. */
export function heeding(
  signal: AbortSignal | undefined,
  giveUp: (error: ParleyError) => void,
  asked: Asked,
): Asked {
  if (!signal) return asked
  const abort = (): void => giveUp(aborted(signal))
  signal.addEventListener('abort', abort)
  const settled = (): void => signal.removeEventListener('abort', abort)
  return {
    data: (withinMs) => asked.data(withinMs),
    resolve(output) {
      settled()
      asked.resolve(output)
    },
    reject(error) {
      settled()
      asked.reject(error)
    },
  }
}

export function aborted(signal: AbortSignal): ParleyError {
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

export function bytesOf(data: FrameData): number {
  return typeof data === 'string' ? encoder.encode(data).length : data.length
}
