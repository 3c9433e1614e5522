/** Starts the server of the browser tests as a process of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Seen } from './site.js'

export interface SpawnedSite {
  readonly url: URL
  /** What it counted so far. */
  seen(): Promise<Seen>
  /** Ends it, and resolves once it is gone: SIGINT lets it say goodbye, SIGKILL does not. */
  end(signal: 'SIGINT' | 'SIGKILL'): Promise<void>
}

export interface SpawnedSiteOptions {
  readonly port: number
  readonly firstTick: number
  readonly tickMs: number
}

/** Resolves when it serves, and ticks. It does not outlive this process. */
export async function spawnSite({ port, firstTick, tickMs }: SpawnedSiteOptions): Promise<SpawnedSite> {
  const file = join(import.meta.dirname, 'site-process.ts')
  const env = { PORT: String(port), FIRST_TICK: String(firstTick), TICK_MS: String(tickMs) }
  const child = spawn(process.execPath, ['--conditions=source', file], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const [line] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    exited.then(([code]) => Promise.reject(new Error(`the server ended with ${code} before it served`))),
  ])
  const url = new URL(line)
  return {
    url,
    seen: async () => (await fetch(new URL('/seen', url))).json() as Promise<Seen>,
    async end(signal) {
      child.kill(signal)
      await exited
    },
  }
}
