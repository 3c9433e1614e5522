/** The application's `onSession`: what runs at the start, and what that returned, at the end. */
import type { HubCore } from './core.js'
import type { ServerSession } from './session.js'

export class SessionHook {
  readonly #core: HubCore
  /** What the start returned. */
  #started: unknown
  #isStarting = false
  /** The reason of an end that the start itself brought about. */
  #early: string | undefined

  constructor(core: HubCore) {
    this.#core = core
  }

  begin(session: ServerSession, context: unknown): void {
    this.#isStarting = true
    this.#started = this.#guarded('failed', () => this.#core.application.onSession?.({ session, context }))
    this.#isStarting = false
    if (this.#early !== undefined) this.end(this.#early)
  }

  /** At once, unless the start takes its time: then after it. */
  end(reason: string): void {
    if (this.#isStarting) {
      this.#early = reason
      return
    }
    const started = this.#started
    this.#started = undefined
    this.#guarded('failed at the end', () =>
      started instanceof Promise ? started.then((end) => call(end, reason)) : call(started, reason),
    )
  }

  /** The result of `work`, or nothing where it failed: that is reported, and holds nobody up. */
  #guarded(message: string, work: () => unknown): unknown {
    const failed = (error: unknown): undefined => {
      this.#core.report({ kind: 'handler-failed', path: 'onSession', message, error })
    }
    try {
      const result = work()
      return result instanceof Promise ? result.catch(failed) : result
    } catch (error) {
      return failed(error)
    }
  }
}

function call(end: unknown, reason: string): unknown {
  return typeof end === 'function' ? end(reason) : undefined
}
