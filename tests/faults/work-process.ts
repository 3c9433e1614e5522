/**
 * A server of its own process, on a log that outlives it, to be killed: `bun work-process.ts OPTIONS`. It writes down
 * what runs and what it emitted in a ledger that nobody takes back, and does what the lines of its input say.
 */
import { appendFileSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { plant } from '../simulation/plant.js'
import { changesOfServer, logWithout, type SwitchedOff } from './switched-off.js'
import type { Kind } from './work-contract.js'

export interface WorkOptions {
  /** Holds the log and the ledger. */
  readonly folder: string
  readonly port: number
  /** Its events are numbered from a million times this on. */
  readonly life: number
  readonly without: SwitchedOff | undefined
}

/**
 * `emit 10`: so many events at once, and `emitted` is said once they are stored. `pace 5`: so many every 10 ms.
 * `hold 7`: `held 7` is said, and the work of that number waits for `release 7`.
 */
export type Order = `${'emit' | 'pace' | 'hold' | 'release'} ${number}`

const { folder, port, life, without }: WorkOptions = JSON.parse(process.argv[2] ?? '{}')
if (without) plant(...changesOfServer[without])
const { anyone, createHub, createRouter } = await import('@parley/server')
const { serve } = await import('@parley/server/bun')
const { sqliteLog } = await import('@parley/server/sqlite')
const { workContract } = await import('./work-contract.js')

const say = (line: string) => writeSync(1, `${line}\n`)
const note = (line: string) => appendFileSync(`${folder}/ledger`, `${line}\n`)

interface Gate {
  readonly opened: Promise<void>
  open(): void
}
const gates = new Map<number, Gate>()

/** Where its number is written down, it has run. */
async function work(kind: Kind, k: number): Promise<void> {
  note(`${kind} ${k}`)
  const gate = gates.get(k)
  if (!gate) return new Promise((resolve) => setTimeout(resolve, 3))
  say(`started ${k}`)
  await gate.opened
  say(`finished ${k}`)
}

interface Input {
  readonly input: { readonly k: number }
}
const handler =
  (kind: Kind) =>
  async ({ input: { k } }: Input) => {
    await work(kind, k)
    return { k }
  }

const log = sqliteLog(`${folder}/events.db`)
const hub = createHub(workContract, {
  log: without ? logWithout(without, log) : log,
})
const router = createRouter(hub, {
  ticks: { join: anyone },
  room: { join: anyone, messages: { say: handler('say') } },
  add: handler('add'),
  look: handler('look'),
  pay: handler('pay'),
  async *count({ input: { k, to } }) {
    await work('count', k)
    for (let n = 1; n <= to; n++) yield n
    return { k }
  },
})

let n = life * 1_000_000
/** An event is written down once it is stored: from then on it must not be lost. */
async function emit(): Promise<void> {
  const number = ++n
  await hub.channel.ticks.emit('tick', { n: number })
  note(`tick ${number}`)
}

let pace = 0
setInterval(() => {
  for (let i = 0; i < pace; i++) void emit()
}, 10)

const orders: Readonly<Record<string, (n: number) => void>> = {
  emit(count) {
    void Promise.all(Array.from({ length: count }, emit)).then(() => say('emitted'))
  },
  pace(count) {
    pace = count
  },
  hold(k) {
    let open = (): void => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    gates.set(k, { opened, open })
    say(`held ${k}`)
  },
  release: (k) => gates.get(k)?.open(),
}
createInterface(process.stdin)
  .on('line', (line) => {
    const [order = '', n] = line.split(' ')
    orders[order]?.(Number(n))
  })
  .on('close', () => process.exit(0))

// of these nobody can get one as it is emitted
if (life > 0) await Promise.all(Array.from({ length: 5 }, emit))
say(serve(router, { port, hostname: '127.0.0.1' }).url)
