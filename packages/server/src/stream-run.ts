/**
 * Runs the generator of one stream, value by value, as it is asked for. The promise: nothing is taken from it that was
 * not asked for; each value and the result are checked and encoded; and whoever gives it up has an answer at once,
 * while the generator is told by its signal first and by `return` after that, and may take its time.
 */
import { ParleyError } from '@parley/shared'
import { type Encoded, parse } from '@parley/shared/internal'
import { type Failure, failure } from './failure.js'
import type { HandlerRun, StreamRequest } from './handler-run.js'
import { firstIssue } from './issues.js'
import type { Outcome } from './outcome-text.js'
import { givenUp, type Running } from './running.js'
import type { Topics } from './topics.js'

/** A stream that runs. */
export interface RunningStream extends Running {
  readonly outcome: Promise<Outcome>
  /** Asks for one more value. It is given to `yielded`, unless the stream ends first. */
  pull(): void
}

export interface StreamRunOptions {
  readonly request: StreamRequest
  readonly run: HandlerRun
  readonly topics: Topics
  /** A value is there. */
  readonly yielded: (value: Encoded) => void
  /** Checks the input; what it gives is why there is nothing to run. */
  readonly check: () => Promise<Outcome | undefined>
  /** Does the work inside `around`. */
  readonly inside: (work: () => Promise<void>) => Promise<void>
  readonly output: (returned: unknown) => Outcome | Promise<Outcome>
  /** What the caller is told of an error, which is reported where that is due. */
  readonly failed: (error: unknown) => Outcome
}

/** How long a generator that was told to stop may take before somebody hears of it. */
const stopMs = 10_000
/** So many values of a `finally` are dropped; one that yields without end is left where it stands. */
const mostDropped = 100

type Generator = AsyncGenerator<unknown, unknown, void>

export class StreamRun implements RunningStream {
  readonly outcome: Promise<Outcome>
  readonly #options: StreamRunOptions
  #settle!: (outcome: Outcome) => void
  #generator: Generator | undefined
  /** `return` was called: settles when the generator is done. */
  #ending: Promise<void> | undefined
  #driving: Promise<unknown> | undefined
  #isDriving = false
  #isPulled = false
  #wake: (() => void) | undefined
  /** An error that the caller has been told of. */
  #told: unknown
  #isOver = false
  #onOver: (() => void) | undefined
  #stopWatching: (() => void) | undefined

  constructor(options: StreamRunOptions) {
    this.#options = options
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve
    })
    void this.#run()
  }

  pull(): void {
    this.#isPulled = true
    this.#goOn()
  }

  abort(): void {
    this.#stop(givenUp)
  }

  whenOver(call: () => void): void {
    if (this.#isOver) call()
    else this.#onOver = call
  }

  async #run(): Promise<void> {
    const outcome = await this.#work().catch((error: unknown) =>
      error === this.#told ? {} : this.#options.failed(error),
    )
    this.#settle(outcome)
    // `around` may have ended without waiting for what it goes round
    if (this.#isDriving) this.#stop(failure('ABORTED', 'its run is over'))
    await this.#driving?.catch(() => {})
    this.#options.run.end()
    this.#stopWatching?.()
    this.#isOver = true
    this.#onOver?.()
  }

  async #work(): Promise<Outcome> {
    const { run, inside, check, output } = this.#options
    const refused = await check()
    if (refused) return refused
    let returned: unknown
    await inside(async () => {
      if (run.stopped || this.#isOver) throw run.stopped ?? new Error('`around` called next() too late')
      this.#driving = this.#drive()
      returned = await this.#driving
      await run.stored()
    })
    return output(returned)
  }

  async #drive(): Promise<unknown> {
    const { run, request } = this.#options
    this.#isDriving = true
    try {
      const generator = generatorOf(request.handler(run))
      this.#generator = generator
      const returned = await this.#takeAll(generator)
      if (!run.stopped) return returned
      await this.#ending
      throw run.stopped
    } finally {
      this.#isDriving = false
    }
  }

  /** Takes each value that is asked for, until the generator returns or is told to stop. */
  async #takeAll(generator: Generator): Promise<unknown> {
    const { run } = this.#options
    for (;;) {
      if (!this.#isPulled && !run.stopped) await this.#turn()
      if (run.stopped) return undefined
      this.#isPulled = false
      const { done, value } = await generator.next()
      if (done || run.stopped) return value // what it gives after that is nobody's
      await this.#give(value)
    }
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #goOn(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  async #give(value: unknown): Promise<void> {
    const { run, request, topics, yielded, failed } = this.#options
    try {
      const parsed = parse(request.spec.yields, value)
      const { value: checked, issues } = parsed instanceof Promise ? await parsed : parsed
      if (issues) throw new Error(`yielded a value that does not fit: ${firstIssue(issues)}`)
      if (!run.stopped) yielded(topics.codec.encode(checked))
    } catch (error) {
      this.#told = error
      const { failure: told } = failed(error)
      if (told) this.#stop(told)
      await this.#ending
      throw error
    }
  }

  /** Answers, and tells the generator: by its signal first, so that what waits on that throws. */
  #stop(early: Failure): void {
    const { run, topics, request } = this.#options
    this.#settle({ failure: early })
    if (run.stopped || this.#isOver) return
    run.stop(new ParleyError('ABORTED', early.message))
    if (this.#generator) {
      this.#ending = end(this.#generator)
      this.#ending.catch(() => {}) // heard of where it is awaited, once `next` has settled
    }
    this.#goOn()
    this.#stopWatching = topics.clock.after(stopMs, () => {
      const message = `was given up ${stopMs / 1_000} s ago and still runs: heed \`signal\` in its handler`
      topics.report({ kind: 'stream-stuck', path: request.path, message })
    })
  }
}

/** Lets a generator end where it stands, or where it stops next: a `finally` that yields is taken to its end. */
async function end(generator: Generator): Promise<void> {
  let { done } = await generator.return(undefined)
  for (let dropped = 1; !done && dropped < mostDropped; dropped++) ({ done } = await generator.next())
  if (!done) throw new Error(`its \`finally\` yielded ${mostDropped} times: it was left where it stands`)
}

function generatorOf(made: unknown): Generator {
  const { next, return: end } = (made ?? {}) as Partial<Generator>
  if (typeof next === 'function' && typeof end === 'function') return made as Generator
  throw new Error('the handler of a stream is an async generator: async function* ({ input }) { ... }')
}
