/** A WebSocket client over a bare TCP socket: it can stop reading, and be cut without a close frame. */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

export interface RawWebSocket {
  /** Text frames received so far, in order. */
  readonly frames: string[]
  /** The code of the close frame, once one came; 1006 when the socket ended without. */
  readonly closed: Promise<{ code: number; reason: string }>
  send(text: string): void
  /** Sends bytes as a binary message. */
  sendBytes(bytes: Uint8Array): void
  ping(text: string): void
  /** Stops taking bytes from the network. */
  pause(): void
  resume(): void
  /** Resolves with the first frame for which this holds, past ones included. */
  until(matches: (frame: string) => boolean): Promise<string>
  /** Ends the TCP connection at once. */
  cut(): void
}

const text = 1
const binary = 2
const close = 8
const ping = 9
const pong = 10

/** Connects; `origin` and further headers go into the upgrade request. */
export function rawWebSocket(url: string, headers: Record<string, string> = {}): Promise<RawWebSocket> {
  const { hostname, port, pathname, host } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  const key = randomBytes(16).toString('base64')
  const lines = [
    `GET ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${key}`,
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Protocol: parley.1',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    let head = ''
    const onHead = (chunk: Buffer): void => {
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end === -1) return
      socket.off('data', onHead)
      if (!head.startsWith('HTTP/1.1 101')) reject(new Error(head.slice(0, end)))
      else resolve(framed(socket, Buffer.from(head.slice(end + 4), 'latin1')))
    }
    socket.on('data', onHead)
  })
}

function framed(socket: Socket, rest: Buffer): RawWebSocket {
  const frames: string[] = []
  const waiting = new Set<() => void>()
  let pending = rest
  let ended: (end: { code: number; reason: string }) => void
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    ended = resolve
  })
  const write = (opcode: number, payload: Buffer): void => {
    if (!socket.destroyed) socket.write(masked(opcode, payload))
  }
  const take = (chunk: Buffer): void => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    for (let frame = next(pending); frame; frame = next(pending)) {
      pending = pending.subarray(frame.size)
      if (frame.opcode === text) frames.push(frame.payload.toString('utf8'))
      if (frame.opcode === ping) write(pong, frame.payload)
      if (frame.opcode === close) {
        const code = frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 1005
        ended({ code, reason: frame.payload.subarray(2).toString('utf8') })
        socket.end()
      }
    }
    for (const look of waiting) look()
  }
  socket.on('data', take)
  socket.on('error', () => {}) // a reset is an end like any other: `closed` tells of it
  socket.on('close', () => ended({ code: 1006, reason: '' }))
  take(Buffer.alloc(0))
  return {
    frames,
    closed,
    send: (message) => write(text, Buffer.from(message)),
    sendBytes: (bytes) => write(binary, Buffer.from(bytes)),
    ping: (message) => write(ping, Buffer.from(message)),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    until: (matches) =>
      new Promise((resolve) => {
        let from = 0
        const look = (): void => {
          for (; from < frames.length; from++) {
            if (!matches(frames[from]!)) continue
            waiting.delete(look)
            resolve(frames[from]!)
            return
          }
        }
        waiting.add(look)
        look()
      }),
    cut: () => socket.destroy(),
  }
}

function next(bytes: Buffer): { opcode: number; payload: Buffer; size: number } | undefined {
  if (bytes.length < 2) return undefined
  const short = bytes[1]! & 0x7f
  const headSize = short === 126 ? 4 : short === 127 ? 10 : 2
  if (bytes.length < headSize) return undefined
  const length =
    short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short
  if (bytes.length < headSize + length) return undefined
  return {
    opcode: bytes[0]! & 0x0f,
    payload: bytes.subarray(headSize, headSize + length),
    size: headSize + length,
  }
}

function masked(opcode: number, payload: Buffer): Buffer {
  const mask = randomBytes(4)
  const long = payload.length > 125
  const head = Buffer.alloc(long ? 4 : 2)
  head[0] = 0x80 | opcode
  head[1] = 0x80 | (long ? 126 : payload.length)
  if (long) head.writeUInt16BE(payload.length, 2)
  const body = Buffer.from(payload.map((byte, i) => byte ^ mask[i % 4]!))
  return Buffer.concat([head, mask, body])
}
