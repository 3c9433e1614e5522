/** A link that the visitor can cut, silence and slow down. The client above it knows nothing of that: to it, it is the network. */
import type { Link, LinkEnd } from '@parley/shared'
import { heldBack } from './held-back.js'
import { link } from './link.js'

/** What a connection that just broke off is closed with (RFC 6455, 7.1.5). */
const brokenOff = 1006
/** A socket has to be closed with some code; to the server 1000 is a client that has gone for good, and this one that is lost. */
const lost = 4001

const nowhere: LinkEnd = { send() {}, close() {}, buffered: () => 0 }

export function breakable(inner: Link): Link {
  return {
    connect(events) {
      if (link.getSnapshot().cut) {
        queueMicrotask(() => events.closed(brokenOff, 'The link is cut.'))
        return nowhere
      }
      const going = heldBack('toServer')
      const coming = heldBack('toPage')
      /** Not there until the attempt got through. */
      let end: LinkEnd | undefined
      /** The client hears no more. */
      let isOver = false

      const unsubscribe = link.subscribe(() => {
        if (!link.getSnapshot().cut) {
          going.hurry()
          coming.hurry()
          return
        }
        forget() // what was on its way is gone
        end?.close(lost, '')
        if (isOver) return
        isOver = true
        events.closed(brokenOff, 'The link was cut.')
      })
      const forget = (): void => {
        unsubscribe()
        going.drop()
        coming.drop()
      }
      going.event(() => {
        end = inner.connect({
          opened: () => coming.event(() => events.opened()),
          received: (data) => {
            if (!isOver) coming.frame(() => events.received(data))
          },
          closed: (code, reason) =>
            coming.event(() => {
              forget()
              if (isOver) return
              isOver = true
              events.closed(code, reason)
            }),
        })
      })
      return {
        send: (data) => {
          if (!isOver) going.frame(() => end?.send(data))
        },
        close(code, reason) {
          if (isOver) return
          isOver = true
          coming.drop()
          if (!end) return forget()
          // behind what is on its way, and no sooner heard of than that
          going.event(() => {
            forget()
            end?.close(code, reason)
          })
        },
        buffered: () => end?.buffered() ?? 0,
      }
    },
  }
}
