/** Work of each kind and 300 events a second, through links that are cut, stalled, refused and half-opened by chance. */
import { createSubscriber } from '@parley/client'
import { hurriedClock } from '../../support/hurried-clock.js'
import { type FaultyProxy, startProxy } from '../../support/proxy.js'
import { Counting } from '../counting.js'
import { type Kind, workContract } from '../work-contract.js'
import { workServer } from '../work-server.js'
import { tally, Worker } from '../worker.js'
import { caughtUp, closing, pause, type Scene, titleOf } from './scene.js'

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

export const load: Scene = (options) =>
  closing(async (close) => {
    const { transport, without } = options
    const server = workServer(without)
    close(() => server[Symbol.asyncDispose]())
    const life = await server.start()
    const [first, second] = [await startProxy(life.url), await startProxy(life.url)]
    close(() => first.stop())
    close(() => second.stop())

    // what is not sent again without replay must not hold up the end of the scene
    const worker = new Worker({
      url: first.url,
      transport,
      clock: hurriedClock(speed),
      withinMs: without === 'replay' ? 3_000 * speed : undefined,
    })
    close(() => worker.close())
    await worker.read()
    const url = new URL('/realtime/events/ticks', second.url)
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

    const answers: Promise<unknown>[] = []
    const begin = performance.now()
    let isOver = false
    const breakage = [first, second].map((proxy) => breaking(proxy, () => isOver))
    life.order('pace 3')
    // messages that run twice at once would hold each other up for good
    const asked: readonly Kind[] = without === 'dedup' ? ['add'] : ['say', 'add', 'say', 'look', 'pay']
    while (!isOver) {
      for (const kind of asked) answers.push(worker.ask(kind))
      // of a stream that is not asked for again nobody would hear
      if (answers.length % 100 === 0 && without === undefined) answers.push(worker.ask('count'))
      await pause(20)
      isOver = performance.now() - begin > 3_000
    }
    await Promise.all(breakage)
    life.order('pace 0')
    await Promise.all(answers)
    await caughtUp(life, server, [worker.counting, overSse])
    return tally(titleOf('load', options), [worker], { SSE: overSse }, server.ledger())
  })
