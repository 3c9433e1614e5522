import { Chat } from './chat.js'
import { Counter } from './counter.js'
import { Header } from './header.js'
import { ImportPanel } from './import-panel.js'
import { LinkPanel } from './link-panel.js'
import { Notices } from './notices.js'
import { RoomList } from './room-list.js'
import { useRoomId } from './use-room-id.js'

export function App() {
  const id = useRoomId()
  return (
    <>
      <a className="skip" href="#message">
        Skip to the message field
      </a>
      <Header />
      <main className="layout">
        <Counter />
        <LinkPanel />
        <ImportPanel />
        <RoomList chosen={id} />
        <Chat key={id} id={id} />
        <Notices id={id} />
      </main>
    </>
  )
}
