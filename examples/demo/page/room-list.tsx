import { NewRoom } from './new-room.js'
import { Panel } from './panel.js'
import { RoomLink } from './room-link.js'
import { useRooms } from './use-rooms.js'
import { useUnread } from './use-unread.js'

export function RoomList({ chosen }: { readonly chosen: string }) {
  const rooms = useRooms()
  const unread = useUnread(chosen)
  return (
    <Panel name="rooms" title="Rooms" about="Calls with typed errors: open a room whose name is taken.">
      <nav aria-label="Rooms">
        <ul className="room-list">
          {rooms.map(({ id, name, by }) => (
            <li key={id}>
              <RoomLink id={id} aria-current={id === chosen ? 'page' : undefined} title={`Opened by ${by}`}>
                <span className="room-name">{name}</span>
                {unread.has(id) && (
                  <span className="unread">
                    {unread.get(id)}
                    <span className="visually-hidden"> unread</span>
                  </span>
                )}
              </RoomLink>
            </li>
          ))}
        </ul>
      </nav>
      <NewRoom />
    </Panel>
  )
}
