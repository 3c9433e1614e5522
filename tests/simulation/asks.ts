/**
 * What becomes of every message and call of a world: what its handler is to do, how often it was handed to a socket,
 * how often it ran, and how it ended for the caller.
 */
import type { Journal } from './journal.js'
import type { Process } from './process.js'
import type { Promised } from './promises.js'

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
  /** The program that asks. */
  readonly process: Process
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
export interface RunningAs {
  readonly client: string
  /** The topic of a message. */
  readonly topic: string | undefined
  readonly signal: AbortSignal
  readonly process: Process
}

type Run = RunningAs & { readonly ask: Ask }

const defaultWithinMs = 10_000
const outboxMs = 30_000
const outboxSends = 256
/** Rounding of times that are told in whole ms, and what two clocks that go wrong differ by meanwhile. */
const slackOf = (ms: number): number => 2 + ms * 0.005

export interface AsksOptions {
  readonly journal: Journal
  /** Whether an event with this number is stored. */
  readonly isStored: (n: number) => boolean
  /** Codes that mean that it did not run, and that this world's weather may bring. */
  readonly mayRefuse: (code: string, client: string) => boolean
  /** Whether a client was closed. */
  readonly isClosed: (client: string) => boolean
}

export class Asks {
  readonly all = new Map<number, Ask>()
  readonly #options: AsksOptions
  readonly #lastRun = new Map<string, Run>()
  readonly #running = new Map<string, Run>()
  readonly #pending = new Set<Ask>()

  constructor(options: AsksOptions) {
    this.#options = options
  }

  get pending(): ReadonlySet<Ask> {
    return this.#pending
  }

  add(ask: Pick<Ask, 'kind' | 'client' | 'process' | 'topic' | 'plan' | 'withinMs'>): Ask {
    const now = this.#options.journal.elapsed
    let waitingBefore = 0
    for (const { client, handed, kind } of this.#pending)
      if (client === ask.client && (handed === 0 || kind === 'look')) waitingBefore++
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
    this.#pending.add(full)
    return full
  }

  // --- on the way ---------------------------------------------------------------------------------------------

  /** A frame with it was given to a socket. */
  handed(k: number): void {
    const ask = this.all.get(k)!
    ask.handed++
    ask.handedAt ??= this.#options.journal.elapsed
    if (ask.settled !== undefined)
      this.#fault('run', ask, `was handed over after it had ended with ${ask.settled}`)
  }

  /** The client lost its connection. */
  lost(client: string): void {
    for (const ask of this.#pending) if (ask.client === client) ask.waitsSince = this.#options.journal.elapsed
  }

  /** The program that waited is gone. */
  abandoned(client: string): void {
    for (const ask of this.#pending) {
      if (ask.client !== client) continue
      ask.settled = 'abandoned'
      this.#pending.delete(ask)
    }
  }

  // --- on the server ------------------------------------------------------------------------------------------

  started(k: number, running: RunningAs): Ask {
    const { client, topic, process } = running
    const { journal } = this.#options
    const ask = this.all.get(k)!
    journal.happened++
    ask.runs++
    if (ask.handed === 0) this.#fault('run', ask, 'runs, and was never handed over')
    if (ask.runs > 1 && ask.kind !== 'look') this.#fault('run', ask, 'runs again')
    if (client !== ask.client) this.#fault('run', ask, `runs as if ${client} had sent it`)
    if (topic !== ask.topic) this.#fault('run', ask, `runs on ${topic}`)
    if (topic === undefined) return ask
    const lane = `${client} ${topic}`
    const run = { ...running, ask }
    const before = this.#running.get(lane)
    const isOn = before && before.ask.ended === undefined && !before.signal.aborted && !before.process.isDead
    if (isOn && !isParted(before.ask, before, run) && !isParted(ask, before, run))
      this.#fault('lane', ask, `runs beside ${before.ask.k} (${process.name})`)
    const last = this.#lastRun.get(lane)
    if (last && k < last.ask.k && !isParted(ask, last, run))
      this.#fault('lane', ask, `runs after ${last.ask.k}, which was sent later`)
    if (!last || k > last.ask.k) this.#lastRun.set(lane, run)
    this.#running.set(lane, run)
    return ask
  }

  // --- at the caller ------------------------------------------------------------------------------------------

  /** @param outcome A value's `k`, or the error's code. */
  settled(ask: Ask, outcome: { readonly k: number | undefined } | { readonly code: string }): void {
    const { journal } = this.#options
    const how = 'code' in outcome ? outcome.code : 'ok'
    journal.happened++
    if (ask.settled !== undefined)
      this.#fault('answer', ask, `ended with ${ask.settled}, and again with ${how}`)
    ask.settled = how
    this.#pending.delete(ask)
    journal.note(() => `${ask.client}: ${ask.kind} ${ask.k} -> ${how}`)
    if ('code' in outcome) this.#failed(ask, outcome.code)
    else this.#succeeded(ask, outcome.k)
  }

  #succeeded(ask: Ask, k: number | undefined): void {
    if (ask.ended !== 'returned') this.#fault('answer', ask, `was answered before its handler had returned`)
    if (ask.kind !== 'react' && k !== ask.k) this.#fault('answer', ask, `got the answer of ${k}`)
    for (const n of ask.emitted) {
      if (!this.#options.isStored(n))
        this.#fault('stored', ask, `was answered before its event ${n} was stored`)
    }
  }

  #failed(ask: Ask, code: string): void {
    const now = this.#options.journal.elapsed
    switch (code) {
      case 'MUTED':
      case 'BROKE':
        if (ask.ended !== 'declared')
          this.#fault('answer', ask, `ended with ${code}, which its handler did not throw`)
        return
      case 'INTERNAL':
        if (ask.ended !== 'threw')
          this.#fault('answer', ask, `ended with ${code}, and its handler did not throw`)
        return
      case 'OUTCOME_UNKNOWN':
        if (ask.handed === 0)
          this.#fault('unknown', ask, 'has an unknown outcome, and was never handed to a socket')
        if (ask.kind === 'look' && !this.#options.isClosed(ask.client))
          this.#fault('unknown', ask, 'may run again, and ended with an unknown outcome')
        return
      case 'TIMEOUT': {
        const named = ask.withinMs !== undefined && now - ask.askedAt >= ask.withinMs - slackOf(ask.withinMs)
        const own =
          ask.handedAt !== undefined && now - ask.handedAt >= defaultWithinMs - slackOf(defaultWithinMs)
        if (!named && !own && !ask.process.wasSet) this.#fault('deadline', ask, `timed out early`)
        return
      }
      case 'OUTBOX_FULL': {
        const waited = now - ask.waitsSince >= outboxMs - slackOf(outboxMs)
        if (!waited && ask.waitingBefore < outboxSends && !ask.process.wasSet)
          this.#fault('deadline', ask, 'found no room, and there was some')
        if (ask.runs > 0 && ask.kind !== 'look')
          this.#fault('answer', ask, 'ran, and was said never to have gone out')
        return
      }
      case 'ABORTED':
        if (!ask.aborted) this.#fault('answer', ask, 'was given up, and nobody gave it up')
        return
      default:
        if (!this.#options.mayRefuse(code, ask.client)) this.#fault('answer', ask, `ended with ${code}`)
        if (ask.runs > 0 && ask.kind !== 'look' && ask.handed === 0)
          this.#fault('answer', ask, `ended with ${code}, and ran`)
    }
  }

  #fault(promise: Promised, { k, kind, client }: Ask, what: string): void {
    this.#options.journal.fault(promise, `${kind} ${k} of ${client} ${what}`)
  }
}

/** Whether two runs are of two servers, and the client gave up the earlier request: servers do not know of each other's runs. */
function isParted(earlier: Ask, one: Run, other: Run): boolean {
  return one.process !== other.process && earlier.settled !== undefined && earlier.settled !== 'ok'
}
