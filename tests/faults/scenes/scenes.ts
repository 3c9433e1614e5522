import { herd } from './herd.js'
import { load } from './load.js'
import { everyPhase } from './phases.js'
import { restart } from './restart.js'
import type { SceneOptions } from './scene.js'
import { unacknowledged } from './unacknowledged.js'

/** What can be played in a process of its own, by name. */
export const scenes = {
  load,
  phases: everyPhase,
  restart,
  herd,
  'reply came': (options: SceneOptions) => unacknowledged('came', options),
  'reply was lost': (options: SceneOptions) => unacknowledged('was lost', options),
} as const
