/**
 * What becomes of each message and call that wants an answer.
 *
 * Promise: each is handed to a connection at most once - an idempotent one again after each cut - in the order in
 * which it was asked for, and each ends exactly once: answered, or with a typed error that says whether it may have
 * run.
 *
 *     waiting -> handed -> (answered)         a cut: handed -> OUTCOME_UNKNOWN; an idempotent one: handed -> waiting
 *
 * While the connection is away what waits is bounded in number, bytes and age. Frames, payloads and promises are the
 * shell's; here a request is its number.
 */
import type { ErrorCode } from '@parley/shared'

export interface OutboxOptions {
  /** Bounds of what waits while the connection is away. */
  readonly outboxSends: number
  readonly outboxBytes: number
  readonly outboxMs: number
}

export interface NewRequest {
  /** From the client's one sequence, so it gives the order. */
  readonly id: number
  /** Of the frame. */
  readonly bytes: number
  /** May run twice. */
  readonly idempotent: boolean
  /** How long it may take. */
  readonly withinMs: number
  /** Whether that includes the time that it waits for a connection: the caller named it. */
  readonly fromNow: boolean
}

interface Request extends NewRequest {
  waitsSince: number
  /** Undefined while it waits. */
  handedAt: number | undefined
  /** Undefined until it is handed over, unless the caller named the time. */
  deadline: number | undefined
}

export type OutboxOutput =
  /** Hand the request over; it may take `withinMs` from now on. */
  | { readonly type: 'transmit'; readonly id: number; readonly withinMs: number }
  | { readonly type: 'reject'; readonly id: number; readonly code: ErrorCode; readonly message: string }
  /** Tell the server that nobody waits for the answer any more. */
  | { readonly type: 'cancel'; readonly id: number }

export class Outbox {
  readonly #options: OutboxOptions
  /** In the order of their numbers. */
  readonly #requests = new Map<number, Request>()
  #waitingCount = 0
  #waitingBytes = 0
  #next = Number.POSITIVE_INFINITY
  #isUp = false
  /** Largest frame that the server takes; known once it has said so. */
  #frameBytes = Number.POSITIVE_INFINITY

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#requests.size
  }

  /** Since when the oldest request that was handed over has been unanswered. */
  get handedSince(): number | undefined {
    for (const { handedAt } of this.#requests.values()) if (handedAt !== undefined) return handedAt
    return undefined
  }

  /** `elapsed` has nothing to do before; perhaps not even then. */
  get next(): number {
    return this.#next
  }

  add(request: NewRequest, now: number): OutboxOutput[] {
    const { id, bytes } = request
    if (bytes > this.#frameBytes) {
      return [{ type: 'reject', id, code: 'TOO_LARGE', message: tooLarge(bytes, this.#frameBytes) }]
    }
    const { outboxSends, outboxBytes } = this.#options
    const isFull = this.#waitingCount + 1 > outboxSends || this.#waitingBytes + bytes > outboxBytes
    if (!this.#isUp && isFull) {
      const message =
        `It was not sent: the connection is away, ${this.#waitingCount} requests with ${this.#waitingBytes} bytes wait ` +
        `for it already, and these are ${bytes} bytes more, of at most ${outboxSends} and ${outboxBytes} bytes. ` +
        'Send it again once client.connection is open'
      return [{ type: 'reject', id, code: 'OUTBOX_FULL', message }]
    }
    const entry: Request = {
      ...request,
      waitsSince: now,
      handedAt: undefined,
      deadline: request.fromNow ? now + request.withinMs : undefined,
    }
    this.#requests.set(id, entry)
    this.#count(entry, 1)
    if (this.#isUp) return [this.#handOver(entry, now)]
    this.#wakeFor(entry)
    return []
  }

  /** The answer is there; whether anybody still waited for it. */
  answered(id: number): boolean {
    return this.#remove(id) !== undefined
  }

  /** The caller gave up. */
  abort(id: number): OutboxOutput[] {
    const request = this.#remove(id)
    return request ? this.#end(request, 'ABORTED', 'The caller gave up') : []
  }

  /** A connection is open: what waits goes out, in order. */
  up(frameBytes: number, now: number): OutboxOutput[] {
    this.#isUp = true
    this.#frameBytes = frameBytes
    const outputs: OutboxOutput[] = []
    for (const request of [...this.#requests.values()]) {
      if (request.bytes <= frameBytes) outputs.push(this.#handOver(request, now))
      else {
        this.#remove(request.id)
        outputs.push(...this.#end(request, 'TOO_LARGE', tooLarge(request.bytes, frameBytes)))
      }
    }
    return outputs
  }

  /** The connection is gone, with whatever answers were under way. */
  down(now: number): OutboxOutput[] {
    this.#isUp = false
    const outputs: OutboxOutput[] = []
    for (const request of [...this.#requests.values()]) {
      if (request.handedAt === undefined) continue
      if (request.idempotent) {
        request.handedAt = undefined
        request.waitsSince = now
        this.#count(request, 1)
        this.#wakeFor(request)
      } else {
        this.#remove(request.id)
        outputs.push(unknownOutcome(request.id))
      }
    }
    return outputs
  }

  /** There will be no other connection: whatever waits ends with `code`. Call `down` first. */
  fail(code: string, message: string): OutboxOutput[] {
    const waiting = [...this.#requests.values()]
    for (const { id } of waiting) this.#remove(id)
    return waiting.map(({ id }) => ({ type: 'reject', id, code: code as ErrorCode, message }))
  }

  elapsed(now: number): OutboxOutput[] {
    const outputs: OutboxOutput[] = []
    this.#next = Number.POSITIVE_INFINITY
    for (const request of [...this.#requests.values()]) {
      if (now < this.#endOf(request)) {
        this.#wakeFor(request)
        continue
      }
      this.#remove(request.id)
      if (request.deadline !== undefined && now >= request.deadline) {
        const what =
          request.handedAt === undefined ? 'It was not sent: there was no connection' : 'No answer came'
        outputs.push(...this.#end(request, 'TIMEOUT', `${what} within ${request.withinMs} ms`))
      } else {
        const waited = `there was no connection for ${this.#options.outboxMs} ms`
        const message = `It was not sent: ${waited}. Send it again once client.connection is open`
        outputs.push(...this.#end(request, 'OUTBOX_FULL', message))
      }
    }
    return outputs
  }

  // ----------------------------------------------------------------------------------------------------------

  #endOf({ handedAt, waitsSince, deadline = Number.POSITIVE_INFINITY }: Request): number {
    return handedAt === undefined ? Math.min(deadline, waitsSince + this.#options.outboxMs) : deadline
  }

  #handOver(request: Request, now: number): OutboxOutput {
    this.#count(request, -1)
    request.handedAt = now
    request.deadline ??= now + request.withinMs
    this.#wakeFor(request)
    return { type: 'transmit', id: request.id, withinMs: Math.max(1, Math.ceil(request.deadline - now)) }
  }

  #wakeFor(request: Request): void {
    this.#next = Math.min(this.#next, this.#endOf(request))
  }

  #remove(id: number): Request | undefined {
    const request = this.#requests.get(id)
    if (!request) return undefined
    this.#requests.delete(id)
    if (request.handedAt === undefined) this.#count(request, -1)
    // nothing is due any more: a timer for it would keep a process alive that has done its work
    if (this.#requests.size === 0) this.#next = Number.POSITIVE_INFINITY
    return request
  }

  #end({ id, handedAt }: Request, code: ErrorCode, message: string): OutboxOutput[] {
    const reject: OutboxOutput = { type: 'reject', id, code, message }
    return handedAt === undefined ? [reject] : [{ type: 'cancel', id }, reject]
  }

  #count({ bytes }: Request, sign: 1 | -1): void {
    this.#waitingCount += sign
    this.#waitingBytes += sign * bytes
  }
}

/** What is said of a frame that the server would close the connection over. */
export function tooLarge(bytes: number, most: number): string {
  return `The frame has ${bytes} bytes, and the server takes ${most}: send less at once, or raise its limit \`frameBytes\``
}

function unknownOutcome(id: number): OutboxOutput {
  const message =
    'The connection broke before an answer came: it may or may not have run. Look before sending it again, ' +
    'or declare the call `idempotent` if running twice does no harm'
  return { type: 'reject', id, code: 'OUTCOME_UNKNOWN', message }
}
