/**
 * What becomes of each message, call and stream that wants an answer.
 *
 * Promise: each runs at most once - one that may be repeated, perhaps again -, in the order in which it was asked for, and
 * each ends exactly once: answered, or with a typed error that says whether it may have run.
 *
 *     waiting -> handed -> (answered)     a cut: it stays handed until the next connection says whether the session
 *                                         was resumed: handed over again; or lost -> OUTCOME_UNKNOWN, or waiting again
 *
 * A line is a connection, by its number. While the client moves from one to the next, requests that were handed to the
 * one that is left are answered there, and messages wait for those before them. While there is no line what waits is
 * bounded in number, bytes and age. Frames, payloads and promises are the shell's; here a request is its number.
 */
import type { ErrorCode } from '@parley/shared'
import { Acknowledging } from './acknowledging.js'

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
  /** May be sent again where nobody knows whether it ran: it is idempotent, or the server sees to it. */
  readonly repeatable: boolean
  /** Running twice does no harm. */
  readonly idempotent: boolean
  /** A message: it waits until those before it, on a connection that is being left, are answered. */
  readonly ordered: boolean
  /** How long it may take; `Infinity` for a stream. */
  readonly withinMs: number
  /** Whether that includes the time that it waits for a connection: the caller named it. */
  readonly fromNow: boolean
}

interface Request extends NewRequest {
  waitsSince: number
  /** Undefined while it waits. */
  handedAt: number | undefined
  /** The line that it was handed to. */
  line: number
  /** Undefined until it is handed over, unless the caller named the time. */
  deadline: number | undefined
  /** It was handed over in a session that is lost, and waits to be handed over again. */
  mayHaveRun: boolean
  /** Another member asked for it than the one that the client is now: it must not run again as this one. */
  isOthers: boolean
}

export type OutboxOutput =
  /** Hand the request over; it may take `withinMs` from now on. */
  | { readonly type: 'transmit'; readonly id: number; readonly withinMs: number }
  | { readonly type: 'reject'; readonly id: number; readonly code: ErrorCode; readonly message: string }
  /** Tell the server, on this line, that nobody waits for the answer any more. */
  | { readonly type: 'cancel'; readonly id: number; readonly line: number }
  /** Tell the server that of the requests up to `upTo` these alone are waited for. */
  | { readonly type: 'ack'; readonly upTo: number; readonly waiting: readonly number[] }
  /** Nothing is waited for on this line, which is being left. */
  | { readonly type: 'idle'; readonly line: number }

const never = Number.POSITIVE_INFINITY

export class Outbox {
  readonly #options: OutboxOptions
  /** In the order of their numbers. */
  readonly #requests = new Map<number, Request>()
  #waitingCount = 0
  #waitingBytes = 0
  #next = never
  /** The line that is sent on. */
  #line: number | undefined
  /** Lines that are being left. */
  readonly #leaving = new Set<number>()
  /** The newest number. */
  #newest = 0
  readonly #acks = new Acknowledging()
  /** Largest frame that the server takes; known once it has said so. */
  #frameBytes = never

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#requests.size
  }

  /** Since when the oldest request on the line that is sent on has been unanswered; one without a deadline may be. */
  get handedSince(): number | undefined {
    for (const { handedAt, line, withinMs } of this.#requests.values())
      if (handedAt !== undefined && line === this.#line && withinMs < never) return handedAt
    return undefined
  }

  /** The line on which the server has a request, if it has. */
  lineOf(id: number): number | undefined {
    const { handedAt, line } = this.#requests.get(id) ?? {}
    if (handedAt === undefined || line === undefined) return undefined
    return line === this.#line || this.#leaving.has(line) ? line : undefined
  }

  /** `elapsed` has nothing to do before; perhaps not even then. */
  get next(): number {
    return Math.min(this.#next, this.#acks.at)
  }

  add(request: NewRequest, now: number): OutboxOutput[] {
    const { id, bytes } = request
    if (bytes > this.#frameBytes) {
      return [{ type: 'reject', id, code: 'TOO_LARGE', message: tooLarge(bytes, this.#frameBytes) }]
    }
    const { outboxSends, outboxBytes } = this.#options
    this.#newest = id
    const mustWait = this.#line === undefined || (request.ordered && this.#isHeldUp())
    const isFull = this.#waitingCount + 1 > outboxSends || this.#waitingBytes + bytes > outboxBytes
    if (mustWait && isFull) {
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
      line: 0,
      deadline: request.fromNow ? now + request.withinMs : undefined,
      mayHaveRun: false,
      isOthers: false,
    }
    this.#requests.set(id, entry)
    this.#count(entry, 1)
    if (!mustWait) return [this.#handOver(entry, now)]
    this.#wakeFor(entry)
    return []
  }

  /** The answer is there, for whoever still waits for it. */
  answered(id: number, now: number): OutboxOutput[] {
    const request = this.#remove(id)
    return request ? [...this.#owe(request, now), ...this.#goOn(request, now)] : []
  }

  /** The caller gave up. */
  abort(id: number, now: number): OutboxOutput[] {
    const request = this.#remove(id)
    return request ? this.#end(request, 'ABORTED', 'The caller gave up', now) : []
  }

  /** From now on this line is sent on: what waits goes out, in order, and what the session knows of already, again. */
  up(line: number, { frameBytes, resumed, refused }: Opening, now: number): OutboxOutput[] {
    const before = this.#line
    if (before !== undefined && !resumed) this.#leaving.add(before)
    this.#line = line
    this.#frameBytes = frameBytes
    this.#acks.settle()
    const outputs: OutboxOutput[] = []
    for (const request of [...this.#requests.values()]) {
      const wasHanded = request.handedAt !== undefined || request.mayHaveRun
      if (refused === 'SESSION_CHANGED' && wasHanded) request.isOthers = true
      if (resumed || this.#leaving.has(request.line)) continue
      const isLost = request.handedAt !== undefined || (request.isOthers && wasHanded)
      if (isLost) outputs.push(...this.#lose(request, now))
    }
    outputs.push(...this.#flush(now, resumed))
    if (resumed && this.#newest > 0) outputs.push(this.#ack())
    if (before !== undefined && !resumed && !this.#isUsed(before)) outputs.push(this.#left(before))
    return outputs
  }

  /** This line is gone, with whatever answers were under way. What is numbered above `taken` never came to the server. */
  down(line: number, now: number, taken: number = never): OutboxOutput[] {
    const wasSentOn = line === this.#line
    if (wasSentOn) this.#line = undefined
    for (const request of this.#requests.values()) {
      if (request.handedAt === undefined) {
        // held up until now, it waits for a connection from now on
        if (wasSentOn) this.#waitFrom(request, now)
      } else if (request.line === line && request.id > taken) {
        if (!request.fromNow) request.deadline = undefined
        this.#takeBack(request, now)
      }
    }
    if (wasSentOn) {
      // the next one says whether the session goes on
      this.#acks.settle()
      return []
    }
    if (!this.#leaving.delete(line)) return []
    const outputs = [...this.#requests.values()]
      .filter((request) => request.handedAt !== undefined && request.line === line)
      .flatMap((request) => this.#lose(request, now))
    return [...outputs, ...this.#flush(now, false)]
  }

  /** There will be no other connection: whatever was handed over is lost, whatever waits ends with `code`. */
  fail(code: string, message: string): OutboxOutput[] {
    this.#line = undefined
    this.#leaving.clear()
    this.#acks.settle()
    const all = [...this.#requests.values()]
    return all.map((request) => {
      this.#remove(request.id)
      if (isUnknown(request)) return unknownOutcome(request.id)
      return { type: 'reject', id: request.id, code: code as ErrorCode, message }
    })
  }

  elapsed(now: number): OutboxOutput[] {
    const outputs: OutboxOutput[] = []
    this.#next = never
    for (const request of [...this.#requests.values()]) {
      if (now < this.#endOf(request)) {
        this.#wakeFor(request)
        continue
      }
      this.#remove(request.id)
      if (request.deadline !== undefined && now >= request.deadline) {
        const isUnsent = request.handedAt === undefined && !request.mayHaveRun
        const what = isUnsent ? 'It was not sent: there was no connection' : 'No answer came'
        outputs.push(...this.#end(request, 'TIMEOUT', `${what} within ${request.withinMs} ms`, now))
      } else if (isUnknown(request)) {
        outputs.push(unknownOutcome(request.id))
      } else {
        const waited = `there was no connection for ${this.#options.outboxMs} ms`
        const message = `It was not sent: ${waited}. Send it again once client.connection is open`
        outputs.push(...this.#end(request, 'OUTBOX_FULL', message, now))
      }
    }
    if (now >= this.#acks.at) outputs.push(this.#ack())
    return outputs
  }

  // ----------------------------------------------------------------------------------------------------------

  #endOf({ handedAt, waitsSince, deadline = never }: Request): number {
    // one that is held up waits for others, which have an end of their own, and not for a connection
    if (handedAt !== undefined || this.#line !== undefined) return deadline
    return Math.min(deadline, waitsSince + this.#options.outboxMs)
  }

  /** Hands over what waits and may go, in order; and what was handed over before, where it goes again. */
  #flush(now: number, again: boolean): OutboxOutput[] {
    if (this.#line === undefined) return []
    const outputs: OutboxOutput[] = []
    for (const request of [...this.#requests.values()]) {
      if (request.handedAt !== undefined && (!again || this.#leaving.has(request.line))) continue
      if (request.ordered && this.#isHeldUp()) continue
      if (request.bytes <= this.#frameBytes) outputs.push(this.#handOver(request, now))
      else {
        this.#remove(request.id)
        if (isUnknown(request)) outputs.push(unknownOutcome(request.id))
        else outputs.push(...this.#end(request, 'TOO_LARGE', tooLarge(request.bytes, this.#frameBytes), now))
      }
    }
    return outputs
  }

  #handOver(request: Request, now: number): OutboxOutput {
    if (request.handedAt === undefined) this.#count(request, -1)
    request.handedAt ??= now
    request.line = this.#line!
    request.deadline ??= now + request.withinMs
    this.#wakeFor(request)
    return { type: 'transmit', id: request.id, withinMs: Math.max(1, Math.ceil(request.deadline - now)) }
  }

  /** Nobody will answer it any more. */
  #lose(request: Request, now: number): OutboxOutput[] {
    if (request.isOthers || !request.repeatable) {
      this.#remove(request.id)
      return [unknownOutcome(request.id)]
    }
    request.mayHaveRun = true
    this.#takeBack(request, now)
    return []
  }

  /** It waits again, to be handed over as if it had never been. */
  #takeBack(request: Request, now: number): void {
    request.handedAt = undefined
    this.#count(request, 1)
    this.#waitFrom(request, now)
  }

  #waitFrom(request: Request, now: number): void {
    request.waitsSince = now
    this.#wakeFor(request)
  }

  /** Whether messages are unanswered on a line that is being left. */
  #isHeldUp(): boolean {
    if (this.#leaving.size === 0) return false
    for (const { ordered, handedAt, line } of this.#requests.values())
      if (ordered && handedAt !== undefined && this.#leaving.has(line)) return true
    return false
  }

  #isUsed(line: number): boolean {
    for (const request of this.#requests.values())
      if (request.handedAt !== undefined && request.line === line) return true
    return false
  }

  #left(line: number): OutboxOutput {
    this.#leaving.delete(line)
    return { type: 'idle', line }
  }

  /** A request on a line that is being left has ended: what it held up goes on, and the line may be free. */
  #goOn({ handedAt, line }: Request, now: number): OutboxOutput[] {
    if (handedAt === undefined || !this.#leaving.has(line)) return []
    return [...this.#flush(now, false), ...(this.#isUsed(line) ? [] : [this.#left(line)])]
  }

  /** The server keeps an answer until it is told that nobody waits for it. */
  #owe({ handedAt, line }: Request, now: number): OutboxOutput[] {
    if (handedAt === undefined || line !== this.#line) return []
    return this.#acks.owe(this.#requests.size, now) ? [this.#ack()] : []
  }

  #ack(): OutboxOutput {
    this.#acks.settle()
    // those, too, that are on a line that is being left: they may have to go on this one yet
    return { type: 'ack', upTo: this.#newest, waiting: [...this.#requests.keys()] }
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
    if (this.#requests.size === 0) this.#next = never
    return request
  }

  #end(request: Request, code: ErrorCode, message: string, now: number): OutboxOutput[] {
    const { id, handedAt, line } = request
    const reject: OutboxOutput = { type: 'reject', id, code, message }
    if (handedAt === undefined) return [reject]
    const isThere = line === this.#line || this.#leaving.has(line)
    // where there is no line, the acknowledgement on the next one says it
    const cancel: OutboxOutput[] = isThere ? [{ type: 'cancel', id, line }] : []
    return [...cancel, reject, ...this.#owe(request, now), ...this.#goOn(request, now)]
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

/** Whether it may have run; of what may run twice nobody has to know. */
function isUnknown({ handedAt, mayHaveRun, idempotent }: Request): boolean {
  return (handedAt !== undefined || mayHaveRun) && !idempotent
}

function unknownOutcome(id: number): OutboxOutput {
  const message =
    'The session was lost before an answer came: it may or may not have run. Look before sending it again, ' +
    'or declare the call `idempotent` if running twice does no harm'
  return { type: 'reject', id, code: 'OUTCOME_UNKNOWN', message }
}

/** What a server says of a line that it opens. */
interface Opening {
  readonly frameBytes: number
  /** Whether the session before goes on. */
  readonly resumed: boolean
  /** Why it does not. */
  readonly refused?: string
}
