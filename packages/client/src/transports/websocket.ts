/** A link over the standard WebSocket, of a browser, Bun, Deno, a newer Node, or one that was handed in. */
import { type Link, type LinkEnd, type LinkEvents, ParleyError } from '@parley/shared'
import { type FrameData, subprotocol } from '@parley/shared/internal'
import { webSocketUrl } from './address.js'

/** As much of the WebSocket as is used (https://websockets.spec.whatwg.org/#the-websocket-interface). */
interface Socket {
  binaryType: string
  readonly bufferedAmount: number
  onopen: ((event: never) => unknown) | null
  onmessage: ((event: never) => unknown) | null
  onclose: ((event: never) => unknown) | null
  onerror: ((event: never) => unknown) | null
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
}

/** A WebSocket constructor: the global one, or for instance that of the package `ws`. */
export type WebSocketConstructor = new (url: string, protocols: string[]) => Socket

/** What a link that never opened is closed with, whatever the runtime makes of it (RFC 6455, 7.1.5). */
const neverOpened = 1006

/**
 * Makes a link over a WebSocket.
 *
 * @param url Of the server's endpoint: `ws:`, `wss:`, `http:` or `https:`; relative to the page where there is one.
 * @param given The WebSocket to use. Default: the runtime's own.
 * @throws ParleyError `BAD_OPTIONS` (when connecting) where the runtime has no WebSocket, or for a url that is none.
 */
export function webSocketLink(url: string | URL, given?: WebSocketConstructor): Link {
  return {
    connect(events: LinkEvents): LinkEnd {
      const Constructor = given ?? runtimeWebSocket()
      const address = webSocketUrl(url)
      const socket = new Constructor(address, [subprotocol])
      socket.binaryType = 'arraybuffer'
      return follow(socket, address, events)
    },
  }
}

function follow(socket: Socket, address: string, events: LinkEvents): LinkEnd {
  let state: 'opening' | 'open' | 'over' = 'opening'
  socket.onopen = () => {
    if (state !== 'opening') return
    state = 'open'
    events.opened()
  }
  socket.onmessage = ({ data }: { readonly data: unknown }) => {
    if (state !== 'open') return
    // Not by `instanceof`: the buffer may be of another realm, and what is none must not vanish but be no frame.
    events.received(typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer))
  }
  socket.onclose = ({ code, reason }: { readonly code: number; readonly reason: string }) => {
    if (state === 'over') return
    const hadOpened = state === 'open'
    state = 'over'
    if (hadOpened) return events.closed(code, reason)
    // No runtime tells more: a browser hides it from pages, and most say nothing.
    const question = `It never opened: is there a Parley server at ${address}?`
    events.closed(neverOpened, reason === '' ? question : `${question} ${reason}`)
  }
  // A close follows each error; without a listener some implementations throw.
  socket.onerror = () => {}
  return {
    send(data: FrameData) {
      if (state === 'open') socket.send(data as string | Uint8Array<ArrayBuffer>)
    },
    close(code, reason) {
      if (state === 'over') return
      state = 'over' // no event follows: on a dead link a runtime may wait half a minute for an answer to its close
      socket.close(code, reason)
    },
    buffered: () => (state === 'over' ? 0 : socket.bufferedAmount),
  }
}

/** @throws ParleyError `BAD_OPTIONS` */
function runtimeWebSocket(): WebSocketConstructor {
  if (typeof WebSocket === 'function') return WebSocket as WebSocketConstructor
  throw new ParleyError(
    'BAD_OPTIONS',
    "This runtime has no WebSocket (as Node before 22): install 'ws' and pass createClient(contract, { WebSocket })",
  )
}
