import { ParleyError } from '@parley/shared'
import { useCallback, useEffect, useRef, useState } from 'react'
import { client } from './client.js'
import { heard } from './heard.js'

/** How an import stands: what of it is done, and what came of it once it is over. */
export interface Import {
  readonly done: number
  readonly of: number
  readonly running: boolean
  readonly outcome: string
}

const rows = Array.from({ length: 400 }, (_, index) => `row ${index % 390}`)
const rest: Import = { done: 0, of: rows.length, running: false, outcome: '' }

/** What an import comes to when it does not come to its end, in words. */
const outcomes: Readonly<Record<string, string>> = {
  ABORTED: 'Cancelled here: the server is asked to stop.',
  OUTCOME_UNKNOWN: 'Server lost: nobody can say how far it got.',
}
const stopped = 'Cancelled: the server stopped as well.'

/** Imports some rows: a loop over the stream's progress, then its result. A cut of the link is not seen here at all. */
export function useImport() {
  const [state, setState] = useState(rest)
  const run = useRef<ReturnType<typeof client.importRows>>(undefined)
  const cancel = useCallback(() => run.current?.cancel(), [])
  useEffect(() => cancel, [cancel])

  const start = useCallback(async () => {
    const mine = client.importRows(rows)
    run.current = mine
    setState({ ...rest, running: true })
    const over = (outcome: string) => setState((before) => ({ ...before, running: false, outcome }))
    try {
      for await (const progress of mine) setState({ ...progress, running: true, outcome: '' })
      const { different } = await mine.result
      over(`Imported: ${different} different rows.`)
    } catch (error) {
      if (!(error instanceof ParleyError)) throw error
      over(outcomes[error.code] ?? error.message)
      if (error.code === 'ABORTED' && (await heard()) && run.current === mine) over(stopped)
    }
  }, [])

  return { state, start, cancel }
}
