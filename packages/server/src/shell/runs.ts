/** The calls, messages and streams of one session, from the order to run them to their answer. */
import type { Received } from '@parley/shared/internal'
import type { Answer } from '../core/answers.js'
import type { Run } from '../core/session.js'
import type { Outcome } from '../outcome-text.js'
import type { Running } from '../running.js'
import type { RunningStream } from '../stream-run.js'

interface RunsOptions {
  readonly start: (run: Run) => Running
  readonly startStream: (id: number, path: string, input: Received | undefined) => Running | RunningStream
  readonly answered: (answer: Answer) => void
  /** Nothing of it goes on any more: what waits behind it may run. */
  readonly over: (id: number) => void
}

export class Runs {
  readonly #options: RunsOptions
  readonly #running = new Map<number, Running | RunningStream>()

  constructor(options: RunsOptions) {
    this.#options = options
  }

  run(run: Run): void {
    this.#watch(run.id, this.#options.start(run))
  }

  stream(id: number, path: string, input: Received | undefined): void {
    this.#watch(id, this.#options.startStream(id, path, input))
  }

  /** Asks a stream for one more value. */
  pull(id: number): void {
    const running = this.#running.get(id)
    if (running && 'pull' in running) running.pull()
  }

  /** Tells it to stop, and answers for it. */
  abort(id: number): void {
    this.#running.get(id)?.abort()
  }

  #watch(id: number, running: Running | RunningStream): void {
    const { outcome } = running
    if (outcome instanceof Promise) {
      this.#running.set(id, running)
      outcome.then((settled) => this.#settled(id, running, settled))
    } else this.#settled(id, running, outcome)
  }

  #settled(id: number, running: Running, outcome: Outcome): void {
    if (id > 0) this.#options.answered(answerOf(id, outcome))
    // one that was given up has its answer, and holds up what is behind it as long as it runs
    running.whenOver(() => {
      this.#running.delete(id)
      this.#options.over(id)
    })
  }
}

function answerOf(id: number, { failure: failed, output }: Outcome): Answer {
  if (!failed) return output ? { type: 'ok', id, output } : { type: 'ok', id }
  const { status: _status, ...error } = failed
  return { type: 'err', id, ...error }
}
