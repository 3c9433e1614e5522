/**
 * What a client asks for, over however many connections: as rules without sockets or time of its own.
 *
 * Promise: a number runs at most once, however often it comes, and each repeat gets the one answer; messages of one
 * topic run one at a time in the order sent; answers are kept until the client says that it has them.
 *
 *   new --run--> running --answered--> answered --ack--> forgotten        a repeat: waits for, or gets, the answer
 *
 * Inputs are methods; each returns the orders that the shell carries out, in order. An answer goes to the connection
 * that there is; where there is none the client asks again when it is back.
 */
import type { ClientFrame, Encoded, Limits, Received, WireParams } from '@parley/shared/internal'
import { type Answer, Answers } from './answers.js'
import { Lanes } from './lanes.js'
import { Streams, type StreamsLimits, type StreamsOrder } from './streams.js'

/** A call or message that is to be run. `id` is the client's number, or a negative one of ours for a volatile message. */
export interface Run {
  readonly id: number
  readonly kind: 'call' | 'message'
  readonly path: string
  readonly params: WireParams | undefined
  /** The message's name; empty for a call. */
  readonly name: string
  /** 0: the server's default. */
  readonly withinMs: number
  readonly input: Received | undefined
}

export type SessionOrder =
  | { readonly type: 'answer'; readonly answer: Answer }
  /** Run it; when it has its answer call `answered`, and when nothing of it goes on any more, `over`. */
  | { readonly type: 'run'; readonly run: Run }
  /** Tell the handler to stop; `answered` follows. */
  | { readonly type: 'abort'; readonly id: number }
  /** The client broke a rule: its connection ends, and the session with it. */
  | { readonly type: 'broken'; readonly why: string }
  | StreamsOrder

/** The frames that are a session's, on whatever connection they come. */
export type RequestFrame = Extract<
  ClientFrame<Received>,
  { type: 'call' | 'send' | 'cast' | 'stream' | 'credit' | 'cancel' | 'ack' }
>

export interface SessionLimits
  extends Pick<Limits, 'callsInFlight' | 'messagesWaiting' | 'sessionBytes'>,
    StreamsLimits {}

const nothing: readonly SessionOrder[] = []

type TopicKey = (path: string, params: WireParams | undefined) => string

export class SessionMachine {
  readonly #limits: SessionLimits
  readonly #topicKey: TopicKey
  readonly #calls = new Set<number>()
  readonly #lanes = new Lanes<Run>()
  readonly #streams: Streams
  readonly #answers: Answers
  #volatileRuns = 0
  #taken = 0
  /** Volatile messages that found their lane full. */
  volatileDropped = 0

  /** @param topicKey what all spellings of one topic have in common. */
  constructor(limits: SessionLimits, topicKey: TopicKey = asWritten) {
    this.#limits = limits
    this.#topicKey = topicKey
    this.#streams = new Streams(limits)
    this.#answers = new Answers(limits.sessionBytes)
  }

  /** Calls, messages and streams that run or wait. */
  get pending(): number {
    return this.#calls.size + this.#lanes.size + this.#streams.running
  }

  /** The highest number of a call, message or stream that came. */
  get taken(): number {
    return this.#taken
  }

  /** Of the answers and values that are kept, and of the messages that wait. */
  get bytes(): number {
    return this.#answers.bytes + this.#streams.bytes + this.#lanes.bytes
  }

  has(id: number): boolean {
    return this.#calls.has(id) || this.#lanes.has(id) || this.#streams.has(id)
  }

  received(frame: RequestFrame): readonly SessionOrder[] {
    switch (frame.type) {
      case 'call':
        return this.#repeated(frame.id) ?? this.#call(frame)
      case 'send':
        return this.#repeated(frame.id) ?? this.#message({ ...frame, kind: 'message', input: frame.input })
      case 'cast': {
        const id = -++this.#volatileRuns
        return this.#message({ ...frame, id, kind: 'message', withinMs: 0, input: frame.input })
      }
      case 'cancel':
        return this.#cancel(frame.id)
      case 'ack':
        return this.#acknowledged(frame)
      case 'stream':
        return this.#stream(frame)
      case 'credit':
        return this.#streams.credit(frame)
    }
  }

  /** What a number came to. */
  answered(answer: Answer): readonly SessionOrder[] {
    this.#answers.keep(answer)
    return this.#streams.answered(answer.id) ? [{ type: 'answer', answer }] : nothing
  }

  /** A stream has a value. */
  yielded(id: number, value: Encoded): readonly SessionOrder[] {
    return this.#streams.yielded(id, value)
  }

  /** There is no connection, or another one: what a client wants of its streams it says there. */
  away(): void {
    this.#streams.away()
  }

  /** Nothing of it goes on any more; the next message of its topic may run. */
  over(id: number): readonly SessionOrder[] {
    if (this.#calls.delete(id)) return nothing
    this.#streams.over(id)
    const next = this.#lanes.over(id)
    return next ? [{ type: 'run', run: next }] : nothing
  }

  /** The session is over: everything that runs is told to stop. */
  ended(): readonly SessionOrder[] {
    const streams = this.#streams.wanted().filter((id) => this.#streams.giveUp(id))
    const running = [...this.#calls, ...this.#lanes.clear(), ...streams]
    this.#calls.clear()
    return running.map((id) => ({ type: 'abort', id }))
  }

  /** What is to be done about a number that came before. */
  #repeated(id: number): readonly SessionOrder[] | undefined {
    if (id > this.#taken) {
      this.#taken = id
      // of one that never came nothing is known, unless the client said that it does not wait for it
      if (id > this.#answers.upTo) return undefined
    }
    const known = this.#answers.find(id)
    if (known === 'acknowledged') return [{ type: 'broken', why: `number ${id} was acknowledged` }]
    if (typeof known === 'object') return [{ type: 'answer', answer: known }]
    if (this.has(id)) return nothing
    if (known === 'forgotten') return [{ type: 'answer', answer: forgotten(id) }]
    return undefined
  }

  #call(frame: Extract<RequestFrame, { type: 'call' }>): readonly SessionOrder[] {
    const { id, path, withinMs, input } = frame
    const { callsInFlight } = this.#limits
    if (this.#calls.size >= callsInFlight)
      return this.#refuse(id, 'OVERLOADED', `more than ${callsInFlight} calls in flight`)
    this.#calls.add(id)
    return [{ type: 'run', run: { id, kind: 'call', path, params: undefined, name: '', withinMs, input } }]
  }

  #message({ id, path, params, name, withinMs, input }: Run): readonly SessionOrder[] {
    const { messagesWaiting, sessionBytes } = this.#limits
    const key = this.#topicKey(path, params)
    // one that runs at once is not weighed
    const bytes = input && this.#lanes.isBusy(key) ? weightOf(input) : 0
    const isTooMuch = bytes > 0 && this.#lanes.bytes + bytes > sessionBytes
    if (isTooMuch || this.#lanes.size >= messagesWaiting) {
      const most = isTooMuch
        ? `messages of more than ${sessionBytes} bytes`
        : `more than ${messagesWaiting} messages`
      if (id > 0) return this.#refuse(id, 'OVERLOADED', `${most} wait`)
      this.volatileDropped++
      return nothing
    }
    const run: Run = { id, kind: 'message', path, params, name, withinMs, input }
    return this.#lanes.add(key, run, bytes) ? [{ type: 'run', run }] : nothing
  }

  #stream(frame: Extract<RequestFrame, { type: 'stream' }>): readonly SessionOrder[] {
    const known = this.#repeated(frame.id)
    // what is not there yet goes before the answer, if there is one
    if (known) return [...this.#streams.again(frame), ...known]
    if (!this.#streams.isFull) return this.#streams.begin(frame)
    const { streams } = this.#limits
    return this.#refuse(frame.id, 'OVERLOADED', `more than ${streams} streams at once`)
  }

  #cancel(id: number): readonly SessionOrder[] {
    if (this.#lanes.giveUp(id)) return this.#refuse(id, 'ABORTED', 'given up before it ran')
    const runs = this.#streams.has(id) ? this.#streams.giveUp(id) : this.has(id)
    return runs ? [{ type: 'abort', id }] : nothing
  }

  #acknowledged({ upTo, waiting }: Extract<RequestFrame, { type: 'ack' }>): readonly SessionOrder[] {
    const orders: SessionOrder[] = []
    const asked = [...this.#calls, ...this.#lanes.ids(), ...this.#streams.wanted()]
    if (asked.length > 0) {
      const still = new Set(waiting)
      for (const id of asked) if (id > 0 && id <= upTo && !still.has(id)) orders.push(...this.#cancel(id))
    }
    this.#answers.acknowledge(upTo, waiting)
    return orders
  }

  #refuse(id: number, code: string, message: string): readonly SessionOrder[] {
    return this.answered({ type: 'err', id, code, message })
  }
}

/** What an input takes, roughly. */
function weightOf({ json, meta, blobs = [] }: Received): number {
  const text = (JSON.stringify(json) ?? '').length + (JSON.stringify(meta) ?? '').length
  return blobs.reduce((sum, blob) => sum + blob.length, text)
}

function forgotten(id: number): Answer {
  const message = 'it ran, and its answer had to go before it was acknowledged'
  return { type: 'err', id, code: 'OUTCOME_UNKNOWN', message }
}

/** Names a topic as the client wrote it, whatever the order of its params. */
export function asWritten(path: string, params: WireParams | undefined): string {
  if (!params) return path
  return path + JSON.stringify(Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1)))
}
