/**
 * What becomes of every message and call of a world: what its handler is to do, how often it was handed to a socket,
 * how often it ran, and how it ended for the caller.
 */
import type { Journal } from './journal.js'

/** What a client asks for. */
export type AskKind = 'say' | 'react' | 'pay' | 'look'

/** What the handler does, in order, and how it ends. */
export interface Plan {
  readonly acts: readonly (
    | { readonly type: 'wait'; readonly ms: number }
    /** `isAwaited`: the handler waits for it, which it need not. */
    | {
        readonly type: 'emit'
        readonly name: 'said' | 'noted'
        readonly toOthers: boolean
        readonly isAwaited: boolean
      }
  )[]
  readonly end: 'returns' | 'declares' | 'throws'
}

export interface Ask {
  readonly k: number
  readonly kind: AskKind
  readonly client: string
  /** The topic of a message. */
  readonly topic: string | undefined
  readonly plan: Plan
  /** Deadline that the caller named. */
  readonly withinMs: number | undefined
  readonly askedAt: number
  /** Requests of this client that waited, or may have waited again, for a connection when it was asked for. */
  readonly waitingBefore: number
  handed: number
  handedAt: number | undefined
  /** When it last began to wait for a connection. */
  waitsSince: number
  runs: number
  /** How the handler ended, where it did. */
  ended: 'returned' | 'declared' | 'threw' | undefined
  /** Events that its handler emitted. */
  readonly emitted: number[]
  aborted: boolean
  settled: string | undefined
}

/** What a handler runs under. */
interface RunningAsk {
  readonly ask: Ask
  readonly signal: AbortSignal
}

const defaultWithinMs = 10_000
const outboxMs = 30_000
const outboxSends = 256
/** Rounding of a deadline that is told in whole ms. */
const slackMs = 2

export interface AsksOptions {
  readonly journal: Journal
  /** Whether an event with this number is stored. */
  readonly isStored: (n: number) => boolean
  /** Codes that mean that it did not run, and that this world's weather may bring. */
  readonly mayRefuse: (code: string, client: string) => boolean
}

export class Asks {
  readonly all = new Map<number, Ask>()
  readonly #options: AsksOptions
  readonly #lastRun = new Map<string, number>()
  readonly #running = new Map<string, RunningAsk>()

  constructor(options: AsksOptions) {
    this.#options = options
  }

  get pending(): Ask[] {
    return [...this.all.values()].filter(({ settled }) => settled === undefined)
  }

  add(ask: Pick<Ask, 'kind' | 'client' | 'topic' | 'plan' | 'withinMs'>): Ask {
    const now = this.#options.journal.elapsed
    const waitingBefore = this.pending.filter(
      ({ client, handed, kind }) => client === ask.client && (handed === 0 || kind === 'look'),
    ).length
    const full: Ask = {
      ...ask,
      k: this.all.size + 1,
      askedAt: now,
      waitsSince: now,
      waitingBefore,
      handed: 0,
      handedAt: undefined,
      runs: 0,
      ended: undefined,
      emitted: [],
      aborted: false,
      settled: undefined,
    }
    this.all.set(full.k, full)
    return full
  }

  // --- on the way ---------------------------------------------------------------------------------------------

  /** A frame with it was given to a socket. */
  handed(k: number): void {
    const ask = this.all.get(k)!
    ask.handed++
    ask.handedAt ??= this.#options.journal.elapsed
    if (ask.handed > 1 && ask.kind !== 'look') this.#fault(ask, 'was handed over again')
    if (ask.settled !== undefined) this.#fault(ask, `was handed over after it had ended with ${ask.settled}`)
  }

  /** The client lost its connection. */
  lost(client: string): void {
    for (const ask of this.pending) if (ask.client === client) ask.waitsSince = this.#options.journal.elapsed
  }

  // --- on the server ------------------------------------------------------------------------------------------

  started(k: number, client: string, topic: string | undefined, signal: AbortSignal): Ask {
    const ask = this.all.get(k)!
    ask.runs++
    if (ask.runs > ask.handed)
      this.#fault(ask, `runs for the ${ask.runs}. time, and was handed over ${ask.handed} times`)
    if (ask.runs > 1 && ask.kind !== 'look') this.#fault(ask, 'runs again')
    if (client !== ask.client) this.#fault(ask, `runs as if ${client} had sent it`)
    if (topic !== ask.topic) this.#fault(ask, `runs on ${topic}`)
    if (topic === undefined) return ask
    const lane = `${client} ${topic}`
    const last = this.#lastRun.get(lane) ?? 0
    if (k < last) this.#fault(ask, `runs after ${last}, which was sent later`)
    this.#lastRun.set(lane, Math.max(k, last))
    const before = this.#running.get(lane)
    if (before && before.ask.ended === undefined && !before.signal.aborted)
      this.#fault(ask, `runs beside ${before.ask.k}`)
    this.#running.set(lane, { ask, signal })
    return ask
  }

  // --- at the caller ------------------------------------------------------------------------------------------

  /** @param outcome A value's `k`, or the error's code. */
  settled(ask: Ask, outcome: { readonly k: number | undefined } | { readonly code: string }): void {
    const { journal } = this.#options
    const how = 'code' in outcome ? outcome.code : 'ok'
    if (ask.settled !== undefined) this.#fault(ask, `ended with ${ask.settled}, and again with ${how}`)
    ask.settled = how
    journal.note(`${ask.client}: ${ask.kind} ${ask.k} -> ${how}`)
    if ('code' in outcome) this.#failed(ask, outcome.code)
    else this.#succeeded(ask, outcome.k)
  }

  #succeeded(ask: Ask, k: number | undefined): void {
    if (ask.ended !== 'returned') this.#fault(ask, `was answered before its handler had returned`)
    if (ask.kind !== 'react' && k !== ask.k) this.#fault(ask, `got the answer of ${k}`)
    for (const n of ask.emitted) {
      if (!this.#options.isStored(n)) this.#fault(ask, `was answered before its event ${n} was stored`)
    }
  }

  #failed(ask: Ask, code: string): void {
    const now = this.#options.journal.elapsed
    switch (code) {
      case 'MUTED':
      case 'BROKE':
        if (ask.ended !== 'declared') this.#fault(ask, `ended with ${code}, which its handler did not throw`)
        return
      case 'INTERNAL':
        if (ask.ended !== 'threw') this.#fault(ask, `ended with ${code}, and its handler did not throw`)
        return
      case 'OUTCOME_UNKNOWN':
        if (ask.handed === 0) this.#fault(ask, 'has an unknown outcome, and was never handed to a socket')
        if (ask.kind === 'look') this.#fault(ask, 'may run again, and ended with an unknown outcome')
        return
      case 'TIMEOUT': {
        const named = ask.withinMs !== undefined && now - ask.askedAt >= ask.withinMs - slackMs
        const own = ask.handedAt !== undefined && now - ask.handedAt >= defaultWithinMs - slackMs
        if (!named && !own) this.#fault(ask, `timed out early`)
        return
      }
      case 'OUTBOX_FULL': {
        const waited = now - ask.waitsSince >= outboxMs - slackMs
        if (!waited && ask.waitingBefore < outboxSends) this.#fault(ask, 'found no room, and there was some')
        if (ask.runs > 0 && ask.kind !== 'look') this.#fault(ask, 'ran, and was said never to have gone out')
        return
      }
      case 'ABORTED':
        if (!ask.aborted) this.#fault(ask, 'was given up, and nobody gave it up')
        return
      default:
        if (!this.#options.mayRefuse(code, ask.client)) this.#fault(ask, `ended with ${code}`)
        if (ask.runs > 0 && ask.kind !== 'look' && ask.handed === 0)
          this.#fault(ask, `ended with ${code}, and ran`)
    }
  }

  #fault({ k, kind, client }: Ask, what: string): void {
    this.#options.journal.fault(`${kind} ${k} of ${client} ${what}`)
  }
}
