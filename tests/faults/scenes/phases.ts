/** Each kind of work, one at a time, with the link broken in each phase of its life. */
import { hurriedClock } from '../../support/hurried-clock.js'
import { type FaultyProxy, startProxy } from '../../support/proxy.js'
import { type Kind, kinds } from '../work-contract.js'
import { type Life, workServer } from '../work-server.js'
import { type Counts, tally, Worker } from '../worker.js'
import { caughtUp, closing, type SceneOptions, type Transport, titleOf, transports } from './scene.js'

const speed = 4

interface Stage {
  readonly life: Life
  readonly proxy: FaultyProxy
  readonly worker: Worker
  readonly kind: Kind
  readonly k: number
}

/** Resolves once there is a connection that is not the one of now. */
async function back({ worker }: Stage): Promise<void> {
  await worker.becomes('away')
  await worker.becomes('open')
}

/** Asks, and resolves while the handler runs; it does until it is released. */
async function started({ life, worker, kind, k }: Stage): Promise<{ readonly end: Promise<string> }> {
  life.order(`hold ${k}`)
  await life.said(`held ${k}`)
  const end = worker.ask(kind, k)
  await life.said(`started ${k}`)
  return { end }
}

/** Each breaks the link once; resolves with what became of the work. */
export const phases: Readonly<Record<string, (stage: Stage) => Promise<string>>> = {
  async 'before the request arrives'({ proxy, worker, kind, k }) {
    proxy.hold('up')
    const end = worker.ask(kind, k)
    await proxy.holds()
    proxy.cut()
    return end
  },
  async 'while the handler runs'(stage) {
    const { end } = await started(stage)
    const isBack = back(stage)
    stage.proxy.cut()
    await isBack
    stage.life.order(`release ${stage.k}`)
    return end
  },
  async 'in silence, while the handler runs'(stage) {
    const { end } = await started(stage)
    const isBack = back(stage)
    stage.proxy.halfOpen()
    await isBack
    stage.life.order(`release ${stage.k}`)
    return end
  },
  async 'before the handler ends, which it does while nobody is there'(stage) {
    const { life, proxy, k } = stage
    const { end } = await started(stage)
    proxy.refuse(true)
    proxy.cut()
    life.order(`release ${k}`)
    await life.said(`finished ${k}`)
    proxy.refuse(false)
    return end
  },
  async 'while the reply travels'({ proxy, worker, kind, k }) {
    proxy.hold('down')
    const end = worker.ask(kind, k)
    // a client that tires of waiting comes back over another link
    await Promise.race([proxy.holds(`{"k":${k}}`), end])
    proxy.cut()
    return end
  },
}

export const everyPhase = (options: SceneOptions = {}): Promise<Counts> =>
  closing(async (close) => {
    const { without } = options
    const server = workServer(without)
    close(() => server[Symbol.asyncDispose]())
    const life = await server.start()
    // what comes of a stream that begins anew, or is not asked for again, is no count
    const asked = without === undefined ? kinds : (['say', 'add', 'look', 'pay'] as const)
    const set = async (kind: Kind, k: number, transport: Transport): Promise<Stage> => {
      // each has a client of its own: one that was cut often comes back late
      const proxy = await startProxy(life.url)
      close(() => proxy.stop())
      const worker = new Worker({
        url: proxy.url,
        transport,
        clock: hurriedClock(speed),
        withinMs: without === 'replay' ? 2_000 * speed : undefined,
        to: 20, // no more than may be sent without a word from the client
      })
      close(() => worker.close())
      await worker.read()
      return { life, proxy, worker, kind, k }
    }
    const all = Object.entries(phases).flatMap(([name, phase]) =>
      asked
        // a stream may say nothing for long: while one is all that is waited for, silence is no reason to look
        .filter((kind) => kind !== 'count' || !name.startsWith('in silence'))
        .flatMap((kind) => transports.map((transport) => ({ phase, kind, transport }))),
    )
    const stages = await Promise.all(all.map(({ kind, transport }, i) => set(kind, i + 1, transport)))
    const workers = stages.map(({ worker }) => worker)
    life.order('pace 1')
    await Promise.all(all.map(({ phase }, i) => phase(stages[i]!)))
    life.order('pace 0')
    const readers = workers.map(({ counting }) => counting)
    await caughtUp(life, server, readers)
    return tally(titleOf('in each phase', options), workers, [], server.ledger())
  })
