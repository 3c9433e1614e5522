/** A client in the same process: frames are handed over, one by one, each in a turn of its own. */
import type { Link, LinkEnd, LinkEvents } from '@parley/shared'
import type { FrameData } from '@parley/shared/internal'
import { Connection } from './connection.js'
import type { HandlerTable } from './core.js'
import type { LiveHub } from './live-hub.js'
import type { ServerSocket } from './socket.js'

export function memoryLink(core: LiveHub, handlers: HandlerTable, context: unknown): Link {
  return {
    connect(events: LinkEvents): LinkEnd {
      let open = true
      const later = (run: () => void): void => queueMicrotask(() => open && run())
      const socket: ServerSocket = {
        send(data: FrameData) {
          later(() => events.received(data))
          return true
        },
        close(code, reason) {
          later(() => {
            open = false
            events.closed(code, reason)
          })
        },
        buffered: () => 0,
      }
      let connection: Connection | undefined
      later(() => {
        connection = new Connection({ core, handlers, socket, entrance: { transport: 'link', context } })
        events.opened()
      })
      return {
        send: (data) => later(() => connection?.received(data)),
        close(code, reason) {
          open = false
          connection?.closed(code, reason)
        },
        buffered: () => 0,
      }
    },
  }
}
