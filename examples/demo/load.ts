/** Reads all that the page shows at first, each part with the position of the log to read on from. */
import { hub } from './hub.js'
import type { Loaded } from './page/loaded.js'
import { shownMessages } from './page/message.js'
import { type Notice, noticed, shownNotices } from './page/notice.js'
import { lastOf, reading } from './reading.js'
import { rooms } from './router.js'
import { stats } from './stats.js'

/** Reads it for this room; one that is not there is no fault, and has no messages. */
export function load(roomId: string): Promise<Omit<Loaded, 'name' | 'theme' | 'server'>> {
  return reading(async (client) => {
    const isOpen = rooms.has(roomId)
    const [room, feed, ticks, dashboard, list] = await Promise.all([
      isOpen ? lastOf(client.room({ id: roomId }), shownMessages) : undefined,
      lastOf(client.notifications, shownNotices),
      lastOf(client.ticks, 1),
      hub.snapshot(hub.channel.stats, stats),
      hub.snapshot(hub.channel.rooms.all, () => rooms.list()),
    ])
    return {
      roomId,
      messages: room && {
        data: room.events.flatMap((event) => (event.name === 'message' ? [event.data] : [])),
        position: room.position,
      },
      notices: {
        data: feed.events.reduce<readonly Notice[]>(noticed, []),
        position: feed.position,
      },
      tick: { data: ticks.events.at(-1)?.data, position: ticks.position },
      stats: dashboard,
      rooms: list,
    }
  })
}
