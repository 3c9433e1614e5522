import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** What a line of `process.ts` may hold. */
export interface Line {
  readonly shown?: number
  readonly epoch?: string
  readonly offset?: number
  readonly text?: string
  readonly opened?: string
  readonly code?: string
  readonly message?: string
}

export interface Spawned {
  readonly lines: Line[]
  /** Waits until so many lines came, or the process has ended. */
  until(count: number): Promise<void>
  /** `kill -9`: resolves when it is gone, and all that it wrote has been read. */
  kill(): Promise<void>
  /** Ends its input, so that it closes its log. */
  finish(): Promise<void>
}

export const processScript: string = fileURLToPath(new URL('./process.ts', import.meta.url))

/** Runs `process.ts`. */
export function spawnLog(...args: string[]): Spawned {
  const child: ChildProcess = spawn(process.execPath, ['--conditions=source', processScript, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines: Line[] = []
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const resolve of waiting) resolve()
    waiting.clear()
  }
  const output = createInterface({ input: child.stdout! })
  output.on('line', (line) => {
    lines.push(JSON.parse(line))
    wake()
  })
  const ended = Promise.all([once(child, 'exit'), once(output, 'close')]).then(wake)
  return {
    lines,
    async until(count) {
      let over = false
      void ended.then(() => {
        over = true
      })
      while (lines.length < count && !over) await new Promise<void>((resolve) => waiting.add(resolve))
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    async finish() {
      child.stdin!.end()
      await ended
    },
  }
}
