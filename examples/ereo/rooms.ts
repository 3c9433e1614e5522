/** What was said, by room: what a page shows before it is live. */
import type { InferEvent } from '@parley/shared'
import type { contract } from './contract.js'

export type Message = InferEvent<typeof contract, 'room', 'message'>

const kept = 50
const rooms = new Map<string, readonly Message[]>(['general', 'release'].map((id) => [id, []]))

export const hasRoom = (id: string): boolean => rooms.has(id)

export const messagesIn = (id: string): readonly Message[] => rooms.get(id) ?? []

export function keepMessage(id: string, message: Message): void {
  rooms.set(id, [...messagesIn(id), message].slice(-kept))
}
