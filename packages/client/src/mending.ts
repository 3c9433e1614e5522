/**
 * Loads a state anew after a hole, until that succeeds: once at a time, the first time almost at once, then with
 * back-off, which a mend forgets only where no other hole came soon after it.
 *
 * What else is lost while it loads needs no other load: whoever reads on from the loaded position meets that hole if
 * it lies above, and else the loaded state has what was in it.
 */
import { ParleyError } from '@parley/shared'
import { clientDefaults, parsePosition } from '@parley/shared/internal'
import { backoffMs, soonMs } from './core/backoff.js'
import type { Surroundings } from './shell/surroundings.js'

/** A state, and where to read on from. */
export interface Loaded {
  readonly data: unknown
  readonly position: string
}

/** Gives nothing where there is nothing to load with. */
export type Load = () => PromiseLike<Loaded> | undefined

export interface Mending {
  /** There is a hole. */
  readonly begin: () => void
  /** It was loaded by somebody else: what is under way counts for nothing. */
  readonly loaded: () => void
  /** Nobody looks: what is under way counts for nothing, however late it comes. */
  readonly stop: () => void
}

export function createMending(
  { clock, report, key }: Surroundings,
  load: Load,
  mended: (loaded: Loaded) => void,
): Mending {
  /** Gives up what is under way. */
  let cancel: (() => void) | undefined
  let attempts = 0
  let isTold = false
  let mendedAtMs = Number.NEGATIVE_INFINITY

  function arm(): void {
    // spread even the first: what made this hole made one for everybody
    const waitMs = attempts === 0 ? soonMs(clock.random()) : backoffMs(attempts - 1, clock.random())
    cancel = clock.after(waitMs, () => void run())
  }

  async function run(): Promise<void> {
    let isWanted = true
    cancel = () => {
      isWanted = false
    }
    attempts++
    try {
      const loading = load()
      const loaded = loading && withPosition(await loading, 'load')
      if (!isWanted) return
      succeed()
      if (loaded) mended(loaded)
    } catch (error) {
      if (!isWanted) return
      if (!isTold) {
        const message = 'what was lost could not be loaded; it is tried again'
        report({ kind: 'load-failed', path: key, message, error })
      }
      isTold = true
      arm()
    }
  }

  function stop(): void {
    cancel?.()
    cancel = undefined
  }

  function succeed(): void {
    stop()
    isTold = false
    mendedAtMs = clock.now()
  }

  return {
    begin() {
      if (cancel) return
      if (clock.now() - mendedAtMs >= clientDefaults.steadyMs) attempts = 0
      arm()
    },
    loaded() {
      if (cancel) succeed()
    },
    stop,
  }
}

/** A position that is none would be read on from "now", with a hole that nobody is told of. */
export function withPosition<L extends Loaded>(loaded: L, name: string): L {
  const position: unknown = loaded?.position
  if (typeof position === 'string' && parsePosition(position)) return loaded
  const message = `${name}: ${JSON.stringify(position)} is no position; give what hub.snapshot gave`
  throw new ParleyError('BAD_OPTIONS', message)
}
