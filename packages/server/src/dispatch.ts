/** Runs one call, message or stream: check, `around`, handler, its emits, answer. Used by every transport. */
import { type Issue, ParleyError } from '@parley/shared'
import { type Clock, type Codec, type Encoded, type Limits, parse } from '@parley/shared/internal'
import type { BoundEmits } from './bound.js'
import { type Failure, failure, failureOf } from './failure.js'
import {
  type HandlerRequest,
  HandlerRun,
  type RunKey,
  type RunRequest,
  type StreamRequest,
} from './handler-run.js'
import { firstIssue } from './issues.js'
import { KeyedRuns } from './keyed-runs.js'
import type { Outcome } from './outcome-text.js'
import { Remembered } from './remembered.js'
import { givenUp, over, type Running, tooLate } from './running.js'
import { type RunningStream, StreamRun } from './stream-run.js'
import type { Topics } from './topics.js'

/** What `around` is told. */
export interface AroundInfo {
  readonly kind: 'join' | 'message' | 'call' | 'stream'
  readonly path: string
  readonly context: unknown
  readonly session: unknown
}

/** The one middleware. Without it `next` runs straight away. */
export type Around = (info: AroundInfo, next: () => Promise<void>) => unknown

interface DispatchOptions {
  readonly topics: Topics
  readonly around: Around | undefined
  /** The hub's channels, emitting through `emits`. */
  readonly bind: (emits: BoundEmits) => unknown
}

export class Dispatch {
  readonly #topics: Topics
  readonly #codec: Codec
  readonly #clock: Clock
  readonly #limits: Limits
  readonly #around: Around | undefined
  readonly #bind: (emits: BoundEmits) => unknown
  readonly #keyed: KeyedRuns
  readonly #remembered: Remembered

  constructor({ topics, around, bind }: DispatchOptions) {
    this.#topics = topics
    this.#codec = topics.codec
    this.#clock = topics.clock
    this.#limits = topics.limits
    this.#around = around
    this.#bind = bind
    this.#keyed = new KeyedRuns(topics.clock, topics.report)
    const { idempotencyKeys: keys, idempotencyBytes: bytes } = topics.limits
    this.#remembered = new Remembered(topics.clock, { keys, bytes })
  }

  /** Never throws, never rejects: whatever happens is an outcome. */
  run(request: RunRequest): Running {
    const run = new HandlerRun(request, this.#topics, this.#bind, request.spec.onceMs !== undefined)
    if (request.key) return this.#underKey(run, request, request.key)
    const work = this.#work(run, request)
    if (work instanceof Promise) return this.#watch(run, request, work)
    run.end()
    return over(work)
  }

  /** Runs a stream, which has no deadline: each value that is asked for goes to `yielded`. Never throws, never rejects. */
  stream(request: StreamRequest, yielded: (value: Encoded) => void): RunningStream {
    const run = new HandlerRun(request, this.#topics, this.#bind)
    const { path, context, session } = request
    return new StreamRun({
      request,
      run,
      topics: this.#topics,
      yielded,
      check: async () => {
        const { value, issues } = await this.#input(request)
        run.input = value
        return issues && misfit(path, issues)
      },
      inside: (work) => this.#inside({ kind: 'stream', path, context, session }, work),
      output: (returned) => this.#output(request.spec, returned),
      failed: (error) => this.#failed(run, request, error),
    })
  }

  #underKey(run: HandlerRun, request: RunRequest, key: RunKey): Running {
    const { onceMs } = request.spec
    const store = onceMs === undefined ? this.#remembered : this.#topics.log.once
    if (!store) throw new Error('a hub takes no contract with `once` whose log does not know it')
    return this.#keyed.start(key, {
      run,
      request,
      store,
      keepMs: onceMs ?? this.#limits.sessionMs,
      withinMs: this.#withinMs(request),
      prepare: (go) => this.#work(run, request, go),
      perform: () => this.#settled(run, request, () => this.#perform(run, request)),
      failed: (error) => this.#failed(run, request, error),
    })
  }

  #withinMs({ withinMs, spec }: RunRequest): number {
    return Math.min(withinMs || spec.withinMs || this.#limits.callMs, this.#limits.callMaxMs)
  }

  /** Holds a run to its deadline. */
  #watch(run: HandlerRun, request: RunRequest, work: Promise<Outcome>): Running {
    const withinMs = this.#withinMs(request)
    let settle: (outcome: Outcome) => void
    const outcome = new Promise<Outcome>((resolve) => {
      settle = resolve
    })
    let isOver = false
    let onOver: (() => void) | undefined
    const end = (): void => {
      isOver = true
      onOver?.()
      onOver = undefined
    }
    const stop = (early: Failure): void => {
      run.stop(new ParleyError(early.code, early.message))
      settle({ failure: early })
    }
    const cancel = this.#clock.after(withinMs, () => {
      stop(tooLate(withinMs))
      end()
    })
    work.then((result) => {
      cancel()
      run.end()
      settle(result)
      end()
    })
    return {
      outcome,
      whenOver(call) {
        if (isOver) call()
        else onOver = call
      },
      abort: () => stop(givenUp),
    }
  }

  /** Runs `join` or the like inside `around`; false or a throw is a refusal, and a throw is reported. */
  async allow(info: AroundInfo, ask: () => unknown): Promise<boolean> {
    let allowed: unknown = false
    try {
      await this.#inside(info, async () => {
        allowed = await ask()
      })
      return allowed === true
    } catch (error) {
      if (!(error instanceof ParleyError)) {
        const message = 'join failed, which refuses'
        this.#topics.report({ kind: 'handler-failed', path: info.path, message, error })
      }
      return false
    }
  }

  // What follows waits only for what is a promise: most schemas, and many handlers, are done at once.

  /** Up to where the handler would run, and then `go`. */
  #work(run: HandlerRun, request: RunRequest, go?: Go): Outcome | Promise<Outcome> {
    return this.#settled(run, request, () =>
      request.mayRun
        ? request.mayRun().then((may) => (may ? this.#check(run, request, go) : notAllowed))
        : this.#check(run, request, go),
    )
  }

  /** A failure is an outcome. */
  #settled(
    run: HandlerRun,
    request: RunRequest,
    work: () => Outcome | Promise<Outcome>,
  ): Outcome | Promise<Outcome> {
    try {
      const outcome = work()
      return outcome instanceof Promise
        ? outcome.catch((error: unknown) => this.#failed(run, request, error))
        : outcome
    } catch (error) {
      return this.#failed(run, request, error)
    }
  }

  #check(run: HandlerRun, request: RunRequest, go?: Go): Outcome | Promise<Outcome> {
    return next(this.#input(request), ({ value, issues }) => {
      if (issues) return misfit(request.path, issues)
      run.input = value
      return go ? go() : this.#perform(run, request)
    })
  }

  #perform(run: HandlerRun, request: RunRequest): Outcome | Promise<Outcome> {
    return next(this.#handle(run, request), (returned) => this.#output(request.spec, returned))
  }

  #handle(run: HandlerRun, request: RunRequest): unknown {
    const work = (): unknown => {
      // a message that was answered for must not begin after those behind it
      if (run.stopped) throw run.stopped
      return next(request.handler(run), (returned) => {
        const stored = run.stored()
        return stored ? stored.then(() => returned) : returned
      })
    }
    if (!this.#around) return work()
    const { kind, path, context, session } = request
    let returned: unknown
    return this.#inside({ kind, path, context, session }, async () => {
      returned = await work()
    }).then(() => returned)
  }

  #output(spec: HandlerRequest['spec'], returned: unknown): Outcome | Promise<Outcome> {
    if (!spec.output) return {}
    return next(parse(spec.output, returned), ({ value, issues }) => {
      if (issues) throw new Error(`returned a value that does not fit: ${firstIssue(issues)}`)
      return { output: this.#codec.encode(value) }
    })
  }

  #failed(run: HandlerRun, { path, spec }: HandlerRequest, error: unknown): Outcome {
    // whoever was told to stop may say so by throwing: the caller has an answer, and nothing failed
    if (run.stopped && isStop(error)) return {}
    const { codec, report, clock } = this.#topics
    const told = failureOf(error, { path, errors: spec.errors, codec, report, newId: () => clock.secret() })
    run.tellUnstored((unstored) => {
      if (unstored === error) return
      report({
        kind: 'emit-failed',
        path,
        message: 'an emit of this run could not be stored',
        error: unstored,
      })
    })
    return { failure: told }
  }

  #input({ spec, input }: HandlerRequest): Checked | Promise<Checked> {
    let value: unknown
    try {
      value = input === undefined ? undefined : this.#codec.decode(input)
    } catch (error) {
      return { issues: [{ path: [], message: error instanceof Error ? error.message : String(error) }] }
    }
    if (spec.input) return parse(spec.input, value)
    return value === undefined ? {} : { issues: [{ path: [], message: 'takes no input' }] }
  }

  /** The outcome is that of `work`, unless `around` itself throws or never calls it. */
  async #inside(info: AroundInfo, work: () => Promise<void>): Promise<void> {
    if (!this.#around) return work()
    let ran: Promise<void> | undefined
    await this.#around(info, () => {
      if (!ran) {
        ran = work()
        ran.catch(() => {}) // awaited below; `around` may throw before it gets there
      }
      return ran
    })
    if (!ran) throw new Error('`around` returned without calling next()')
    await ran
  }
}

/** What comes in the place of the handler. */
type Go = () => Promise<Outcome>

/** A value that was checked, or what was wrong with it. */
interface Checked {
  readonly value?: unknown
  readonly issues?: readonly Issue[] | undefined
}

function misfit(path: string, issues: readonly Issue[]): Outcome {
  const message = `the input of '${path}' does not fit its schema: ${firstIssue(issues)}`
  return { failure: failure('VALIDATION', message, issues) }
}

const notAllowed: Outcome = { failure: failure('FORBIDDEN', 'not allowed on this topic') }

/** Goes on with a value: at once, or when it has come. */
function next<T, R>(value: T | PromiseLike<T>, go: (value: T) => R | PromiseLike<R>): R | Promise<R> {
  return isPromise(value) ? Promise.resolve(value).then(go) : (go(value) as R | Promise<R>)
}

/** As `await` sees it: whatever has a `then`. */
function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | undefined | null)?.then === 'function'
}

/** Whether an error only says that its run was stopped: the signal's reason, an emit refused, or a fetch given up. */
function isStop(error: unknown): boolean {
  if (error instanceof ParleyError) return error.code === 'ABORTED' || error.code === 'TIMEOUT'
  return error instanceof Error && error.name === 'AbortError'
}
