/** The server is killed while it works, and started again on the same file and port; meanwhile clients go on asking. */
import { hurriedClock } from '../../support/hurried-clock.js'
import { readBySse } from '../read-by-sse.js'
import { type Kind, kinds } from '../work-contract.js'
import { type Ledger, type Life, workServer } from '../work-server.js'
import { type Counts, tally, Worker } from '../worker.js'
import { caughtUp, closing, type SceneOptions, type Transport, titleOf, transports } from './scene.js'

/** What waits for a server that is slow to start must not be given up for that. */
const speed = 2

/** What one client saw. */
export interface Survivor {
  readonly transport: Transport
  /** What became of what was under way as the server was killed, and how often each ran. */
  readonly underWay: Readonly<Record<Kind, string>>
  readonly runs: Readonly<Record<Kind, number>>
  /** What became of messages and calls that were asked for before it was back. */
  readonly meanwhile: readonly string[]
  /** The numbers of the messages that ran, in order. */
  readonly said: readonly number[]
}

/** A client with one thing of each kind under way, and messages that wait behind the first. */
async function busy(worker: Worker, above: number, life: Life) {
  const numbers = new Map(kinds.map((kind, i) => [kind, above + i + 1]))
  for (const k of numbers.values()) {
    life.order(`hold ${k}`)
    await life.said(`held ${k}`)
  }
  const ends = kinds.map((kind) => worker.ask(kind, numbers.get(kind)))
  ends.push(worker.ask('say'), worker.ask('say'))
  for (const k of numbers.values()) await life.said(`started ${k}`)
  return {
    ends: () => Promise.all(ends),
    of: <T>(what: (kind: Kind, k: number, i: number) => T) =>
      Object.fromEntries(kinds.map((kind, i) => [kind, what(kind, numbers.get(kind)!, i)])) as Record<
        Kind,
        T
      >,
  }
}

export const restart = (
  options: SceneOptions = {},
): Promise<{ readonly counts: Counts; readonly survivors: readonly Survivor[] }> =>
  closing(async (close) => {
    const server = workServer(options.without)
    close(() => server[Symbol.asyncDispose]())
    const first = await server.start()
    const { url } = first
    const overSse = await readBySse(url, hurriedClock(speed))
    close(() => overSse.close())
    const workers = transports.map(
      (transport, i) => new Worker({ url, transport, clock: hurriedClock(speed), above: i * 1_000 }),
    )
    for (const worker of workers) {
      close(() => worker.close())
      await worker.read()
    }
    const readers = [overSse.counting, ...workers.map(({ counting }) => counting)]
    await caughtUp(first, server, readers)
    first.order('pace 2')
    const works = await Promise.all(workers.map((worker, i) => busy(worker, i * 1_000, first)))
    await first.kill()

    const later = await Promise.all(
      workers.map(async (worker) => {
        await worker.becomes('away')
        return Array.from({ length: 20 }, (_, i) => worker.ask(i % 4 === 0 ? 'add' : 'say'))
      }),
    )
    const second = await server.start()
    second.order('pace 2')
    const meanwhile = await Promise.all(later.map((answers) => Promise.all(answers)))
    const ends = await Promise.all(works.map((work) => work.ends()))
    second.order('pace 0')
    await caughtUp(second, server, readers)

    const ledger: Ledger = server.ledger()
    const survivors = transports.map((transport, at) => ({
      transport,
      underWay: works[at]!.of((_kind, _k, i) => ends[at]![i]!),
      runs: works[at]!.of((kind, k) => ledger[kind].filter((one) => one === k).length),
      meanwhile: meanwhile[at]!,
      said: ledger.say.filter((k) => Math.floor(k / 1_000) === at),
    }))
    return {
      counts: tally(titleOf('over a restart', options), workers, [overSse.counting], ledger),
      survivors,
    }
  })
