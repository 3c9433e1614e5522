/** A GET over a bare socket, so that a test sees the very bytes, and can be cut without a goodbye. */
import { connect } from 'node:net'

export interface RawGet {
  /** Everything received so far, the head included. */
  text(): string
  /** Resolves once what was received fits; rejects when the connection ends before. */
  until(pattern: RegExp): Promise<string>
  /** Resolves when the connection is over, with everything received. */
  readonly ended: Promise<string>
  /** Asks for the same once more, behind what it was asked for before. */
  again(): void
  /** Reads no more: what arrives stays where it is. */
  pause(): void
  resume(): void
  /** As a cable that is pulled. */
  cut(): void
}

/** Asks for an address; header lines are `Name: value`, and a `Host` among them stands in place of the right one. */
export function rawGet(url: string, ...headers: string[]): RawGet {
  const { hostname, port, host, pathname, search } = new URL(url)
  const socket = connect(Number(port), hostname)
  const waiting = new Set<() => void>()
  let received = ''
  let over = false
  const look = (): void => {
    for (const one of [...waiting]) one()
  }
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    received += chunk
    look()
  })
  const ended = new Promise<string>((resolve) => {
    socket.once('close', () => {
      over = true
      look()
      resolve(received)
    })
  })
  socket.on('error', () => {}) // a reset is one of the ends that a test asks for; `close` follows
  const lines = headers.some((line) => line.startsWith('Host:')) ? headers : [`Host: ${host}`, ...headers]
  const ask = (): void =>
    void socket.write(`GET ${pathname}${search} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  ask()
  return {
    text: () => received,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!pattern.test(received) && !over) return
          waiting.delete(check)
          if (pattern.test(received)) resolve(received)
          else reject(new Error(`the connection ended without ${pattern}: ${JSON.stringify(received)}`))
        }
        waiting.add(check)
        check()
      }),
    ended,
    again: ask,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    cut: () => void socket.resetAndDestroy(),
  }
}

/** The body of a response with chunked coding, as far as it has come. */
export function bodyOf(received: string): string {
  const at = received.indexOf('\r\n\r\n')
  let rest = new TextEncoder().encode(at < 0 ? '' : received.slice(at + 4))
  let body = ''
  const text = new TextDecoder()
  for (;;) {
    const end = rest.indexOf(13)
    const size = Number.parseInt(text.decode(rest.subarray(0, end)), 16)
    if (end < 0 || !(size > 0) || rest.length < end + 2 + size) return body
    body += text.decode(rest.subarray(end + 2, end + 2 + size))
    rest = rest.subarray(end + 2 + size + 2)
  }
}
