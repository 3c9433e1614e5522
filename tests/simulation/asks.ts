/**
 * What becomes of every message, call and stream of a world: what its handler is to do, how often it was handed to a
 * socket, how often it ran, and how it ended for the caller.
 */
import type { Ask, AskOutcome, NewAsk, RunningAs } from './ask.js'
import { type EndingsOptions, judgeEnding } from './endings.js'
import type { Promised } from './promises.js'

type Run = RunningAs & { readonly ask: Ask }

export class Asks {
  readonly all = new Map<number, Ask>()
  readonly #options: EndingsOptions
  readonly #pending = new Set<Ask>()
  /** The newest request that ran, and the last run, of each client and topic. */
  readonly #newestRun = new Map<string, Run>()
  readonly #lastRun = new Map<string, Run>()

  constructor(options: EndingsOptions) {
    this.#options = options
  }

  get pending(): ReadonlySet<Ask> {
    return this.#pending
  }

  add(ask: NewAsk): Ask {
    const now = this.#options.journal.elapsed
    let waitingBefore = 0
    for (const { client, by } of this.#pending) if (client === ask.client && by === 'socket') waitingBefore++
    const full: Ask = {
      ...ask,
      k: this.all.size + 1,
      askedAt: now,
      waitsSince: now,
      waitingBefore,
      handed: 0,
      handedAt: undefined,
      deathsBefore: 0,
      runs: 0,
      ended: undefined,
      emitted: [],
      yielded: 0,
      received: 0,
      aborted: false,
      settled: undefined,
    }
    this.all.set(full.k, full)
    this.#pending.add(full)
    return full
  }

  // --- on the way ---------------------------------------------------------------------------------------------

  /** A frame with it was given to a socket, or a request to `fetch`. */
  handed(k: number): void {
    const ask = this.all.get(k)!
    if (ask.handed++ === 0) {
      ask.handedAt = this.#options.journal.elapsed
      ask.deathsBefore = this.#options.deaths()
    }
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
    const { client, member, topic } = running
    const ask = this.all.get(k)!
    this.#options.journal.happened++
    this.#options.journal.note(() => `${running.process.name}: ${ask.kind} ${k} runs`)
    ask.runs++
    if (ask.handed === 0) this.#fault('run', ask, 'runs, and was never handed over')
    if (ask.runs > 1 && ask.kind !== 'look')
      this.#fault(ask.kind === 'buy' ? 'twice' : 'run', ask, 'runs again')
    if (client !== ask.client) this.#fault('run', ask, `runs as if ${client} had sent it`)
    if (topic !== ask.topic) this.#fault('run', ask, `runs on ${topic}`)
    if (topic !== undefined && ask.by === 'socket')
      this.#checkLane(`${client} of ${member} ${topic}`, { ...running, ask })
    return ask
  }

  /** Messages of one client on one topic run one at a time, in the order sent; for another member it has another session. */
  #checkLane(lane: string, run: Run): void {
    const { ask } = run
    const before = this.#lastRun.get(lane)
    const isOn = before && before.ask.ended === undefined && !before.signal.aborted && !before.process.isDead
    if (isOn && !this.#isParted(before.ask, before, run) && !this.#isParted(ask, before, run))
      this.#fault('lane', ask, `runs beside ${before.ask.k} (${run.process.name})`)
    const newest = this.#newestRun.get(lane)
    if (newest && ask.k < newest.ask.k && !this.#isParted(ask, newest, run))
      this.#fault('lane', ask, `runs after ${newest.ask.k}, which was sent later`)
    if (!newest || ask.k > newest.ask.k) this.#newestRun.set(lane, run)
    this.#lastRun.set(lane, run)
  }

  // --- at the caller ------------------------------------------------------------------------------------------

  /** A value of a stream came. */
  received(ask: Ask, seq: number): void {
    const { journal } = this.#options
    journal.happened++
    journal.note(() => `${ask.client}: value ${seq} of ${ask.k}`)
    if (seq !== ask.received + 1) this.#fault('stream', ask, `got value ${seq} after ${ask.received}`)
    if (seq > ask.yielded) this.#fault('stream', ask, `got value ${seq} of ${ask.yielded} that there are`)
    ask.received = seq
  }

  settled(ask: Ask, outcome: AskOutcome): void {
    const { journal } = this.#options
    const how = 'code' in outcome ? outcome.code : 'ok'
    journal.happened++
    if (ask.settled !== undefined)
      this.#fault('answer', ask, `ended with ${ask.settled}, and again with ${how}`)
    ask.settled = how
    this.#pending.delete(ask)
    journal.note(() => `${ask.client}: ${ask.kind} ${ask.k} -> ${how}`)
    judgeEnding(ask, outcome, this.#options, (promise, what) => this.#fault(promise, ask, what))
  }

  /** What a call that must not run twice emitted is there if, and only if, it returned. */
  checkHeld(): void {
    for (const ask of this.all.values()) {
      if (ask.kind !== 'buy' || ask.ended === 'returned') continue
      for (const n of ask.emitted)
        if (this.#options.isStored(n))
          this.#fault('twice', ask, `did not return, and its event ${n} is stored`)
    }
  }

  /**
   * Whether two runs are of two servers, or of two sessions of a client that was another member's in between, and the
   * client gave up the earlier request: they do not know of each other's runs.
   */
  #isParted(earlier: Ask, one: Run, other: Run): boolean {
    const isApart = one.process !== other.process || this.#options.mayChange
    return isApart && earlier.settled !== undefined && earlier.settled !== 'ok'
  }

  #fault(promise: Promised, { k, kind, client }: Ask, what: string): void {
    this.#options.journal.fault(promise, `${kind} ${k} of ${client} ${what}`)
  }
}
