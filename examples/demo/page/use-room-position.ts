import { useEvent } from '@parley/client/react'
import { useEffect, useState } from 'react'
import { client } from './client.js'
import { useLoaded } from './loaded.js'

/** Where the newest message of a room stands in the log; nothing while there is none, or it is not known. */
export function useRoomPosition(id: string): string | undefined {
  const { roomId, messages } = useLoaded()
  const drawn = roomId === id ? messages?.position : undefined
  const [read, setRead] = useState<{ readonly id: string; readonly position: string | undefined }>()
  const room = client.room({ id })
  useEvent(room, 'message', (_, { position }) => setRead({ id, position }), {
    from: drawn ?? { last: 1 },
  })
  // where it stood may be of a log that is no more
  useEffect(() => room.onGap(() => setRead({ id, position: undefined })), [room, id])
  return read?.id === id ? read.position : drawn
}
