import { useEffect, useState } from 'react'
import { client } from './client.js'
import { counted, gapped, nothing, type Tally } from './tally.js'

/** Counts the ticks from now on. `events()` gives a gap in its place, so the arithmetic sees it in order. */
export function useTally(): Tally {
  const [tally, setTally] = useState(nothing)
  useEffect(() => {
    const end = new AbortController()
    const count = async () => {
      for await (const step of client.ticks.events({ signal: end.signal })) {
        const arrived = Date.now()
        setTally((before) =>
          step.gap
            ? gapped(before)
            : counted(before, {
                n: step.data.n,
                at: step.data.at.getTime(),
                arrived,
                replayed: step.replayed,
              }),
        )
      }
    }
    void count()
    return () => {
      end.abort()
      setTally(nothing) // Strict Mode mounts twice: the second one counts for itself
    }
  }, [])
  return tally
}
