import { useEvent } from '@parley/client/react'
import { useState } from 'react'
import { client } from './client.js'
import { useLoaded } from './loaded.js'

/** Where the newest message of a room stands in the log; nothing while there is none, or it is not known. */
export function useRoomPosition(id: string): string | undefined {
  const { roomId, messages } = useLoaded()
  const drawn = roomId === id ? messages?.position : undefined
  const [read, setRead] = useState<{ readonly id: string; readonly position: string | undefined }>()
  useEvent(client.room({ id }), 'message', (_, { position }) => setRead({ id, position }), {
    from: drawn ?? { last: 1 },
  })
  return read?.id === id ? read.position : drawn
}
