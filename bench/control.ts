/** What the load generator asks of a server process, over the channel that Bun opens between the two. */

export type Ask =
  /** Emit so many events: all in one turn of the event loop, or each in a turn of its own. */
  | { readonly ask: 'emit'; readonly count: number; readonly burst: boolean }
  /** How much processor time it has taken so far. */
  | { readonly ask: 'cpu' }

export type Answer =
  | { readonly answer: 'ready'; readonly port: number }
  | { readonly answer: 'emitted' }
  /** In microseconds, user and system together. */
  | { readonly answer: 'cpu'; readonly micros: number }

/** The server's end. */
export function obey(port: number, emit: () => void): void {
  const answer = (one: Answer): void => void process.send?.(one)
  process.on('message', async (ask: Ask) => {
    if (ask.ask === 'cpu') {
      const { user, system } = process.cpuUsage()
      answer({ answer: 'cpu', micros: user + system })
      return
    }
    for (let n = 0; n < ask.count; n++) {
      emit()
      if (!ask.burst) await nextTurn()
    }
    answer({ answer: 'emitted' })
  })
  process.on('disconnect', () => process.exit())
  answer({ answer: 'ready', port })
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
