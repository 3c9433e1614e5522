/** A TCP proxy in front of a server, whose links a test can pull. */
import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export async function cuttable(url: string): Promise<{ readonly url: string; cut(): void }> {
  const { hostname, port } = new URL(url)
  const links = new Set<Socket>()
  const proxy = createServer((inbound) => {
    const outbound = connect(Number(port), hostname)
    for (const [socket, other] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      links.add(socket)
      socket.on('error', () => {}) // a reset: `close` follows
      socket.once('close', () => {
        links.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  const cut = (): void => {
    for (const socket of [...links]) socket.resetAndDestroy()
  }
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    cut()
    proxy.close()
  })
  const address = proxy.address()
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port')
  return { url: url.replace(`:${port}`, `:${address.port}`), cut }
}
