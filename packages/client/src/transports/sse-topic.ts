/** One topic over its SSE route: joins the reading half, the retry loop, and the responses that come and go. */
import type { Report } from '@parley/shared'
import type { ChannelSpec, Clock, Decoder, From, Position } from '@parley/shared/internal'
import { SseLink, type SseLinkOutput } from '../core/sse-link.js'
import type { TopicEvent } from '../core/subscription.js'
import { Reading } from '../shell/reading.js'
import { onWake } from '../shell/wake.js'
import type { Fetch, SseEnd } from './sse.js'
import { readSse } from './sse-events.js'
import type { SseMessage } from './sse-message.js'
import { boundedRead } from './sse-read.js'
import { readRequest, type SseRoute, streamRequest } from './sse-request.js'

/** A payload as it came: JSON text. */
interface SsePayload {
  readonly json: string
  readonly meta?: string
}

export interface SseTopicOptions {
  readonly spec: ChannelSpec
  readonly route: SseRoute
  readonly decoder: Decoder
  readonly clock: Clock
  readonly fetch: Fetch
  readonly lingerMs: number
  readonly onReport: (report: Report) => void
}

export class SseTopic {
  readonly reading: Reading<SsePayload>
  readonly #options: SseTopicOptions
  readonly #link = new SseLink()
  /** Lets go of the response, and of each bounded read. */
  #letGo: (() => void) | undefined
  readonly #reads = new Map<number, () => void>()
  #stopTimer: (() => void) | undefined
  #stopWaking: (() => void) | undefined
  /** Where the subscription was asked to begin. */
  #from: From = 'now'
  /** The response has said where it begins; an earlier one has, so that this one resumes. */
  #isConfirmed = false
  #isResumed = false
  /** A stream came about, or it was said that none did. */
  #isReachable = false

  constructor(options: SseTopicOptions) {
    this.#options = options
    const { spec, decoder, clock, lingerMs, onReport } = options
    this.reading = new Reading<SsePayload>({
      key: spec.path,
      latest: spec.replay === 'latest',
      events: spec.events,
      lingerMs,
      clock,
      decode: (payload) => decoder.decode(decoder.received(payload)),
      report: onReport,
      wire: {
        subscribe: (from) => this.#subscribe(from),
        unsubscribe: () => {}, // that nobody reads is seen in the status, with or without a response
        read: (read, from, until) => this.#read(read, from, until),
        cancelRead: (read) => this.#cancelRead(read),
      },
    })
    this.reading.status.subscribe(() => {
      if (this.reading.isIdle) this.#end()
    })
    this.reading.feed((machine) => machine.up())
  }

  /** Everything ends, with this code as the reason. */
  refuse(code: string): void {
    // first, so that nothing is asked for again where the end of a wait says that it may be
    this.reading.feed((machine) => machine.refused(code))
    this.#end()
  }

  // --- the stream -------------------------------------------------------------------------------------------

  #subscribe(from: From): void {
    this.#from = from
    this.#stopWaking ??= onWake(() => this.#carryOut(this.#link.woke(this.#now, this.#chance)))
    this.#carryOut(this.#link.start(this.#now))
  }

  #connect(): void {
    const { fetch, clock, route } = this.#options
    const from = this.#from
    const resume = this.#isResumed && typeof from === 'object' && 'epoch' in from ? from : undefined
    this.#isConfirmed = false
    this.#letGo = readSse(fetch, () => clock.now(), streamRequest(route, from, resume), {
      opened: () => {
        this.#isReachable = true
        this.#carryOut(this.#link.opened(this.#now))
      },
      heard: () => this.#link.heard(this.#now),
      advised: (ms) => this.#link.spaced(ms),
      message: (message) => this.#message(message),
      ended: (end) => this.#ended(end),
    })
  }

  #message(message: SseMessage): void {
    if (!this.#isConfirmed && message.type !== 'ready') {
      const why = `the stream does not begin with parley.ready: is ${this.#options.route.url} an SSE route of Parley?`
      this.#ended({ type: 'refused', code: 'PROTOCOL', message: why, isTold: true })
      return
    }
    switch (message.type) {
      case 'ready':
        this.#isConfirmed = true
        this.#isResumed = true
        this.reading.feed((machine) => machine.joined(message.position))
        break
      case 'live':
        this.reading.feed((machine) => machine.live(message.position))
        break
      case 'gap':
        this.reading.feed((machine) => machine.gap(message.gap))
        break
      case 'event':
        this.reading.feed((machine) => machine.event(toEvent(message)))
    }
  }

  #ended(end: SseEnd): void {
    const { spec, onReport } = this.#options
    if (end.type === 'refused') {
      this.refuse(end.code)
      onReport({ kind: 'refused', path: spec.path, message: `${end.code}: ${end.message}` })
      return
    }
    const { notice } = end
    if (notice && !(this.#isReachable && notice.kind === 'unreachable'))
      onReport({ path: spec.path, ...notice })
    this.#isReachable = true
    if (end.retryAfterMs !== undefined) this.#link.advised(end.retryAfterMs)
    this.#carryOut(this.#link.lost(this.#now, this.#chance))
  }

  #end(): void {
    this.#isResumed = false
    this.#stopWaking?.()
    this.#stopWaking = undefined
    this.#carryOut(this.#link.end())
    this.#cancelReads()
  }

  #carryOut(outputs: readonly SseLinkOutput[]): void {
    for (const output of outputs) {
      switch (output.type) {
        case 'connect':
          this.#connect()
          break
        case 'abort':
          this.#letGo?.()
          this.#letGo = undefined
          break
        case 'up':
          this.reading.feed((machine) => machine.up())
          break
        case 'down':
          this.#cancelReads()
          this.reading.feed((machine) => machine.down())
          break
        case 'arm':
          this.#stopTimer?.()
          this.#stopTimer = this.#options.clock.after(output.ms, () =>
            this.#carryOut(this.#link.elapsed(this.#now, this.#chance)),
          )
          break
        case 'disarm':
          this.#stopTimer?.()
          this.#stopTimer = undefined
      }
    }
  }

  // --- bounded reads ----------------------------------------------------------------------------------------

  #read(read: number, from: From, until: Position): void {
    const { fetch, clock, route } = this.#options
    const letGo = boundedRead(fetch, clock, readRequest(route, from, until), {
      message: (message) => {
        if (message.type === 'gap') {
          this.reading.feed((machine) => machine.readGap(read, message.gap))
          return
        }
        this.reading.feed((machine) => machine.readEvent(read, toEvent(message)))
      },
      ended: (end) => {
        this.#reads.delete(read)
        if (end.type === 'complete')
          this.reading.feed((machine) => machine.readEnd(read, end.epoch, end.position))
        else if (end.type === 'lost') this.reading.feed((machine) => machine.readFailed(read))
        else this.#ended(end)
      },
    })
    this.#reads.set(read, letGo)
  }

  #cancelRead(read: number): void {
    this.#reads.get(read)?.()
    this.#reads.delete(read)
  }

  #cancelReads(): void {
    for (const read of [...this.#reads.keys()]) this.#cancelRead(read)
  }

  get #now(): number {
    return this.#options.clock.now()
  }

  get #chance(): number {
    return this.#options.clock.random()
  }
}

function toEvent({
  name,
  position,
  json,
  meta,
  at,
}: Extract<SseMessage, { type: 'event' }>): TopicEvent<SsePayload> {
  const data = meta === undefined ? { json } : { json, meta }
  return { name, data, position, ...(at === undefined ? {} : { at }) }
}
