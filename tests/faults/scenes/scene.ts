/** What scenes have in common. */
import type { Counting } from '../counting.js'
import type { SwitchedOff } from '../switched-off.js'
import type { Life, WorkServer } from '../work-server.js'

export interface SceneOptions {
  /** What is switched off in this process, and in that of the server: see switched-off.ts. */
  readonly without?: SwitchedOff
}

export const transports = ['websocket', 'sse'] as const
export type Transport = (typeof transports)[number]

/** Plays a scene, and closes what it opened. */
export async function closing<T>(play: (close: (end: () => unknown) => void) => Promise<T>): Promise<T> {
  const ends: (() => unknown)[] = []
  try {
    return await play((end) => ends.push(end))
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export function titleOf(name: string, { without }: SceneOptions): string {
  return without === undefined ? name : `${name} without ${without}`
}

/** Emits one event more, and resolves once each has it; another one where without replay it went past somebody. */
export async function caughtUp(life: Life, server: WorkServer, readers: readonly Counting[]): Promise<void> {
  let isCaughtUp = false
  do {
    life.order('emit 1')
    await life.said('emitted')
    const last = server.ledger().tick.at(-1)!
    const all = Promise.all(readers.map((reader) => reader.until(last))).then(() => {
      isCaughtUp = true
    })
    await Promise.race([all, pause(500)])
  } while (!isCaughtUp)
}
