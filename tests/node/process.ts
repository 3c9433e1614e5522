import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from '../../scripts/packages.js'

/** Starts the server in Bun; `url` is what it printed, `stop` waits until it has gone. */
export async function startServer(): Promise<{ url: URL; stop(): Promise<void> }> {
  const bun = join(root, 'node_modules/.bin/bun')
  const child = spawn(bun, ['--conditions=source', join(import.meta.dirname, 'server.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const [line] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    exited.then(() => Promise.reject(new Error('the server ended before it served'))),
  ])
  return {
    url: new URL(line),
    async stop() {
      child.stdin.end()
      await exited
    },
  }
}

/** A way to the server that can be cut: every connection that leads through it breaks at once. */
export async function startCuttable(
  target: URL,
): Promise<{ url: URL; cut(): number; stop(): Promise<void> }> {
  const open = new Set<Socket>()
  const proxy = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.pipe(other)
      one.on('error', () => other.destroy()) // a cut looks like an error to whoever is cut off
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
    }
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const address = proxy.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  const url = new URL(target)
  url.port = String(address.port)
  const cut = () => {
    const count = open.size
    for (const socket of open) socket.destroy()
    return count
  }
  return {
    url,
    cut,
    async stop() {
      const closed = once(proxy, 'close')
      proxy.close()
      cut()
      await closed
    },
  }
}
