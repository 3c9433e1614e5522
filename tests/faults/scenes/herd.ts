/** Many clients whose server is killed under them, and started again. */
import { hurriedClock } from '../../support/hurried-clock.js'
import { workServer } from '../work-server.js'
import { type Counts, tally, Worker } from '../worker.js'
import { caughtUp, closing, type SceneOptions, titleOf } from './scene.js'

export interface HerdOptions extends SceneOptions {
  readonly clients: number
  /** Of their clocks. */
  readonly speed: number
}

export const herd = (options: HerdOptions): Promise<Counts> =>
  closing(async (close) => {
    const { without, clients, speed } = options
    const server = workServer(without)
    close(() => server[Symbol.asyncDispose]())
    const first = await server.start()
    const { url } = first
    const clock = hurriedClock(speed)
    const workers = Array.from(
      { length: clients },
      (_, i) => new Worker({ url, transport: 'websocket', clock, above: i * 10 }),
    )
    close(() => {
      for (const worker of workers) worker.close()
    })
    const readers = workers.map(({ counting }) => counting)
    await Promise.all(workers.map((worker) => worker.read()))
    for (let i = 0; i < 3; i++) await caughtUp(first, server, readers)

    await first.kill()
    const second = await server.start()
    await Promise.all(workers.map((worker) => worker.becomes('open')))
    await Promise.all(workers.map((worker) => worker.ask('look')))
    await caughtUp(second, server, readers)
    return tally(titleOf(`${clients} clients`, options), workers, [], server.ledger())
  })
