import { useEffect, useMemo, useState } from 'react'
import { client } from './client.js'
import { useLoaded } from './loaded.js'
import { begun, counted, gapped, nothing, type Tally } from './tally.js'

/** Counts the ticks from the one on that came with the page. `events()` gives a gap in its place, so the arithmetic sees it in order. */
export function useTally(): Tally {
  const {
    tick: { data, position },
  } = useLoaded()
  const n = data?.n
  const first = useMemo(() => (n === undefined ? nothing : begun(n)), [n])
  const [tally, setTally] = useState(first)
  useEffect(() => {
    const end = new AbortController()
    const count = async () => {
      for await (const step of client.ticks.events({ from: position, signal: end.signal })) {
        const arrived = Date.now()
        setTally((before) =>
          step.gap
            ? gapped(before, step.gap.reason)
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
      setTally(first) // Strict Mode mounts twice: the second one counts for itself
    }
  }, [first, position])
  return tally
}
