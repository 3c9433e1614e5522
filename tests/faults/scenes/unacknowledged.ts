/**
 * The server is killed and started again after it replied, and before its clients acknowledged that: to some the reply
 * came, to others it was lost on its way.
 */
import { hurriedClock } from '../../support/hurried-clock.js'
import { type FaultyProxy, startProxy } from '../../support/proxy.js'
import { type Kind, kinds } from '../work-contract.js'
import { type Life, workServer } from '../work-server.js'
import { type Counts, tally, Worker } from '../worker.js'
import { caughtUp, closing, type SceneOptions, type Transport, titleOf, transports } from './scene.js'

const speed = 2
const replies = ['came', 'was lost'] as const
type Reply = (typeof replies)[number]

/** What one client was told, and how often each kind of its work ran. */
export interface Told {
  readonly transport: Transport
  readonly reply: Reply
  readonly ends: Readonly<Record<Kind, string>>
  readonly runs: Readonly<Record<Kind, number>>
}

/** Asks for one of each kind, and resolves when the replies are where they are to be. */
async function ask(reply: Reply, worker: Worker, proxy: FaultyProxy, life: Life, numbers: readonly number[]) {
  for (const k of numbers) {
    life.order(`hold ${k}`)
    await life.said(`held ${k}`)
  }
  const ends = kinds.map((kind, i) => worker.ask(kind, numbers[i]))
  for (const k of numbers) await life.said(`started ${k}`)
  // what comes up from now on, an acknowledgement above all, comes nowhere; or what goes down
  proxy.hold(reply === 'came' ? 'up' : 'down')
  for (const k of numbers) life.order(`release ${k}`)
  if (reply === 'came') await Promise.all(ends)
  else await proxy.holds(...numbers.map((k) => `{"k":${k}}`))
  return ends
}

export const unacknowledged = (
  options: SceneOptions = {},
): Promise<{ readonly counts: Counts; readonly told: readonly Told[] }> =>
  closing(async (close) => {
    const server = workServer(options.without)
    close(() => server[Symbol.asyncDispose]())
    const first = await server.start()
    const all = await Promise.all(
      transports
        .flatMap((transport) => replies.map((reply) => ({ transport, reply })))
        .map(async (which, i) => {
          const proxy = await startProxy(first.url)
          close(() => proxy.stop())
          const above = i * 1_000
          const { transport } = which
          const clock = hurriedClock(speed)
          // its streams need no word of the client
          const worker = new Worker({ url: proxy.url, transport, clock, above, to: 20 })
          close(() => worker.close())
          await worker.read()
          return { ...which, proxy, worker, numbers: kinds.map((_, at) => above + at + 1) }
        }),
    )
    const workers = all.map(({ worker }) => worker)
    const readers = workers.map(({ counting }) => counting)
    await caughtUp(first, server, readers)
    first.order('pace 1')
    const asked = await Promise.all(
      all.map(({ reply, worker, proxy, numbers }) => ask(reply, worker, proxy, first, numbers)),
    )
    await first.kill()
    for (const { proxy } of all) proxy.cut()
    const second = await server.start()
    const ends = await Promise.all(asked.map((some) => Promise.all(some)))
    // what it asks for next is answered after all that it would send again
    await Promise.all(workers.map((worker) => worker.ask('say')))
    await caughtUp(second, server, readers)

    const ledger = server.ledger()
    const byKind = <T>(of: (kind: Kind, i: number) => T) =>
      Object.fromEntries(kinds.map((kind, i) => [kind, of(kind, i)])) as Record<Kind, T>
    const told = all.map(({ transport, reply, numbers }, at) => ({
      transport,
      reply,
      ends: byKind((_, i) => ends[at]![i]!),
      runs: byKind((kind, i) => ledger[kind].filter((k) => k === numbers[i]).length),
    }))
    return { counts: tally(titleOf('unacknowledged', options), workers, [], ledger), told }
  })
