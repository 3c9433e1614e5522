/** Runs an example as somebody would: a process of its own, on a free port, stopped with Ctrl-C. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

export interface Ended {
  readonly code: number | null
  /** All that it printed, on either stream. */
  readonly output: string
}

export interface Running {
  /** The first address that it printed, without a slash at the end. */
  readonly url: string
  /** All that it printed so far. */
  output(): string
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ended>
}

interface Options {
  readonly port?: string
  /** Where it keeps its data. Default: a file of its own, which goes when it ends. */
  readonly data?: string
  /** Left out: the sources of the packages, as the scripts of the repository have it. */
  readonly args?: readonly string[]
  /** Of the program itself. */
  readonly rest?: readonly string[]
}

function start(file: string, { port = '0', data, args = ['--conditions=source'], rest = [] }: Options) {
  const folder = data === undefined ? mkdtempSync(join(tmpdir(), 'parley-example-')) : undefined
  const child = spawn(process.execPath, [...args, 'run', file, ...rest], {
    cwd: root,
    env: { ...process.env, PORT: port, DATA: data ?? join(folder!, 'events.db') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const listeners = new Set<() => void>()
  const hear = (chunk: string): void => {
    output += chunk
    for (const listener of listeners) listener()
  }
  child.stdout.setEncoding('utf8').on('data', hear)
  child.stderr.setEncoding('utf8').on('data', hear)
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
      resolve({ code, output })
    })
  })
  return { child, ended, output: () => output, listeners }
}

/** Runs an example to its end. */
export function runToEnd(file: string, options: Options = {}): Promise<Ended> {
  return start(file, options).ended
}

/**
 * Starts an example and waits until it says where it is.
 *
 * @param file From the root of the repository.
 * @throws Error with what it printed, if it ends instead.
 */
export async function startExample(file: string, options: Options = {}): Promise<Running> {
  const { child, ended, output, listeners } = start(file, options)
  const url = await new Promise<string>((resolve, reject) => {
    const look = (): void => {
      const [found] = /http:\/\/[\w.]+:[1-9]\d*(?=[/,\s])/.exec(output()) ?? []
      if (found === undefined) return
      listeners.delete(look)
      resolve(found)
    }
    listeners.add(look)
    ended.then(({ code }) => reject(new Error(`${file} ended with ${code}:\n${output()}`)), reject)
  })
  return {
    url,
    output,
    stop(signal = 'SIGINT') {
      child.kill(signal)
      return ended
    },
  }
}
