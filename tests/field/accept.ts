/** The server's end of a socket, without a runtime: each event is sent to it, and nothing is ever lost by it. */
import type { RouterInside } from '@parley/server/internal'
import type { Accept } from '@parley/shared/testing'

export function acceptFor(inside: RouterInside): Accept {
  return (end) => {
    const request = new Request('http://parley.test/realtime', { headers: { upgrade: 'websocket' } })
    const connection = inside.accept(
      {
        send(data) {
          end.send(data)
          return true
        },
        close: (code, reason) => end.close(code, reason),
        buffered: () => end.buffered(),
      },
      request,
    )
    return {
      opened: () => {},
      received: (data) => connection.received(data),
      closed: (code, reason) => connection.closed(code, reason),
    }
  }
}
