import { breakableLink, virtualClock } from '@parley/shared/testing'
import { useEffect, useState } from 'react'
import { virtualGlobals } from '../globals.js'
import { show } from '../page.js'
import type { Program } from './promise.js'

interface Socket {
  readonly data: { readonly userId: string }
  send(text: string): void
}

// #region server
const clients = new Set<Socket>()

function broadcast(data: unknown) {
  for (const client of clients) client.send(JSON.stringify(data))
}

export const websocket = {
  open(ws: Socket) {
    clients.add(ws)
    broadcast({ type: 'user_joined', userId: ws.data.userId })
  },
  close(ws: Socket) {
    clients.delete(ws)
    broadcast({ type: 'user_left', userId: ws.data.userId })
  },
}
// #endregion

// #region client
export function Online({ url }: { url: string }) {
  const [users, setUsers] = useState<string[]>([])

  useEffect(() => {
    const socket = new WebSocket(url)
    socket.onmessage = (event) => {
      const { type, userId } = JSON.parse(event.data)
      if (type === 'user_joined') setUsers((before) => [...before, userId])
      if (type === 'user_left') setUsers((before) => before.filter((id) => id !== userId))
    }
    return () => socket.close()
  }, [url])

  return <p>{users.join(', ')}</p>
}
// #endregion

export function start(): Program & AsyncDisposable {
  const clock = virtualClock()
  return {
    clock,
    async enter(userId) {
      const link = breakableLink((end) => {
        const ws = { data: { userId }, send: (text: string) => end.send(text) }
        return { opened: () => websocket.open(ws), received: () => {}, closed: () => websocket.close(ws) }
      }, clock)
      using _ = virtualGlobals(() => link, clock)
      const page = await show(<Online url="/ws" />)
      return { shown: page.text, close: page.unmount, goSilent: link.halfOpen }
    },
    [Symbol.asyncDispose]: async () => {},
  }
}
