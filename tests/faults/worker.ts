/** A client that asks for numbered work, reads the events, and counts what became of each. */
import { type Client, createClient } from '@parley/client'
import { ParleyError } from '@parley/shared'
import type { Clock } from '@parley/shared/internal'
import { Counting } from './counting.js'
import { type Kind, kinds, workContract } from './work-contract.js'
import type { Ledger } from './work-server.js'

interface Asked {
  readonly kind: Kind
  readonly k: number
  /** `answered`, the code of an error, or what was wrong. */
  ends: string | undefined
}

/** What is counted of one kind of work, or of the events. */
export interface Counts {
  readonly sent: number
  /** Of those sent, how many ran; how many more times than once, where that is not allowed. */
  readonly run: number
  readonly repeated: number
  readonly delivered: number
  /** Neither answered nor told what became of it. */
  readonly lost: number
  /** Told that nobody knows whether it ran. */
  readonly unknown: number
  /** Told that it never ran, and yet it did; or answered, and did not run; or answered with something else. */
  readonly wrong: number
  /** Told that it never ran: it waited for too long, or with too many others. */
  readonly refused: number
  readonly disordered: number
}

interface WorkerOptions {
  readonly url: string | URL
  readonly transport: 'websocket' | 'sse'
  readonly clock: Clock
  /** Deadline of what it asks for, by that clock. */
  readonly withinMs?: number | undefined
  /** How far its streams count. */
  readonly to?: number
  /** Its work is numbered above this, apart from that of others. Default: 0. */
  readonly above?: number
}

const neverRan = ['OUTBOX_FULL', 'OVERLOADED']

/** What is to be nothing, whatever breaks. */
export const kept = { repeated: 0, lost: 0, wrong: 0, disordered: 0 }

export class Worker {
  readonly client: Client<(typeof workContract)['tree']>
  readonly counting = new Counting()
  readonly #asked: Asked[] = []
  readonly #withinMs: number
  readonly #to: number
  #k: number

  constructor({ url, transport, clock, withinMs = 600_000, to = 50, above = 0 }: WorkerOptions) {
    this.client = createClient(workContract, {
      url,
      transport,
      clock,
      onReport: () => {},
    })
    this.#withinMs = withinMs
    this.#to = to
    this.#k = above
  }

  /** Reads the events from now on. */
  async read(): Promise<void> {
    const { ticks } = this.client
    ticks.on('tick', ({ n }) => this.counting.take(n))
    ticks.onGap(() => this.counting.gaps++)
    await ticks.ready()
  }

  /** Resolves with what became of it: `answered`, or a code. */
  async ask(kind: Kind, k: number = ++this.#k): Promise<string> {
    const asked: Asked = { kind, k, ends: undefined }
    this.#k = Math.max(this.#k, k)
    this.#asked.push(asked)
    const ends = await this.#send(kind, k).then(
      (answer) => (answer.k === k ? 'answered' : `answered with ${JSON.stringify(answer)}`),
      (error) => (error instanceof ParleyError ? error.code : String(error)),
    )
    asked.ends = ends
    return ends
  }

  async #send(kind: Kind, k: number): Promise<{ readonly k: number }> {
    const { client } = this
    const options = { withinMs: this.#withinMs }
    if (kind === 'say') return client.room.send('say', { k }, options)
    if (kind !== 'count') return client[kind]({ k }, options)
    const to = this.#to
    const run = client.count({ k, to })
    let n = 0
    for await (const value of run) if (value !== ++n) throw new Error(`value ${value} in the place of ${n}`)
    const result = await run.result
    if (n !== to) throw new Error(`${n} values, and not ${to}`)
    return result
  }

  /** Resolves once its connection is, or is not, open. */
  becomes(status: 'open' | 'away'): Promise<void> {
    const { connection } = this.client
    return new Promise((resolve) => {
      const look = (): void => {
        if ((connection.getSnapshot().status === 'open') !== (status === 'open')) return
        stop()
        resolve()
      }
      const stop = connection.subscribe(look)
      look()
    })
  }

  counts(kind: Kind, ledger: Ledger): Counts {
    const asked = this.#asked.filter((one) => one.kind === kind)
    const ran = asked.flatMap(({ k }) => ledger[kind].filter((one) => one === k))
    const all = new Set(ran)
    const order = [...new Set(ledger[kind])].filter((k) => all.has(k))
    const ends = (...codes: readonly string[]) => asked.filter(({ ends: end }) => codes.includes(end ?? ''))
    const delivered = ends('answered')
    const unknown = ends('OUTCOME_UNKNOWN')
    const refused = ends(...neverRan)
    const lost = asked.filter(({ ends: end }) => end === undefined || end === 'TIMEOUT')
    const known = delivered.length + unknown.length + refused.length + lost.length
    return {
      sent: asked.length,
      run: all.size,
      repeated: kind === 'look' ? 0 : ran.length - all.size,
      delivered: delivered.length,
      lost: lost.length,
      unknown: unknown.length,
      wrong:
        asked.length -
        known +
        refused.filter(({ k }) => all.has(k)).length +
        delivered.filter(({ k }) => !all.has(k)).length,
      refused: refused.length,
      disordered: kind === 'say' ? order.filter((k, i) => k < (order[i - 1] ?? 0)).length : 0,
    }
  }

  /** What became of those that are neither delivered nor lost, unknown nor refused: nothing of the kind is expected. */
  strange(): string[] {
    const expected = ['answered', 'OUTCOME_UNKNOWN', 'TIMEOUT', undefined, ...neverRan]
    const strange = this.#asked.filter(({ ends }) => !expected.includes(ends))
    return strange.map(({ kind, k, ends }) => `${kind} ${k}: ${ends}`)
  }

  close(): void {
    this.client.connection.close()
  }
}

function countsOfEvents(counting: Counting, { tick }: Ledger): Counts {
  const { lost, repeated, disordered, gaps } = counting.faults(tick)
  const { delivered } = counting
  const none = { unknown: 0, refused: 0, run: tick.length }
  return { ...none, sent: tick.length, delivered, lost, repeated, wrong: gaps, disordered }
}

/** All that was asked for and read, and one line of it. */
export function tally(
  title: string,
  workers: readonly Worker[],
  readers: readonly Counting[],
  ledger: Ledger,
): Counts {
  const parts = [
    ...workers.flatMap((worker) => kinds.map((kind) => worker.counts(kind, ledger))),
    ...[...workers.map(({ counting }) => counting), ...readers].map((one) => countsOfEvents(one, ledger)),
  ]
  const sum = { ...parts[0]! }
  for (const name of Object.keys(sum) as (keyof Counts)[])
    (sum as Record<keyof Counts, number>)[name] = parts.reduce((all, counts) => all + counts[name], 0)
  const { sent, run, delivered, lost, repeated, disordered, unknown, refused, wrong } = sum
  const texts = [
    `${sent} sent`,
    `${run} run`,
    `${delivered} delivered`,
    `${lost} lost`,
    `${repeated} repeated`,
    `${disordered} out of order`,
    `${unknown} unknown`,
    `${refused} refused`,
    `${wrong} wrong`,
    ...workers.flatMap((worker) => worker.strange()),
  ]
  console.log(`${title}: ${texts.join(', ')}`)
  return sum
}
