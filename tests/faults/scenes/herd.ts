/** Many clients whose server is killed under them, and started again: when each tries to come back, and what it has. */
import type { Clock } from '@parley/shared/internal'
import { hurriedClock } from '../../support/hurried-clock.js'
import { workServer } from '../work-server.js'
import { type Counts, tally, Worker } from '../worker.js'
import { caughtUp, closing, pause, type SceneOptions, titleOf } from './scene.js'

export interface HerdOptions extends SceneOptions {
  readonly clients: number
  /** Of their clocks. */
  readonly speed: number
  /** How long nothing listens at the server's address, beside the time that it takes to start, in ms. */
  readonly awayMs: number
}

export interface Herd {
  readonly counts: Counts
  /** How long each client waited before its first attempt, in ms of its clock. */
  readonly firstDelays: readonly number[]
  /** When each attempt began, and when the server was there again, in ms since it was killed. */
  readonly attempts: readonly number[]
  readonly backAt: number
}

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export const herd = (options: HerdOptions): Promise<Herd> =>
  closing(async (close) => {
    const { without, clients, speed, awayMs } = options
    const server = workServer(without)
    close(() => server[Symbol.asyncDispose]())
    const first = await server.start()
    const { url } = first
    const workers = Array.from({ length: clients }, (_, i) => {
      const clock: Clock = { ...hurriedClock(speed), random: seeded(i + 1) }
      return new Worker({ url, transport: 'websocket', clock })
    })
    close(() => {
      for (const worker of workers) worker.close()
    })
    const readers = workers.map(({ counting }) => counting)
    await Promise.all(workers.map((worker) => worker.read()))
    for (let i = 0; i < 3; i++) await caughtUp(first, server, readers)

    const firstDelays: number[] = []
    const attempts: number[] = []
    let killedAt = Number.POSITIVE_INFINITY
    for (const { client } of workers) {
      let isFirst = true
      client.connection.subscribe(() => {
        const state = client.connection.getSnapshot()
        if (state.status === 'connecting') attempts.push(performance.now() - killedAt)
        if (state.status !== 'reconnecting' || !isFirst) return
        isFirst = false
        firstDelays.push(state.delayMs)
      })
    }
    killedAt = performance.now()
    await first.kill()
    await pause(awayMs)
    const second = await server.start()
    const backAt = performance.now() - killedAt
    await Promise.all(workers.map((worker) => worker.ask('look')))
    await caughtUp(second, server, readers)
    return {
      counts: tally(titleOf(`${clients} clients`, options), workers, [], server.ledger()),
      firstDelays,
      attempts,
      backAt,
    }
  })
