import { useEffect, useState } from 'react'
import { client } from './client.js'
import { came, emptyLane, type LinkLane, linked } from './link-lane.js'

/** Watches the connection, and whether the counter's numbers come live or from the log. */
export function useLinkLane(): LinkLane {
  const [lane, setLane] = useState(emptyLane)
  useEffect(() => {
    const { connection, ticks } = client
    const look = () => {
      const { status } = connection.getSnapshot()
      const at = Date.now()
      setLane((before) => linked(before, status, at))
    }
    look()
    const stopLooking = connection.subscribe(look)
    const stopReading = ticks.on('tick', (_, details) => {
      const at = Date.now()
      setLane((before) => came(before, details, at))
    })
    return () => {
      stopLooking()
      stopReading()
    }
  }, [])
  return lane
}
