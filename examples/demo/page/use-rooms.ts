import { useChannel } from '@parley/client/react'
import { client } from './client.js'
import { type Room, useLoaded } from './loaded.js'

/** The rooms, as they are now. */
export function useRooms(): readonly Room[] {
  const { rooms } = useLoaded()
  return useChannel(client.rooms.all, (_, { data }): readonly Room[] => data, rooms).state
}
