/**
 * A WebSocket, and the fallback where none opens. One attempt tries both, so that a blocked network costs no extra
 * round of waiting; while the fallback serves, a WebSocket is tried at a slow pace, and one that opens is told as the
 * better connection.
 */
import type { Link, LinkEnd, LinkEvents } from '@parley/shared'
import { type Clock, clientDefaults, closeCodes, parseCloseReason } from '@parley/shared/internal'
import { TransportChoice } from '../core/transport-choice.js'
import { onOnline } from '../shell/wake.js'
import type { FallbackLink } from './fallback.js'

interface Ending {
  readonly code: number
  readonly reason: string
}

export function autoLink(webSocket: Link, fallback: FallbackLink, clock: Clock): Link {
  const choice = new TransportChoice()
  return { connect: (events) => new AutoEnd({ webSocket, fallback, clock, choice, events }) }
}

interface AutoOptions {
  readonly webSocket: Link
  readonly fallback: FallbackLink
  readonly clock: Clock
  readonly choice: TransportChoice
  readonly events: LinkEvents
}

class AutoEnd implements LinkEnd {
  readonly #options: AutoOptions
  /** Those that are opening, or the one that is open. */
  #webSocket: LinkEnd | undefined
  #fallback: LinkEnd | undefined
  /** The one that opened first. */
  #end: LinkEnd | undefined
  /** How the WebSocket of this attempt ended before it opened. */
  #webSocketEnding: Ending | undefined
  #isWebSocketLate = false
  /** Nothing came over it yet. */
  #isWebSocketMute = true
  #hasFallenBack = false
  #isOver = false
  #stopTimer: (() => void) | undefined
  #probe: LinkEnd | undefined
  #stopListening: (() => void) | undefined

  constructor(options: AutoOptions) {
    this.#options = options
    if (options.choice.first === 'fallback') this.#fallBack()
    else this.#openWebSocket()
  }

  send(data: Parameters<LinkEnd['send']>[0]): void {
    this.#end?.send(data)
  }

  close(code: number, reason: string): void {
    const isUnanswered = this.#end === this.#webSocket && this.#isWebSocketMute
    if (isUnanswered && code === closeCodes.HELLO_TIMEOUT.code) this.#options.choice.webSocketWasMute()
    this.#isOver = true
    this.#stop()
    this.#webSocket?.close(code, reason)
    this.#fallback?.close(code, reason)
  }

  buffered(): number {
    return this.#end?.buffered() ?? 0
  }

  #openWebSocket(): void {
    const { webSocket, choice, fallback, events, clock } = this.#options
    this.#webSocket = webSocket.connect({
      opened: () => {
        choice.webSocketOpened()
        fallback.forgive()
        this.#stop()
        this.#fallback?.close(1000, '')
        this.#fallback = undefined
        this.#end = this.#webSocket
        events.opened()
      },
      received: (data) => {
        if (this.#isWebSocketMute) choice.webSocketServed()
        this.#isWebSocketMute = false
        events.received(data)
      },
      closed: (code, reason) => {
        this.#stopTimer?.()
        this.#webSocket = undefined
        if (this.#end) {
          this.#close({ code, reason })
          return
        }
        this.#webSocketEnding = { code, reason }
        if (!this.#isWebSocketLate) choice.webSocketFailed()
        if (this.#fallback) return // it may still open
        if (!this.#hasFallenBack && choice.mayFallBack) this.#fallBack()
        else this.#close({ code, reason })
      },
    })
    this.#stopTimer = clock.after(clientDefaults.webSocketMs, () => {
      this.#isWebSocketLate = true
      choice.webSocketFailed()
      if (choice.mayFallBack) this.#fallBack()
    })
  }

  #fallBack(): void {
    const { fallback, choice, events } = this.#options
    this.#hasFallenBack = true
    this.#fallback = fallback.connect({
      opened: () => {
        choice.fallbackOpened()
        this.#stop()
        this.#webSocket?.close(1000, '')
        this.#webSocket = undefined
        this.#end = this.#fallback
        this.#watchForBetter()
        events.opened()
      },
      received: (data) => events.received(data),
      closed: (code, reason) => {
        this.#fallback = undefined
        if (this.#end) {
          this.#close({ code, reason })
          return
        }
        choice.fallbackFailed()
        if (this.#webSocket) return // it may still open
        // of two that never opened, the one that knows why
        const isTold = parseCloseReason(reason) !== undefined
        this.#close(isTold ? { code, reason } : (this.#webSocketEnding ?? { code, reason }))
      },
    })
  }

  /** While the fallback serves, a WebSocket is tried now and then. */
  #watchForBetter(): void {
    this.#stopListening = onOnline(() => this.#tryWebSocket())
    this.#armProbe()
  }

  #armProbe(): void {
    const { choice, clock } = this.#options
    this.#stopTimer?.()
    this.#stopTimer = clock.after(choice.probeMs(clock.random()), () => this.#tryWebSocket())
  }

  #tryWebSocket(): void {
    const { webSocket, choice, clock, events } = this.#options
    this.#probe?.close(1000, '')
    const settled = (): void => {
      this.#probe = undefined
      this.#armProbe()
    }
    this.#stopTimer?.()
    this.#stopTimer = clock.after(clientDefaults.connectMs, () => {
      this.#probe?.close(1000, '')
      settled()
    })
    this.#probe = webSocket.connect({
      opened: () => {
        this.#probe?.close(1000, '')
        choice.webSocketOpened()
        settled() // it is told again, should nothing come of it
        events.better?.()
      },
      received: () => {},
      closed: settled,
    })
  }

  #close({ code, reason }: Ending): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#stop()
    this.#options.events.closed(code, reason)
  }

  #stop(): void {
    this.#stopTimer?.()
    this.#stopListening?.()
    this.#probe?.close(1000, '')
    this.#probe = undefined
  }
}
