import type { HubCore } from './core.js'
import type { Draining } from './draining.js'
import type { Sessions } from './sessions.js'

/** A hub with all who are there: what the router, the transports and the adapters see of it. */
export interface LiveHub extends HubCore {
  readonly sessions: Sessions
  readonly draining: Draining
}
