/** What a handler is given, and what its run is made of. */
import { ParleyError } from '@parley/shared'
import type { CallSpec, MessageSpec, Received, StreamSpec, Topic } from '@parley/shared/internal'
import { BoundEmits } from './bound.js'
import type { OnceEmit } from './logs/log.js'
import type { Topics } from './topics.js'

/** A handler as the router stores it; its types were checked where it was written. */
export type AnyHandler = (run: HandlerRun) => unknown

/** What is asked of any handler. */
export interface HandlerRequest {
  /** For reports and `around`: the path of the call or stream, or the channel's and the message's name. */
  readonly path: string
  readonly spec: Pick<CallSpec, 'input' | 'output' | 'errors'>
  readonly handler: AnyHandler
  readonly topic: Topic | undefined
  readonly input: Received | undefined
  readonly context: unknown
  readonly session: unknown
  readonly client: string | undefined
  /** The request, over HTTP. */
  readonly request: Request | undefined
}

/** Gives the position; where what is emitted is held there is none yet. */
type BoundEmit = (name: string, data: unknown, options?: { id?: string }) => Promise<string | undefined>

/** What makes a request the same when it comes again. */
export interface RunKey {
  /** Nobody else can have it, nor guess it. */
  readonly id: string
  /** The member who asks, where the key alone does not say so: another one is told nothing of the outcome. */
  readonly member: string | undefined
}

export interface RunRequest extends HandlerRequest {
  readonly kind: 'message' | 'call'
  readonly spec: CallSpec | MessageSpec
  /** 0: the default. */
  readonly withinMs: number
  /** What makes a repeat of it the same run; absent where nothing does. Always there for what is `once`. */
  readonly key: RunKey | undefined
  /** Asked first, where `join` has not yet allowed the topic. */
  readonly mayRun: (() => Promise<boolean>) | undefined
}

export interface StreamRequest extends HandlerRequest {
  readonly spec: StreamSpec
}

/** What a handler gets. Costly parts are made when they are asked for: most handlers ask for few. */
export class HandlerRun {
  input: unknown
  readonly params: unknown
  readonly context: unknown
  readonly session: unknown
  readonly request: Request | undefined
  readonly #request: HandlerRequest
  readonly #topics: Topics
  readonly #bind: (emits: BoundEmits) => unknown
  readonly #holds: boolean
  /** Made when a handler asks for it: it costs as much as all the rest of a small call. */
  #abort: AbortController | undefined
  #stopped: ParleyError | undefined
  #emits: BoundEmits | undefined
  #bound: unknown
  #over = false

  /** @param holds keep what it emits, to be stored with its outcome. */
  constructor(
    request: HandlerRequest,
    topics: Topics,
    bind: (emits: BoundEmits) => unknown,
    holds: boolean = false,
  ) {
    this.params = request.topic?.params
    this.context = request.context
    this.session = request.session
    this.request = request.request
    this.#request = request
    this.#topics = topics
    this.#bind = bind
    this.#holds = holds
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
  get emit(): BoundEmit {
    return (name, data, options = {}) => this.#bounds().emit(this.#topic(), name, data, options)
  }

  /** The same, to all but the sender. */
  get others(): { readonly emit: BoundEmit } {
    const { client } = this.#request
    const except = client === undefined ? {} : { except: client }
    return {
      emit: (name, data, options = {}) =>
        this.#bounds().emit(this.#topic(), name, data, { ...options, ...except }),
    }
  }

  /** Why it was told to stop, if it was. */
  get stopped(): ParleyError | undefined {
    return this.#stopped
  }

  /** Resolves when everything emitted is stored; nothing where nothing was. */
  stored(): Promise<void> | undefined {
    return this.#emits?.stored()
  }

  /** What is to be stored with the outcome. */
  held(): readonly OnceEmit[] {
    return this.#emits?.held ?? []
  }

  tellUnstored(tell: (error: unknown) => void): void {
    this.#emits?.tellUnstored(tell)
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
    if (!topic) throw new ParleyError('NOT_FOUND', `'${path}' has no topic of its own: use topics`)
    return topic
  }

  #bounds(): BoundEmits {
    if (!this.#emits) {
      this.#emits = new BoundEmits(this.#topics, this.#holds)
      if (this.#over) this.#emits.end()
    }
    return this.#emits
  }
}
