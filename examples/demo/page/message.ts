import type { InferEvent, InferMessage } from '@parley/shared'
import type { contract } from '../contract.js'
import type { client } from './client.js'

/** How many are there at first. */
export const shownMessages = 50

export type Message = InferEvent<typeof contract, 'room', 'message'>

/** What is said to a room, before it has an id. */
export type Said = InferMessage<typeof contract, 'room', 'say', 'written'>

/** The handle of a room, the same one for the same id. */
export type RoomHandle = ReturnType<typeof client.room>
