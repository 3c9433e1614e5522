import { useEffect, useMemo, useState } from 'react'
import { client, renaming } from './client.js'
import { came, drawnAt, holed, type LinkLane, linked } from './link-lane.js'
import { useLoaded } from './loaded.js'

/** Watches the connection, and whether the counter's numbers come live, from the log, or not at all any more. */
export function useLinkLane(): LinkLane {
  const {
    tick: { data, position },
  } = useLoaded()
  const n = data?.n
  const first = useMemo(() => drawnAt(n, position), [n, position])
  const [lane, setLane] = useState(first)
  useEffect(() => {
    const { connection, ticks } = client
    const look = () => {
      const snapshot = connection.getSnapshot()
      const at = Date.now()
      const renames = renaming.getSnapshot()
      setLane((before) => linked(before, snapshot, at, renames))
    }
    const stopLooking = connection.subscribe(look)
    // from where the counter counts from, so that both tell of the same numbers
    const stopReading = ticks.read(
      (step) => {
        const at = Date.now()
        setLane((before) =>
          step.gap
            ? holed(before, step.gap.reason, at)
            : came(before, { n: step.data.n, replayed: step.replayed, position: step.position }, at),
        )
      },
      { from: position },
    )
    look()
    return () => {
      stopLooking()
      stopReading()
      setLane(first) // Strict Mode mounts twice: the second one tells of its own
    }
  }, [first, position])
  return lane
}
