/** Starts the server of work-process.ts, tells it what to do, kills it, and reads what it wrote down. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { SwitchedOff } from './switched-off.js'
import { type Kind, kinds } from './work-contract.js'
import type { Order, WorkOptions } from './work-process.js'

/** What ran, in order, and which events were stored. */
export interface Ledger extends Readonly<Record<Kind, readonly number[]>> {
  readonly tick: readonly number[]
}

/** One life of the server. */
export interface Life {
  readonly url: string
  order(order: Order): void
  /** Resolves once it has said this line, each time that this is asked. */
  said(line: string): Promise<void>
  /** `kill -9`: resolves when it is gone. */
  kill(): Promise<void>
}

export interface WorkServer extends AsyncDisposable {
  /** The first life takes any free port, those after it the same one. */
  start(): Promise<Life>
  ledger(): Ledger
}

export function workServer(without?: SwitchedOff): WorkServer {
  const folder = mkdtempSync(join(tmpdir(), 'parley-work-'))
  const script = join(import.meta.dirname, 'work-process.ts')
  let port = 0
  let life = -1
  let current: Life | undefined

  return {
    async start() {
      life += 1
      const options: WorkOptions = { folder, port, life, without }
      const child = spawn(process.execPath, ['--conditions=source', script, JSON.stringify(options)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      const ended = once(child, 'exit')
      const lines: string[] = []
      const waiting = new Map<string, () => void>()
      let listen: (url: string) => void
      const url = new Promise<string>((resolve) => {
        listen = resolve
      })
      createInterface(child.stdout).on('line', (line) => {
        if (line.startsWith('http')) listen(line)
        const resolve = waiting.get(line)
        waiting.delete(line)
        if (resolve) resolve()
        else lines.push(line)
      })
      child.stdin.on('error', () => {}) // it was killed while something was on its way to it
      current = {
        url: await Promise.race([
          url,
          ended.then(([code]) => Promise.reject(new Error(`the server ended with ${code} before it served`))),
        ]),
        order: (order) => child.stdin.write(`${order}\n`),
        said: (line) =>
          new Promise((resolve) => {
            const at = lines.indexOf(line)
            if (at === -1) waiting.set(line, resolve)
            else {
              lines.splice(at, 1)
              resolve()
            }
          }),
        async kill() {
          child.kill('SIGKILL')
          await ended
        },
      }
      port = Number(new URL(current.url).port)
      return current
    },
    ledger() {
      const file = join(folder, 'ledger')
      const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
      const ofName = (name: string) =>
        lines.filter((line) => line.startsWith(`${name} `)).map((line) => Number(line.split(' ')[1]))
      return Object.fromEntries([...kinds, 'tick'].map((name) => [name, ofName(name)])) as unknown as Ledger
    },
    async [Symbol.asyncDispose]() {
      await current?.kill()
      rmSync(folder, { recursive: true })
    },
  }
}
