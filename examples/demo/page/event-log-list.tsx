import { entriesOf, offsetOf } from './event-log.js'
import type { LinkLane } from './link-lane.js'
import { useRoomId } from './use-room-id.js'
import { useRoomPosition } from './use-room-position.js'

const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

/** Not announced line by line: what of it matters at once, the status of the connection says. */
export function EventLogList({ lane }: { readonly lane: LinkLane }) {
  const roomId = useRoomId()
  const position = useRoomPosition(roomId)
  const entries = entriesOf(lane)
  return (
    <div className="event-log">
      <h3 id="event-log">What the library did</h3>
      <ol aria-labelledby="event-log">
        {entries.length === 0 && <li>Nothing yet.</li>}
        {entries.map(({ at, tone, text }, i) => (
          <li key={i} className={`entry entry-${tone}`}>
            <time>{clock.format(at)}</time>
            <span title={text}>{text}</span>
          </li>
        ))}
      </ol>
      <p className="positions">
        Read up to: counter <b data-position="counter">{lane.position ? offsetOf(lane.position) : '…'}</b>, #
        {roomId} <b data-position="room">{position ? offsetOf(position) : '…'}</b>
      </p>
    </div>
  )
}
