/**
 * The load generator's sockets: bare TCP, the same code for every server. They count what comes in and look at nothing
 * else, so that their cost is small and the same on both sides.
 */
import { randomBytes } from 'node:crypto'
import type { Socket } from 'bun'

/** What arrives on one connection after its head. */
export interface Inbound {
  /** Takes bytes, and returns how many frames or events ended in them. */
  take(bytes: Uint8Array): number
}

export interface RawSocket {
  /** Messages or events so far. */
  readonly count: number
  write(bytes: Uint8Array): void
  close(): void
}

/** Counts WebSocket frames of a server, which are not masked and smaller than 64 KiB. */
export function countFrames(): Inbound {
  /** Bytes of the frame under way that are still to come. */
  let left = 0
  /** Its first bytes, until they say how long it is. */
  const head: number[] = []
  return {
    take(bytes) {
      let count = 0
      for (let at = 0; at < bytes.length; ) {
        if (left === 0) {
          head.push(bytes[at++]!)
          const short = head[1]
          if (short === undefined || (short === 126 && head.length < 4)) continue
          left = short === 126 ? head[2]! * 256 + head[3]! : short
          head.length = 0
        }
        const step = Math.min(left, bytes.length - at)
        left -= step
        at += step
        if (left === 0) count++
      }
      return count
    },
  }
}

/** Counts events of a stream: each has one tilde. */
export function countTildes(): Inbound {
  return {
    take(bytes) {
      let count = 0
      for (let at = bytes.indexOf(126); at >= 0; at = bytes.indexOf(126, at + 1)) count++
      return count
    },
  }
}

/** A frame of a client. Its mask is zero, so that nothing has to be computed. */
export function clientFrame(text: string): Uint8Array {
  const body = new TextEncoder().encode(text)
  const long = body.length > 125
  const head = long
    ? [0x81, 0x80 | 126, body.length >> 8, body.length & 255, 0, 0, 0, 0]
    : [0x81, 0x80 | body.length, 0, 0, 0, 0]
  return Uint8Array.from([...head, ...body])
}

interface State {
  inbound: Inbound | undefined
  count: number
  head: string
  pending: Uint8Array[]
  closing: boolean
  readonly opened: () => void
  readonly failed: (error: Error) => void
  readonly arrived: (count: number) => void
}

/** Opens a connection and reads the head of the answer; `arrived` is told of what comes after it. */
export async function openSocket(
  port: number,
  request: readonly string[],
  inbound: Inbound,
  arrived: (count: number) => void,
): Promise<RawSocket> {
  let state: State | undefined
  let socket: Socket<State> | undefined
  await new Promise<void>((opened, failed) => {
    state = { inbound: undefined, count: 0, head: '', pending: [], closing: false, opened, failed, arrived }
    Bun.connect<State>({
      hostname: '127.0.0.1',
      port,
      data: state,
      socket: {
        open(own) {
          socket = own
          own.write(`${[...request, `Host: 127.0.0.1:${port}`].join('\r\n')}\r\n\r\n`)
        },
        data(own, bytes) {
          const one = own.data
          const rest = one.inbound ? bytes : readHead(one, bytes, inbound)
          if (!rest || rest.length === 0) return
          const count = (one.inbound as Inbound).take(rest)
          one.count += count
          if (count > 0) one.arrived(count)
        },
        drain: flush,
        error: (own, error) => own.data.failed(error),
        close(own) {
          if (own.data.closing) return
          // nobody would ever hear of the rest: better no figure than a hanging one
          console.error(`the server at port ${port} closed a connection`)
          process.exit(1)
        },
      },
    }).catch(failed)
  })
  const [own, facts] = [socket as Socket<State>, state as State]
  return {
    get count() {
      return facts.count
    },
    write(bytes) {
      facts.pending.push(bytes)
      if (facts.pending.length === 1) flush(own)
    },
    close() {
      facts.closing = true
      own.terminate()
    },
  }
}

function flush(socket: Socket<State>): void {
  const { pending } = socket.data
  for (let bytes = pending[0]; bytes; bytes = pending[0]) {
    const written = socket.write(bytes)
    if (written < bytes.length) {
      pending[0] = bytes.subarray(Math.max(0, written))
      return
    }
    pending.shift()
  }
}

/** What of the bytes comes after the head, once it is there. */
function readHead(state: State, bytes: Uint8Array, inbound: Inbound): Uint8Array | undefined {
  state.head += Buffer.from(bytes).toString('latin1')
  const end = state.head.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  if (!/^HTTP\/1\.1 (101|200)/.test(state.head)) state.failed(new Error(state.head))
  const rest = Buffer.from(state.head.slice(end + 4), 'latin1')
  state.inbound = inbound
  state.opened()
  return rest
}

export const upgradeTo = (path: string): string[] => [
  `GET ${path} HTTP/1.1`,
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
  'Sec-WebSocket-Protocol: parley.1',
]
