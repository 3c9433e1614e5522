/** What is worth another try. What the link loses Parley repeats by itself; these are answers. */
import { ParleyError } from '@parley/shared'

/** With these nothing ran. */
const neverRan: ReadonlySet<string> = new Set(['OUTBOX_FULL', 'OVERLOADED', 'RATE_LIMITED'])

/** With these something may have run. */
const mayHaveRun: ReadonlySet<string> = new Set(['OUTCOME_UNKNOWN', 'TIMEOUT'])

/** The most that is tried again. */
const retries = 3

export function isUnknown(error: unknown): boolean {
  return error instanceof ParleyError && mayHaveRun.has(error.code)
}

/** A query is of a call that may run again. */
export function retryQuery(failures: number, error: unknown): boolean {
  return isUnknown(error) || retryMutation(failures, error) ? failures < retries : false
}

export function retryMutation(failures: number, error: unknown): boolean {
  return failures < retries && error instanceof ParleyError && neverRan.has(error.code)
}
