/** A server in a process of its own. */
import type { Answer, Ask } from './control.js'

export interface ServerProcess {
  readonly port: number
  emit(count: number, burst: boolean): Promise<void>
  /** Processor time taken so far, in microseconds. */
  cpu(): Promise<number>
  stop(): void
}

/** Starts one of the servers beside this file, and waits until it listens. */
export async function startServer(file: string): Promise<ServerProcess> {
  const waiting: ((answer: Answer) => void)[] = []
  const next = (): Promise<Answer> => new Promise((resolve) => waiting.push(resolve))
  const ready = next()
  const child = Bun.spawn([process.execPath, '--conditions=source', `${import.meta.dirname}/${file}`], {
    stdio: ['ignore', 'inherit', 'inherit'],
    ipc: (answer: Answer) => waiting.shift()?.(answer),
    onExit(_child, code) {
      if (waiting.length === 0) return
      console.error(`${file} ended with ${code} before it answered`)
      process.exit(1)
    },
  })
  const ask = (one: Ask): Promise<Answer> => {
    const answer = next()
    child.send(one)
    return answer
  }
  const first = await ready
  if (first.answer !== 'ready') throw new Error(`${file} said ${first.answer} before it was ready`)
  return {
    port: first.port,
    async emit(count, burst) {
      await ask({ ask: 'emit', count, burst })
    },
    async cpu() {
      const answer = await ask({ ask: 'cpu' })
      if (answer.answer !== 'cpu') throw new Error(`${file} was asked for its time and said ${answer.answer}`)
      return answer.micros
    },
    stop: () => child.kill(),
  }
}
