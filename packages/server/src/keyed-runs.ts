/**
 * Runs under a key. The promise: what comes again under the key that it had is not run again; it is answered with the
 * one outcome that there is or will be, or told that nobody knows.
 *
 *   look up --unknown--> may it run, does its input fit --> intent recorded --> handler --> outcome recorded --> answered
 *
 * - Whoever asks while it runs waits for its outcome. Giving up ends this waiting alone: the run belongs to its key,
 *   and goes on to its end or its deadline.
 * - What is refused before its intent is recorded has not run, and is not remembered.
 * - An intent without an outcome, and no run of it here: the process died within it, or the outcome could not be
 *   stored. It may have run, so it is OUTCOME_UNKNOWN and never tried again.
 * - The outcome and what a `once` handler emitted are recorded together; a failure, a passed deadline included, is an
 *   outcome, and nothing that its run emitted is kept.
 */
import { createHash } from 'node:crypto'
import { ParleyError, type Report } from '@parley/shared'
import type { Clock } from '@parley/shared/internal'
import { type Failure, failure } from './failure.js'
import type { HandlerRun, RunKey, RunRequest } from './handler-run.js'
import type { OnceRecord, OnceStore } from './logs/log.js'
import { type Outcome, outcomeFromText, outcomeToText } from './outcome-text.js'
import { answered, givenUp, type Running, tooLate } from './running.js'

/** One run, as far as its key has to know it. */
export interface Steps {
  readonly run: HandlerRun
  readonly request: RunRequest
  readonly store: OnceStore
  readonly keepMs: number
  readonly withinMs: number
  /** Asks whether it may run and checks its input; then gives the outcome of `go`, or that of the refusal. Never rejects. */
  prepare(go: () => Promise<Outcome>): Outcome | Promise<Outcome>
  /** The handler and its output. Never rejects. */
  perform(): Outcome | Promise<Outcome>
  /** What the caller is told where the store failed, and nothing ran. */
  readonly failed: (error: unknown) => Outcome
}

export class KeyedRuns {
  readonly #clock: Clock
  readonly #report: (report: Report) => void
  readonly #alive = new Map<string, SharedRun>()

  constructor(clock: Clock, report: (report: Report) => void) {
    this.#clock = clock
    this.#report = report
  }

  start(key: RunKey, steps: Steps): Running {
    const id = digest(key.id)
    const mark = markOf(key, steps.request)
    const alive = this.#alive.get(id)
    if (alive) {
      const other = otherRequest(alive.mark, mark)
      return other ? answered(other) : alive.join()
    }
    const shared = new SharedRun(mark)
    this.#alive.set(id, shared)
    void this.#toDeadline(id, mark, steps).then((outcome) => {
      steps.run.end()
      this.#alive.delete(id)
      shared.settle(outcome)
    })
    return shared.join()
  }

  /** Holds a run to its deadline; from its intent on, that is an outcome to be recorded as well. */
  #toDeadline(id: string, mark: string, steps: Steps): Promise<Outcome> {
    const { run, withinMs } = steps
    const state = { begun: false }
    let expire: (outcome: Outcome) => void
    const expired = new Promise<Outcome>((resolve) => {
      expire = resolve
    })
    const cancel = this.#clock.after(withinMs, () => {
      const late = tooLate(withinMs)
      expire({ failure: late })
      run.stop(new ParleyError(late.code, late.message))
    })

    const go = async (): Promise<Outcome> => {
      if (run.stopped) return expired
      state.begun = true
      const known = await steps.store.begin(id, mark, steps.keepMs)
      if (known) return recalled(known, mark)
      const outcome = await Promise.race([expired, steps.perform()])
      run.end()
      return this.#record(id, mark, steps, outcome)
    }
    const work = async (): Promise<Outcome> => {
      const known = await steps.store.find(id)
      return known ? recalled(known, mark) : steps.prepare(go)
    }
    const working = work().catch(steps.failed)
    void working.then(cancel)
    return Promise.race([working, expired.then((late) => (state.begun ? working : late))])
  }

  async #record(id: string, mark: string, steps: Steps, outcome: Outcome): Promise<Outcome> {
    const { run, request, store, keepMs } = steps
    try {
      const record = { request: mark, result: outcomeToText(outcome) }
      await store.finish(id, record, keepMs, outcome.failure ? [] : run.held())
      return outcome
    } catch (error) {
      const message = 'ran, and what came of it could not be stored: its caller is told OUTCOME_UNKNOWN'
      this.#report({ kind: 'log-failed', path: request.path, message, error })
      return { failure: failure('OUTCOME_UNKNOWN', 'it ran, but what came of it could not be stored') }
    }
  }
}

/** What all who ask for one run share. */
class SharedRun {
  readonly mark: string
  readonly #outcome: Promise<Outcome>
  #resolve: (outcome: Outcome) => void = () => {}
  #waiting: (() => void)[] | undefined = []

  constructor(mark: string) {
    this.mark = mark
    this.#outcome = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  settle(outcome: Outcome): void {
    this.#resolve(outcome)
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    for (const call of waiting) call()
  }

  join(): Running {
    let leave: (outcome: Outcome) => void
    const left = new Promise<Outcome>((resolve) => {
      leave = resolve
    })
    return {
      outcome: Promise.race([this.#outcome, left]),
      whenOver: (call) => {
        if (this.#waiting) this.#waiting.push(call)
        else call()
      },
      abort: () => leave({ failure: givenUp }),
    }
  }
}

/** The outcome that a record holds, for who asks with this mark. */
function recalled({ request, result }: OnceRecord, mark: string): Outcome {
  const other = otherRequest(request, mark)
  if (other) return { failure: other }
  return result === undefined ? { failure: unknown } : outcomeFromText(result)
}

const unknown: Failure = failure(
  'OUTCOME_UNKNOWN',
  'it was asked for before, and may have run; what came of it is not known',
)

/** Why what is known of a key is not for this request. */
function otherRequest(known: string, mark: string): Failure | undefined {
  if (known === mark) return undefined
  const [member] = known.split('.')
  return mark.startsWith(`${member}.`)
    ? failure('CONFLICT', 'something else was asked for under the same key')
    : failure('OUTCOME_UNKNOWN', 'another member asked for it, and alone is told what came of it')
}

/** Who asks, and for what: two of a request that are the same have the same one. */
function markOf({ member }: RunKey, { path, topic, input }: RunRequest): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([path, topic?.key, input?.json, input?.meta]))
  for (const blob of input?.blobs ?? []) hash.update(`.${blob.length}.`).update(blob)
  return `${member === undefined ? '' : digest(member)}.${hash.digest('base64url')}`
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
