/** The signals that end a program: SIGTERM lets it finish, SIGINT and a second signal do not wait. */
export interface SignalOptions {
  /** How long SIGTERM lets it take, in ms. */
  readonly within: number
  /** Called again while it runs, it is to be over sooner. */
  readonly stop: (options: { readonly within: number }) => Promise<void>
  readonly failed: (error: unknown) => void
}

/** Those of this program that a signal is stopping: the last one ends it. */
const leaving = new Set<object>()
let code = 0

/** Stops, and then ends the program, at a signal. The result takes that back. */
export function stopAtSignals({ within, stop, failed }: SignalOptions): () => void {
  const onSignal = (signal: NodeJS.Signals): void => {
    const first = signal === 'SIGTERM' && !leaving.has(onSignal) ? within : 0
    leaving.add(onSignal)
    if (first === 0) forget() // the next one ends the program, whatever is still under way
    stop({ within: first }).then(over, (error: unknown) => {
      failed(error)
      code = 1
      over()
    })
  }
  const over = (): void => {
    leaving.delete(onSignal)
    if (leaving.size > 0) return
    const last = code
    code = 0
    process.exit(last)
  }
  const forget = (): void => {
    process.off('SIGTERM', onSignal)
    process.off('SIGINT', onSignal)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  return forget
}
