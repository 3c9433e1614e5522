/** Work of each kind and 300 events a second, through links that are cut, stalled, refused and half-opened by chance. */
import { hurriedClock } from '../../support/hurried-clock.js'
import { type FaultyProxy, startProxy } from '../../support/proxy.js'
import { readBySse } from '../read-by-sse.js'
import type { Kind } from '../work-contract.js'
import { workServer } from '../work-server.js'
import { type Counts, tally, Worker } from '../worker.js'
import { caughtUp, closing, pause, type SceneOptions, titleOf, transports } from './scene.js'

const speed = 60

/** Breaks a link in one way or another, until it is told to stop; after that it is whole. */
async function breaking(proxy: FaultyProxy, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await pause(Math.random() * 400)
    const chance = Math.random()
    if (chance < 0.15) {
      proxy.stall()
      await pause(60)
      proxy.resume()
    } else if (chance < 0.3) {
      proxy.refuse(true)
      proxy.cut()
      await pause(60)
      proxy.refuse(false)
    } else if (chance < 0.4) proxy.halfOpen()
    else proxy.cut()
  }
}

export const load = (options: SceneOptions = {}): Promise<Counts> =>
  closing(async (close) => {
    const { without } = options
    const server = workServer(without)
    close(() => server[Symbol.asyncDispose]())
    const life = await server.start()
    const proxies: FaultyProxy[] = []
    const throughProxy = async (): Promise<URL> => {
      const proxy = await startProxy(life.url)
      close(() => proxy.stop())
      proxies.push(proxy)
      return proxy.url
    }
    const workers: Worker[] = []
    for (const [i, transport] of transports.entries()) {
      const worker = new Worker({
        url: await throughProxy(),
        transport,
        clock: hurriedClock(speed),
        above: i * 1_000_000,
        // what is not sent again without replay must not hold up the end of the scene
        withinMs: without === 'replay' ? 3_000 * speed : undefined,
      })
      close(() => worker.close())
      workers.push(worker)
      await worker.read()
    }
    const overSse = await readBySse(await throughProxy(), hurriedClock(speed))
    close(() => overSse.close())

    const answers: Promise<unknown>[] = []
    const begin = performance.now()
    let isOver = false
    const breakage = proxies.map((proxy) => breaking(proxy, () => isOver))
    life.order('pace 3')
    // messages that run twice at once would hold each other up for good
    const asked: readonly Kind[] = without === 'dedup' ? ['add'] : ['say', 'add', 'say', 'look', 'pay']
    while (!isOver) {
      for (const worker of workers) {
        for (const kind of asked) answers.push(worker.ask(kind))
        // of a stream that is not asked for again nobody would hear
        if (answers.length % 50 === 0 && without === undefined) answers.push(worker.ask('count'))
      }
      await pause(20)
      isOver = performance.now() - begin > 2_500
    }
    await Promise.all(breakage)
    life.order('pace 0')
    await Promise.all(answers)
    await caughtUp(life, server, [overSse.counting, ...workers.map(({ counting }) => counting)])
    return tally(titleOf('at load', options), workers, [overSse.counting], server.ledger())
  })
