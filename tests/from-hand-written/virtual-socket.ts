/** A browser's `WebSocket` over a link that a test breaks, in its time. */
import type { Link, LinkEnd } from '@parley/shared/testing'

type Listener<Event> = ((event: Event) => unknown) | null

export class VirtualSocket {
  /** As a browser has it: what is sent before it is open throws, and what is sent after it is over is dropped. */
  readyState = 0
  onopen: Listener<unknown> = null
  onmessage: Listener<{ readonly data: string }> = null
  onclose: Listener<{ readonly code: number }> = null
  readonly #end: LinkEnd

  constructor(link: Link) {
    this.#end = link.connect({
      opened: () => {
        this.readyState = 1
        this.onopen?.({})
      },
      received: (data) => this.onmessage?.({ data: String(data) }),
      closed: (code) => {
        this.readyState = 3
        this.onclose?.({ code })
      },
    })
  }

  send(text: string): void {
    if (this.readyState === 0) throw new Error('InvalidStateError: still connecting')
    if (this.readyState === 1) this.#end.send(text)
  }

  close(): void {
    if (this.readyState > 1) return
    this.readyState = 2
    this.#end.close(1000, '')
    // a browser says so once the other side has answered
    queueMicrotask(() => {
      this.readyState = 3
      this.onclose?.({ code: 1000 })
    })
  }
}
