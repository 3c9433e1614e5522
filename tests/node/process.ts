import { spawn } from 'node:child_process'
import { once } from 'node:events'
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
