/**
 * The server is killed and started again after it replied, and before the client acknowledged that: the reply came, or
 * was lost on its way.
 */
import { hurriedClock } from '../../support/hurried-clock.js'
import { startProxy } from '../../support/proxy.js'
import { type Kind, kinds } from '../work-contract.js'
import { workServer } from '../work-server.js'
import { type Counts, tally, Worker } from '../worker.js'
import { caughtUp, closing, type SceneOptions, titleOf } from './scene.js'

const speed = 5

export interface Unacknowledged {
  readonly counts: Counts
  readonly ends: Readonly<Record<Kind, string>>
  readonly runs: Readonly<Record<Kind, number>>
}

/** @param reply What became of the reply. */
export const unacknowledged = (reply: 'came' | 'was lost', options: SceneOptions): Promise<Unacknowledged> =>
  closing(async (close) => {
    const { transport, without } = options
    const server = workServer(without)
    close(() => server[Symbol.asyncDispose]())
    const first = await server.start()
    const proxy = await startProxy(first.url)
    close(() => proxy.stop())
    // no more than may be sent without a word from the client
    const worker = new Worker({ url: proxy.url, transport, clock: hurriedClock(speed), to: 20 })
    close(() => worker.close())
    await worker.read()
    await caughtUp(first, server, [worker.counting])
    first.order('pace 1')

    const asked: readonly Kind[] = kinds
    for (const [k] of asked.entries()) {
      first.order(`hold ${k}`)
      await first.said(`held ${k}`)
    }
    const ends = asked.map((kind, k) => worker.ask(kind, k))
    for (const [k] of asked.entries()) await first.said(`started ${k}`)
    proxy.hold(reply === 'came' ? 'up' : 'down')
    for (const [k] of asked.entries()) first.order(`release ${k}`)
    if (reply === 'came') await Promise.all(ends)
    else await proxy.holds(...asked.map((_, k) => `{"k":${k}}`))
    // what is on its way out goes nowhere
    await first.kill()
    proxy.cut()
    const second = await server.start()
    const codes = await Promise.all(ends)
    // what it asks for next it is answered: until then nothing of before was sent again
    await worker.ask('say')
    await caughtUp(second, server, [worker.counting])

    const ledger = server.ledger()
    const byKind = <T>(of: (kind: Kind, k: number) => T) =>
      Object.fromEntries(asked.map((kind, k) => [kind, of(kind, k)])) as Record<Kind, T>
    return {
      counts: tally(titleOf(`a reply that ${reply}`, options), [worker], {}, ledger),
      ends: byKind((_, k) => codes[k]!),
      runs: byKind((kind, k) => ledger[kind].filter((one) => one === k).length),
    }
  })
