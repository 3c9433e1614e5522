import type { TopicEventOf } from '@parley/client'
import type { InferEvent } from '@parley/shared'
import type { contract } from '../contract.js'

export interface Notice {
  readonly id: string
  readonly about: 'announcement' | 'room' | 'chat'
  readonly text: string
  readonly from: string
  readonly room: string
  readonly at: Date
}

type NoticeEvent = TopicEventOf<{
  notification: InferEvent<typeof contract, 'notifications', 'notification'>
  chat: InferEvent<typeof contract, 'notifications', 'chat'>
}>

/** How many are shown. */
export const shownNotices = 50

/** Two events of different shapes become one list, newest first. */
export function noticed(notices: readonly Notice[], event: NoticeEvent): readonly Notice[] {
  const notice = event.name === 'chat' ? { about: 'chat' as const, ...event.data } : event.data
  return [notice, ...notices].slice(0, shownNotices)
}
