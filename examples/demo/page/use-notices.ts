import { useChannel } from '@parley/client/react'
import { client } from './client.js'

export interface Notice {
  readonly id: string
  readonly about: 'announcement' | 'room' | 'chat'
  readonly text: string
  readonly from: string
  readonly room: string
  readonly at: Date
}

const shown = 50

/** The newest notifications, newest first. Two events of different shapes become one list. */
export function useNotices(): { readonly notices: readonly Notice[]; readonly gap: string | undefined } {
  const { state, gap } = useChannel(
    client.notifications,
    (notices, event) => {
      const notice = event.name === 'chat' ? { about: 'chat' as const, ...event.data } : event.data
      return [notice, ...notices].slice(0, shown)
    },
    { data: [] as readonly Notice[], from: { last: shown } },
  )
  return { notices: state, gap: gap?.reason }
}
