/** A run as whoever asked for it sees it. */
import { type Failure, failure } from './failure.js'
import type { Outcome } from './outcome-text.js'

/** A run that can be told to stop. */
export interface Running {
  /** What the caller is told; at once where nothing had to be waited for. One that gives up is answered at once. */
  readonly outcome: Outcome | Promise<Outcome>
  /** Calls back once when nothing of the run goes on any more, or its deadline has passed: never before the outcome is settled. */
  whenOver(call: () => void): void
  abort(): void
}

/** A run that is over already. */
export function over(outcome: Outcome): Running {
  return { outcome, whenOver: (call) => call(), abort: () => {} }
}

/** A run that was over before it began. */
export function answered(failure: Failure): Running {
  return over({ failure })
}

/** What a caller is told whose run has passed its deadline. */
export function tooLate(withinMs: number): Failure {
  return failure('TIMEOUT', `no answer within ${withinMs} ms`)
}

/** What a caller that gives up is told. */
export const givenUp: Failure = failure('ABORTED', 'given up by the caller')
