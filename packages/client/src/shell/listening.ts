/** Calls what the application gave to be called: what it throws, or rejects with, is reported, and harms nobody. */
import type { Report } from '@parley/shared'

/** A listener failed; `name` is what it listens for. */
export type ListenerFailed = (name: string, error: unknown) => void

/** @param path What the listeners belong to, for reports. */
export function listenerFailure(path: string, report: (report: Report) => void): ListenerFailed {
  return (name, error) =>
    report({ kind: 'listener-failed', message: `a listener of '${name}' threw`, path, error })
}

/** Calls a listener. */
export type CallListener = (name: string, run: () => unknown) => void

export function listenerCaller(failed: ListenerFailed): CallListener {
  return (name, run) => {
    try {
      const result = run()
      if (result instanceof Promise) result.catch((error: unknown) => failed(name, error))
    } catch (error) {
      failed(name, error)
    }
  }
}
