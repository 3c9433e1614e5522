import type { Report } from '@parley/shared'
import type { Clock } from '@parley/shared/internal'

/** What hooks need to know of the client that a topic is of. */
export interface Surroundings {
  readonly clock: Clock
  readonly report: (report: Report) => void
  /** The topic's key, for reports. */
  readonly key: string
}
