import { useConnection, useEvent } from '@parley/client/react'
import type { InferOutput } from '@parley/shared'
import { useCallback, useEffect, useState } from 'react'
import type { contract } from '../contract.js'
import { client } from './client.js'

export type Room = InferOutput<typeof contract, 'rooms.list'>[number]

/** The rooms, asked for anew whenever one was opened, and after each connection: a restart forgets them. */
export function useRooms(): readonly Room[] {
  const [rooms, setRooms] = useState<readonly Room[]>([])
  const { status } = useConnection()

  const load = useCallback(async () => {
    const { data } = await client.rooms.list.safe()
    if (data) setRooms(data) // a failure leaves the old ones; the next connection asks again
  }, [])

  useEffect(() => {
    if (status === 'open') void load()
  }, [status, load])

  useEvent(client.notifications, 'notification', ({ about }) => {
    if (about === 'room') void load()
  })
  return rooms
}
