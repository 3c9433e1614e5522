/** The signals that end a program: SIGTERM lets it finish, SIGINT and a second signal do not wait. */
export interface SignalOptions {
  /** How long SIGTERM lets it take, in ms. */
  readonly within: number
  /** Called again while it runs, it is to be over sooner. */
  readonly stop: (options: { readonly within: number }) => Promise<void>
  readonly failed: (error: unknown) => void
}

/** Stops, and then ends the program, at a signal. The result takes that back. */
export function stopAtSignals({ within, stop, failed }: SignalOptions): () => void {
  let isLeaving = false
  const onSignal = (signal: NodeJS.Signals): void => {
    const first = signal === 'SIGTERM' && !isLeaving ? within : 0
    isLeaving = true
    if (first === 0) forget() // the next one ends the program, whatever is still under way
    stop({ within: first }).then(
      () => process.exit(0),
      (error: unknown) => {
        failed(error)
        process.exit(1)
      },
    )
  }
  const forget = (): void => {
    process.off('SIGTERM', onSignal)
    process.off('SIGINT', onSignal)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  return forget
}
