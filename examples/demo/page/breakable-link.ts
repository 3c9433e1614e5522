/** A link that the visitor can cut and slow down. The client above it knows nothing of that: to it, it is the network. */
import type { Link, LinkEnd } from '@parley/shared'
import { link } from './link.js'

const slownessMs = 1_500
/** What a connection that just broke off is closed with (RFC 6455, 7.1.5). */
const brokenOff = 1006
/** A socket has to be closed with some code; to the server 1000 is a client that has gone for good, and this one that is lost. */
const lost = 4001

const nowhere: LinkEnd = { send() {}, close() {}, buffered: () => 0 }

export function breakable(inner: Link): Link {
  return {
    connect(events) {
      if (link.getSnapshot().cut) {
        queueMicrotask(() => events.closed(brokenOff, 'the link is cut'))
        return nowhere
      }
      const coming = delayed()
      const end = inner.connect({
        opened: () => coming.take(events.opened),
        received: (data) => coming.take(() => events.received(data)),
        closed: (code, reason) =>
          coming.take(() => {
            letGo()
            events.closed(code, reason)
          }),
      })
      const unsubscribe = link.subscribe(() => {
        const { cut, slow } = link.getSnapshot()
        if (!slow) coming.hurry()
        if (!cut) return
        letGo() // what was on its way is gone
        end.close(lost, '')
        events.closed(brokenOff, 'the link was cut')
      })
      const letGo = (): void => {
        unsubscribe()
        coming.drop()
      }
      return {
        ...end,
        close(code, reason) {
          letGo()
          end.close(code, reason)
        },
      }
    },
  }
}

/** Passes on what comes, in order: at once, or late while the link is slow. */
function delayed() {
  const queue: { readonly act: () => void; readonly due: number }[] = []
  let timer: ReturnType<typeof setTimeout> | undefined

  const pass = (): void => {
    clearTimeout(timer)
    timer = undefined
    const now = Date.now()
    const isDue = ({ due }: { readonly due: number }): boolean => due <= now || !link.getSnapshot().slow
    for (let next = queue[0]; next && isDue(next); next = queue[0]) {
      queue.shift()
      next.act()
    }
    if (queue[0]) timer = setTimeout(pass, queue[0].due - now)
  }

  return {
    take(act: () => void): void {
      queue.push({ act, due: link.getSnapshot().slow ? Date.now() + slownessMs : 0 })
      if (timer === undefined) pass()
    },
    hurry: pass,
    drop(): void {
      clearTimeout(timer)
      queue.length = 0
    },
  }
}
