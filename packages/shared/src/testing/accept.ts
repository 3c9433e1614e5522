import type { FrameData, Link, LinkEnd, LinkEvents } from '../link.js'

/** A server, as a connection sees it: given its own end, it says what to tell it. */
export type Accept = (end: LinkEnd) => LinkEvents

/** The server's end while it is being set up: `opened` lets the client know. */
export interface ServerEnd extends LinkEnd {
  opened(): void
}

/** What travels to a server that has answered. */
export interface Answer {
  received(data: FrameData): void
  closed(code: number, reason: string): void
  buffered(): number
}

/** Reaches a server, in whichever of the two ways a test named it. */
export type Dial = (end: ServerEnd) => Answer

export function dialer(to: Link | Accept): Dial {
  if (typeof to === 'function') {
    return (end) => {
      end.opened()
      const events = to(end)
      events.opened()
      return {
        received: (data) => events.received(data),
        closed: (code, reason) => events.closed(code, reason),
        buffered: () => 0,
      }
    }
  }
  return (end) => {
    const inner = to.connect({
      opened: () => end.opened(),
      received: (data) => end.send(data),
      closed: (code, reason) => end.close(code, reason),
    })
    return {
      received: (data) => inner.send(data),
      closed: (code, reason) => inner.close(code, reason),
      buffered: () => inner.buffered(),
    }
  }
}
