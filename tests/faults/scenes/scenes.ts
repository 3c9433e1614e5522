import { herd } from './herd.js'
import { load } from './load.js'
import { everyPhase } from './phases.js'
import { restart } from './restart.js'
import { unacknowledged } from './unacknowledged.js'

/** What can be played in a process of its own, by name. */
export const scenes = { load, phases: everyPhase, restart, unacknowledged, herd } as const
