/** What is worth another try. What the link loses Parley repeats by itself; these are answers. */
import { ParleyError } from '@parley/shared'

/** With these nothing ran. */
const neverRan: ReadonlySet<string> = new Set(['OUTBOX_FULL', 'OVERLOADED', 'RATE_LIMITED'])

/** With these something may have run. */
const mayHaveRun: ReadonlySet<string> = new Set(['OUTCOME_UNKNOWN', 'TIMEOUT'])

/** The most that is tried again. */
const retries = 3

function isRefused(error: unknown): boolean {
  return error instanceof ParleyError && neverRan.has(error.code)
}

export function isUnknown(error: unknown): boolean {
  return error instanceof ParleyError && mayHaveRun.has(error.code)
}

export function retryMutation(failures: number, error: unknown): boolean {
  return failures < retries && isRefused(error)
}

/** What every query begins with. In this `networkMode` TanStack fetches nothing as the browser comes online, unless asked to. */
export const queryDefaults = {
  networkMode: 'always',
  refetchOnReconnect: true,
  /** A query is of a call that may run again. A server that renders does not keep its page waiting for that. */
  retry: (failures: number, error: unknown): boolean =>
    typeof window !== 'undefined' && failures < retries && (isUnknown(error) || isRefused(error)),
} as const
