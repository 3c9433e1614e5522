import { useChannel } from '@parley/client/react'
import { client } from './client.js'
import { useLoaded } from './loaded.js'
import { type Notice, noticed } from './notice.js'

/** The newest notifications, newest first. */
export function useNotices(): { readonly notices: readonly Notice[]; readonly gap: string | undefined } {
  const { state, gap } = useChannel(client.notifications, noticed, useLoaded().notices)
  return { notices: state, gap: gap?.reason }
}
