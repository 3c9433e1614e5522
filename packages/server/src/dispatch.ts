/** Runs one call or message: check, `around`, handler, its emits, answer. Used by every transport. */
import { type Issue, ParleyError } from '@parley/shared'
import {
  type CallSpec,
  type Clock,
  type Codec,
  type Encoded,
  type Limits,
  type MessageSpec,
  parseAsync,
  type Received,
  type Topic,
} from '@parley/shared/internal'
import { BoundEmits } from './bound.js'
import { type Failure, failure, failureOf } from './failure.js'
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

/** A handler as the router stores it; its types were checked where it was written. */
export type AnyHandler = (run: HandlerRun) => unknown

export interface Outcome {
  readonly failure?: Failure
  readonly output?: Encoded
}

export interface RunRequest {
  readonly kind: 'message' | 'call'
  /** For reports and `around`: the call's path, or the channel's and the message's name. */
  readonly path: string
  readonly spec: CallSpec | MessageSpec
  readonly handler: AnyHandler
  readonly topic: Topic | undefined
  readonly input: Received | undefined
  readonly context: unknown
  readonly session: unknown
  readonly client: string | undefined
  /** The request, over HTTP. */
  readonly request?: Request
  /** 0: the default. */
  readonly withinMs: number
}

interface DispatchOptions {
  readonly topics: Topics
  readonly around: Around | undefined
  /** The hub's channels, emitting through `emits`. */
  readonly bind: (emits: BoundEmits) => unknown
}

/** A run that can be told to stop. */
export interface Running {
  readonly outcome: Promise<Outcome>
  abort(): void
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
    const stop = (early: Failure): void => {
      run.stop(new ParleyError(early.code, early.message))
      settle({ failure: early })
    }
    const cancel = this.#clock.after(withinMs, () =>
      stop(failure('TIMEOUT', `no answer within ${withinMs} ms`)),
    )
    this.#work(run, request).then((result) => {
      cancel()
      run.end()
      settle(result)
    })
    return { outcome, abort: () => stop(failure('ABORTED', 'given up by the caller')) }
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
    const { spec, path, kind, context, session } = request
    try {
      const checked = await this.#input(request)
      if (checked.issues) {
        const message = `the input of '${path}' does not fit its schema: ${firstIssue(checked.issues)}`
        return { failure: failure('VALIDATION', message, checked.issues) }
      }
      run.input = checked.value
      let returned: unknown
      await this.#inside({ kind, path, context, session }, async () => {
        returned = await request.handler(run)
        await run.stored()
      })
      if (!spec.output) return {}
      const output = await parseAsync(spec.output, returned)
      if (output.issues) throw new Error(`returned a value that does not fit: ${firstIssue(output.issues)}`)
      return { output: this.#codec.encode(output.value) }
    } catch (error) {
      const { codec, report, clock } = this.#topics
      return {
        failure: failureOf(error, { path, errors: spec.errors, codec, report, newId: () => clock.secret() }),
      }
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

/** What a handler gets. Costly parts are made when they are asked for: most handlers ask for few. */
export class HandlerRun {
  input: unknown
  readonly params: unknown
  readonly context: unknown
  readonly session: unknown
  readonly request: Request | undefined
  readonly #request: RunRequest
  readonly #topics: Topics
  readonly #bind: (emits: BoundEmits) => unknown
  /** Made when a handler asks for it: it costs as much as all the rest of a small call. */
  #abort: AbortController | undefined
  #stopped: ParleyError | undefined
  #emits: BoundEmits | undefined
  #bound: unknown
  #over = false

  constructor(request: RunRequest, topics: Topics, bind: (emits: BoundEmits) => unknown) {
    this.params = request.topic?.params
    this.context = request.context
    this.session = request.session
    this.request = request.request
    this.#request = request
    this.#topics = topics
    this.#bind = bind
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController()
      if (this.#stopped) this.#abort.abort(this.#stopped)
    }
    return this.#abort.signal
  }

  /** The declared errors, each a function from its data to an error to throw. */
  get errors(): Record<string, (data?: unknown, message?: string) => ParleyError> {
    const entries = [...this.#request.spec.errors.keys()].map(
      (code) =>
        [
          code,
          (data?: unknown, message?: string) => new ParleyError(code, message ?? code, { data }),
        ] as const,
    )
    return Object.fromEntries(entries)
  }

  /** The hub's channels, bound to this run. */
  get topics(): unknown {
    this.#bound ??= this.#bind(this.#bounds())
    return this.#bound
  }

  /** Emits on the message's own topic. */
  get emit(): (name: string, data: unknown, options?: { id?: string }) => Promise<string> {
    return (name, data, options = {}) => this.#bounds().emit(this.#topic(), name, data, options)
  }

  /** The same, to all but the sender. */
  get others(): { emit(name: string, data: unknown, options?: { id?: string }): Promise<string> } {
    const { client } = this.#request
    const except = client === undefined ? {} : { except: client }
    return {
      emit: (name, data, options = {}) =>
        this.#bounds().emit(this.#topic(), name, data, { ...options, ...except }),
    }
  }

  stored(): Promise<void> {
    return this.#emits ? this.#emits.stored() : Promise.resolve()
  }

  stop(reason: ParleyError): void {
    this.end()
    this.#stopped ??= reason
    this.#abort?.abort(reason)
  }

  end(): void {
    this.#over = true
    this.#emits?.end()
  }

  #topic(): Topic {
    const { topic, path } = this.#request
    if (!topic) throw new ParleyError('NOT_FOUND', `'${path}' is a call and has no topic: use topics`)
    return topic
  }

  #bounds(): BoundEmits {
    if (!this.#emits) {
      this.#emits = new BoundEmits(this.#topics)
      if (this.#over) this.#emits.end()
    }
    return this.#emits
  }
}
