import { useEffect, useState } from 'react'
import { client } from './client.js'
import { came, emptyLane, holed, type LinkLane, linked } from './link-lane.js'

/** Watches the connection, and whether the counter's numbers come live, from the log, or not at all any more. */
export function useLinkLane(): LinkLane {
  const [lane, setLane] = useState(emptyLane)
  useEffect(() => {
    const { connection, ticks } = client
    const look = () => {
      const snapshot = connection.getSnapshot()
      const at = Date.now()
      setLane((before) => linked(before, snapshot, at))
    }
    const stopLooking = connection.subscribe(look)
    const stopReading = ticks.read(({ gap, data, replayed, position }) => {
      const at = Date.now()
      setLane((before) =>
        gap ? holed(before, gap.reason, at) : came(before, { n: data.n, replayed, position }, at),
      )
    })
    look()
    return () => {
      stopLooking()
      stopReading()
    }
  }, [])
  return lane
}
