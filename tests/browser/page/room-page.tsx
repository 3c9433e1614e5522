/** What the server renders and the browser takes over. */
import type { ChannelHandleOf } from '@parley/client'
import { append, useChannel } from '@parley/client/react'
import type { contract } from './contract.js'

type Room = ChannelHandleOf<(typeof contract)['tree']['room']>

/** What `hub.snapshot` gave. */
export interface Loaded {
  readonly data: string[]
  readonly position: string
}

export function RoomPage({ room, loaded }: { room: Room; loaded: Loaded }) {
  const { state } = useChannel(room, append(50), { ...loaded, events: ['message'], key: (text) => text })
  return <p>{state.join(' ')}</p>
}
