/** Runs one call or message: check, `around`, handler, its emits, answer. Used by every transport. */
import { type Issue, ParleyError } from '@parley/shared'
import { type Clock, type Codec, type Encoded, type Limits, parseAsync } from '@parley/shared/internal'
import type { BoundEmits } from './bound.js'
import { type Failure, failure, failureOf } from './failure.js'
import { HandlerRun, type RunRequest } from './handler-run.js'
import { firstIssue, type Topics } from './topics.js'

/** What `around` is told. */
export interface AroundInfo {
  readonly kind: 'join' | 'message' | 'call' | 'stream'
  readonly path: string
  readonly context: unknown
  readonly session: unknown
}

/** The one middleware. Without it `next` runs straight away. */
export type Around = (info: AroundInfo, next: () => Promise<void>) => unknown

export interface Outcome {
  readonly failure?: Failure
  readonly output?: Encoded
}

interface DispatchOptions {
  readonly topics: Topics
  readonly around: Around | undefined
  /** The hub's channels, emitting through `emits`. */
  readonly bind: (emits: BoundEmits) => unknown
}

/** A run that can be told to stop. */
export interface Running {
  /** What the caller is told; one that gives up is answered at once. */
  readonly outcome: Promise<Outcome>
  /** Calls back once when nothing of the run goes on any more, or its deadline has passed: never before the outcome is settled. */
  whenOver(call: () => void): void
  abort(): void
}

/** A run that was over before it began. */
export function answered(failure: Failure): Running {
  return { outcome: Promise.resolve({ failure }), whenOver: (call) => call(), abort: () => {} }
}

export class Dispatch {
  readonly #topics: Topics
  readonly #codec: Codec
  readonly #clock: Clock
  readonly #limits: Limits
  readonly #around: Around | undefined
  readonly #bind: (emits: BoundEmits) => unknown

  constructor({ topics, around, bind }: DispatchOptions) {
    this.#topics = topics
    this.#codec = topics.codec
    this.#clock = topics.clock
    this.#limits = topics.limits
    this.#around = around
    this.#bind = bind
  }

  /** Never rejects: whatever happens is an outcome. */
  run(request: RunRequest): Running {
    const run = new HandlerRun(request, this.#topics, this.#bind)
    const asked = request.withinMs || request.spec.withinMs || this.#limits.callMs
    const withinMs = Math.min(asked, this.#limits.callMaxMs)
    let settle: (outcome: Outcome) => void
    const outcome = new Promise<Outcome>((resolve) => {
      settle = resolve
    })
    let over = false
    let onOver: (() => void) | undefined
    const end = (): void => {
      over = true
      onOver?.()
      onOver = undefined
    }
    const stop = (early: Failure): void => {
      run.stop(new ParleyError(early.code, early.message))
      settle({ failure: early })
    }
    const cancel = this.#clock.after(withinMs, () => {
      stop(failure('TIMEOUT', `no answer within ${withinMs} ms`))
      end()
    })
    this.#work(run, request).then((result) => {
      cancel()
      run.end()
      settle(result)
      end()
    })
    return {
      outcome,
      whenOver(call) {
        if (over) call()
        else onOver = call
      },
      abort: () => stop(failure('ABORTED', 'given up by the caller')),
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

  async #work(run: HandlerRun, request: RunRequest): Promise<Outcome> {
    const { spec, path, kind, context, session, mayRun } = request
    try {
      if (mayRun && !(await mayRun())) return { failure: failure('FORBIDDEN', 'not allowed on this topic') }
      const checked = await this.#input(request)
      if (checked.issues) {
        const message = `the input of '${path}' does not fit its schema: ${firstIssue(checked.issues)}`
        return { failure: failure('VALIDATION', message, checked.issues) }
      }
      run.input = checked.value
      let returned: unknown
      await this.#inside({ kind, path, context, session }, async () => {
        // a message that was answered for must not begin after those behind it
        if (run.stopped) throw run.stopped
        returned = await request.handler(run)
        await run.stored()
      })
      if (!spec.output) return {}
      const output = await parseAsync(spec.output, returned)
      if (output.issues) throw new Error(`returned a value that does not fit: ${firstIssue(output.issues)}`)
      return { output: this.#codec.encode(output.value) }
    } catch (error) {
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
  }

  async #input({ spec, input }: RunRequest): Promise<{ value?: unknown; issues?: readonly Issue[] }> {
    let value: unknown
    try {
      value = input === undefined ? undefined : this.#codec.decode(input)
    } catch (error) {
      return { issues: [{ path: [], message: error instanceof Error ? error.message : String(error) }] }
    }
    if (spec.input) return parseAsync(spec.input, value)
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

/** Whether an error only says that its run was stopped: the signal's reason, an emit refused, or a fetch given up. */
function isStop(error: unknown): boolean {
  if (error instanceof ParleyError) return error.code === 'ABORTED' || error.code === 'TIMEOUT'
  return error instanceof Error && error.name === 'AbortError'
}
