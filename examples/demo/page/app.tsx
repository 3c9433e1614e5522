import { useState } from 'react'
import { Chat } from './chat.js'
import { Counter } from './counter.js'
import { Header } from './header.js'
import { ImportPanel } from './import-panel.js'
import { LinkPanel } from './link-panel.js'
import { useLoaded } from './loaded.js'
import { Notices } from './notices.js'
import { RoomList } from './room-list.js'
import { StatsLine } from './stats-line.js'
import { useRoomId } from './use-room-id.js'

export function App() {
  const id = useRoomId()
  const { roomId, messages } = useLoaded()
  // what the server drew of a room is of the page's first moment: who comes back to it later reads it anew
  const [left, setLeft] = useState(false)
  if (id !== roomId && !left) setLeft(true)
  const isFirst = id === roomId && !left
  return (
    <>
      <a className="skip" href="#message">
        Skip to the message field
      </a>
      <Header />
      <noscript>
        <p className="still">
          This is how it was when the page was loaded: the links to rooms work, and a reload shows what is
          new. Talking, and everything that is live, needs JavaScript.
        </p>
      </noscript>
      <main className="layout">
        <StatsLine />
        <Counter />
        <LinkPanel />
        <ImportPanel />
        <RoomList chosen={id} />
        <Chat
          key={id}
          id={id}
          drawn={isFirst ? messages : undefined}
          missing={isFirst && messages === undefined}
        />
        <Notices id={id} />
      </main>
    </>
  )
}
