/** The server is killed while it works, and started again on the same file and port; meanwhile a client goes on asking. */
import { createSubscriber } from '@parley/client'
import { hurriedClock } from '../../support/hurried-clock.js'
import { Counting } from '../counting.js'
import { type Kind, kinds, workContract } from '../work-contract.js'
import { workServer } from '../work-server.js'
import { type Counts, tally, Worker } from '../worker.js'
import { caughtUp, closing, type SceneOptions, titleOf } from './scene.js'

const speed = 5

export interface Restarted {
  readonly counts: Counts
  /** What became of what was under way as the server was killed, and of what was asked for before it was back. */
  readonly underWay: Readonly<Record<Kind, string>>
  readonly meanwhile: readonly string[]
  /** How often each ran. */
  readonly runs: Readonly<Record<Kind, number>>
  /** The numbers of the messages that ran, in order. */
  readonly said: readonly number[]
}

/** The numbers of what is under way, by kind; the messages behind `say` wait for it. */
const numbers: Readonly<Record<Kind, number>> = { say: 1, add: 2, look: 3, pay: 4, count: 5 }
const behind = [6, 7]

export const restart = (options: SceneOptions): Promise<Restarted> =>
  closing(async (close) => {
    const { transport, without } = options
    const server = workServer(without)
    close(() => server[Symbol.asyncDispose]())
    const first = await server.start()
    const worker = new Worker({ url: first.url, transport, clock: hurriedClock(speed) })
    close(() => worker.close())
    await worker.read()
    const url = `${first.url}/events/ticks`
    const subscriber = createSubscriber(workContract, 'ticks', {
      url,
      clock: hurriedClock(speed),
      onReport: () => {},
    })
    close(() => subscriber.close())
    const overSse = new Counting()
    subscriber.on('tick', ({ n }) => overSse.take(n))
    subscriber.onGap(() => overSse.gaps++)
    await subscriber.ready()

    await caughtUp(first, server, [worker.counting, overSse])
    first.order('pace 2')
    const ends = new Map<number, Promise<string>>()
    for (const kind of kinds) {
      const k = numbers[kind]
      first.order(`hold ${k}`)
      await first.said(`held ${k}`)
      ends.set(k, worker.ask(kind, k))
    }
    for (const k of behind) ends.set(k, worker.ask('say', k))
    for (const kind of kinds) await first.said(`started ${numbers[kind]}`)
    await first.kill()

    const { connection } = worker.client
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (connection.getSnapshot().status !== 'open') resolve()
      }
      connection.subscribe(look)
      look()
    })
    const later = Array.from({ length: 20 }, (_, i) => worker.ask(i % 4 === 0 ? 'add' : 'say'))
    const second = await server.start()
    second.order('pace 2')
    const meanwhile = await Promise.all(later)
    const all = await Promise.all(ends.values())
    second.order('pace 0')
    await caughtUp(second, server, [worker.counting, overSse])

    const ledger = server.ledger()
    const byKind = <T>(of: (kind: Kind) => T) =>
      Object.fromEntries(kinds.map((kind) => [kind, of(kind)])) as Record<Kind, T>
    return {
      counts: tally(titleOf('restart', options), [worker], { SSE: overSse }, ledger),
      underWay: byKind((kind) => all[[...ends.keys()].indexOf(numbers[kind])]!),
      meanwhile,
      runs: byKind((kind) => ledger[kind].filter((k) => k === numbers[kind]).length),
      said: ledger.say,
    }
  })
