/** The calls and messages of one session, from the order to run them to their answer. */
import type { Answer } from '../core/answers.js'
import type { Run } from '../core/session.js'
import type { Outcome, Running } from '../dispatch.js'

interface RunsOptions {
  readonly start: (run: Run) => Running
  readonly answered: (answer: Answer) => void
  /** Nothing of it goes on any more: what waits behind it may run. */
  readonly over: (id: number) => void
}

export class Runs {
  readonly #options: RunsOptions
  readonly #running = new Map<number, Running>()

  constructor(options: RunsOptions) {
    this.#options = options
  }

  run(run: Run): void {
    const running = this.#options.start(run)
    const { outcome } = running
    if (outcome instanceof Promise) {
      this.#running.set(run.id, running)
      outcome.then((settled) => this.#settled(run, running, settled))
    } else this.#settled(run, running, outcome)
  }

  /** Tells it to stop, and answers for it. */
  abort(id: number): void {
    this.#running.get(id)?.abort()
  }

  #settled(run: Run, running: Running, outcome: Outcome): void {
    if (run.id > 0) this.#options.answered(answerOf(run.id, outcome))
    // one that was given up has its answer, and holds up what is behind it as long as it runs
    running.whenOver(() => {
      this.#running.delete(run.id)
      this.#options.over(run.id)
    })
  }
}

function answerOf(id: number, { failure: failed, output }: Outcome): Answer {
  if (!failed) return output ? { type: 'ok', id, output } : { type: 'ok', id }
  const { status: _status, ...error } = failed
  return { type: 'err', id, ...error }
}
