/** A client written by hand, over an in-memory socket: what a test says is what the server gets. */
import type { Router } from '../src/index.js'
import { insideOf } from '../src/router.js'

// biome-ignore lint/suspicious/noExplicitAny: frames as they are on the wire; each test knows the one it looks at
type Frame = any[]

export interface Peer {
  /** What came so far. */
  readonly frames: Frame[]
  /** How the server closed the connection, once it did. */
  readonly end: { code: number; reason: string } | undefined
  say(...frame: unknown[]): void
  /** The frames with this tag. */
  of(tag: string): Frame[]
  /** Sends a text that may be no frame at all. */
  raw(text: string): void
  /** The socket is gone without a close frame. */
  cut(): void
  /** The client closed: it does not come back. */
  leave(): void
  /** The page was closed, or left for another, as browsers say it. */
  goAway(): void
}

export function connect(
  router: Router<never> | Router<unknown> | object,
  headers: Record<string, string> = {},
): Peer {
  const frames: Frame[] = []
  let end: Peer['end']
  const connection = insideOf(router).accept(
    {
      send(data) {
        if (!end) frames.push(JSON.parse(String(data)))
        return true
      },
      close(code, reason) {
        end ??= { code, reason }
      },
      buffered: () => 0,
    },
    new Request('http://localhost/realtime', { headers }),
  )
  return {
    frames,
    get end() {
      return end
    },
    say: (...frame) => connection.received(JSON.stringify(frame)),
    of: (tag) => frames.filter(([one]) => one === tag),
    raw: (text) => connection.received(text),
    cut: () => connection.closed(1006, ''),
    leave: () => connection.closed(1000, ''),
    goAway: () => connection.closed(1001, ''),
  }
}

/** 22 characters, as a client id has to be. */
export const clientId = (name: string): string => name.padEnd(22, '0')

/** Says hello, as the client with this name. */
export function greet(peer: Peer, name: string, auth?: unknown): void {
  const head = { v: 1, contract: '0', client: clientId(name) }
  if (auth === undefined) peer.say('hello', head)
  else peer.say('hello', head, auth)
}
