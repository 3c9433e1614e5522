/**
 * A proxy that understands HTTP, of the kinds that real-time code meets: one that lets no WebSocket through, one that
 * lets the upgrade through and no frame, and one that hands a response on when it is complete. Each connection carries one request.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface HttpProxy extends AsyncDisposable {
  /** The target's address, with the port of the proxy. */
  readonly url: URL
  readonly counts: {
    /** Upgrades that were passed on, and those that were answered with 400. */
    readonly upgraded: number
    readonly stripped: number
    readonly requests: number
  }
  /** Whether upgrades from now on are answered with 400, by the proxy itself. */
  strip(isStripping: boolean): void
  /** Whether nothing but the upgrade comes through, of those from now on. */
  mute(isMuting: boolean): void
  /** Whether responses from now on are held back until they are complete. */
  hold(isHolding: boolean): void
  /** Cuts every WebSocket that is open. */
  cutSockets(): void
  stop(): Promise<void>
}

const headEnd = '\r\n\r\n'

/** Listens on a free port of this machine. */
export async function startHttpProxy(target: URL | string): Promise<HttpProxy> {
  const url = new URL(target)
  const { port, hostname } = url
  const counts = { upgraded: 0, stripped: 0, requests: 0 }
  const open = new Set<Socket>()
  const sockets = new Set<Socket>()
  let isStripping = false
  let isMuting = false
  let isHolding = false

  const track = (socket: Socket): Socket => {
    open.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {}) // a reset is an end like any other: `close` follows
    socket.on('close', () => open.delete(socket))
    return socket
  }

  /** Joins both from here on: `head` is what the client has said so far. */
  const pass = (client: Socket, head: string, isHeld: boolean, isMute = false): void => {
    const server = track(connect({ port: Number(port), host: hostname }))
    server.write(head, 'latin1')
    client.on('data', (bytes) => {
      if (!isMute) server.write(bytes)
    })
    const held: Buffer[] = []
    server.on('data', (bytes) => {
      if (isHeld) held.push(bytes)
      else client.write(bytes)
    })
    server.on('close', () => {
      if (held.length > 0) client.write(Buffer.concat(held))
      client.end()
    })
    client.on('close', () => server.destroy())
  }

  const begin = (client: Socket, head: string): void => {
    const end = head.indexOf(headEnd)
    if (/\r\nupgrade: *websocket/i.test(head.slice(0, end))) {
      if (isStripping) {
        counts.stripped++
        client.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
        return
      }
      counts.upgraded++
      sockets.add(client)
      client.on('close', () => sockets.delete(client))
      pass(client, head, false, isMuting)
      return
    }
    counts.requests++
    const lines = head
      .slice(0, end)
      .split('\r\n')
      .filter((line) => !/^connection:/i.test(line))
    pass(client, [...lines, 'connection: close'].join('\r\n') + head.slice(end), isHolding)
  }

  const server = createServer((client) => {
    track(client)
    let head = ''
    const listen = (bytes: Buffer): void => {
      head += bytes.toString('latin1')
      if (!head.includes(headEnd)) return
      client.off('data', listen)
      begin(client, head)
    }
    client.on('data', listen)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url.port = String((server.address() as AddressInfo).port)

  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of [...open]) socket.destroy()
    await closed
  }
  return {
    url,
    counts,
    strip(value) {
      isStripping = value
    },
    mute(value) {
      isMuting = value
    },
    hold(value) {
      isHolding = value
    },
    cutSockets() {
      for (const socket of [...sockets]) socket.destroy()
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
