/** How a router that is served by itself stops: when it is asked to, or at a signal. */
import type { RouterInside } from '../router.js'
import { checkMs } from '../shell/options.js'
import { stopAtSignals } from './signals.js'

/** The server that it is served by. */
export interface Stoppable {
  /** Takes no new connection; what is open stays open. */
  unlisten(): void
  /** Ends what is left, and frees the port. */
  end(): Promise<void>
}

export type Stop = (options?: { readonly within?: number }) => Promise<void>

/** @param termMs how long SIGTERM lets what runs finish. */
export function stopOf({ core, close }: RouterInside, termMs: number, server: Stoppable): Stop {
  let stopping: Promise<void> | undefined
  const leave = async (within: number): Promise<void> => {
    server.unlisten()
    try {
      if (within > 0) await core.draining.start(within)
      await close()
    } finally {
      forgetSignals()
      await server.end()
    }
  }
  const stop: Stop = async ({ within = 0 } = {}) => {
    checkMs('within', within)
    if (stopping && core.draining.isOn) void core.draining.start(within)
    stopping ??= leave(within)
    return stopping
  }
  const forgetSignals = stopAtSignals({
    within: termMs,
    stop,
    failed: (error) => core.report({ kind: 'log-failed', message: 'the log could not be closed', error }),
  })
  return stop
}
