/** What is promised of a log on the disk, with a server that is killed while it emits, over real sockets. */
import { createClient, createSubscriber } from '@parley/client'
import { afterEach, expect, test } from 'vitest'
import { testFolder } from '../../packages/server/test/logs/sqlite/folder.js'
import { startExample } from '../examples/running.js'
import { hurriedClock } from '../support/hurried-clock.js'
import { durableContract } from './durable-contract.js'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** What a reader got, in order, with its offsets: after a kill the log may call the same entries by another epoch. */
class Heard {
  readonly items: string[] = []
  readonly gaps: unknown[] = []
  #wake = (): void => {}

  take(position: string | undefined, { by, n }: { readonly by: number; readonly n: number }): void {
    this.items.push(`${position?.split('-')[1]} ${by} ${n}`)
    this.#wake()
  }

  async until(isEnough: (items: readonly string[]) => boolean): Promise<void> {
    while (!isEnough(this.items)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

test('a server that is killed and started again, three times, costs its readers no event, and none comes twice', {
  timeout: 240_000,
}, async () => {
  const path = `${testFolder()}/events.db`
  const start = (port?: string) =>
    startExample('tests/faults/durable-process.ts', { rest: [path, port ?? '0'] })
  let server = await start()
  closing.push(() => server.stop('SIGKILL'))
  const { port, host } = new URL(server.url)
  const clock = hurriedClock(10)
  const client = createClient(durableContract, { url: `ws://${host}/realtime`, clock, onReport: () => {} })
  const subscriber = createSubscriber(durableContract, 'ticks', {
    url: `http://${host}/realtime/events/ticks`,
    clock,
    onReport: () => {},
  })
  closing.push(
    () => client.connection.close(),
    () => subscriber.close(),
  )
  const readers = [new Heard(), new Heard()] as const
  for (const [index, ticks] of [client.ticks, subscriber].entries()) {
    const heard = readers[index as 0 | 1]
    ticks.on('tick', (tick, { position }) => heard.take(position, tick), { from: 'first' })
    ticks.onGap((gap) => heard.gaps.push(gap))
  }
  const served = (heard: Heard) => new Set(heard.items.map((item) => item.split(' ')[1])).size
  for (const [kills, signal] of (['SIGKILL', 'SIGINT', 'SIGKILL'] as const).entries()) {
    for (const heard of readers) await heard.until(() => served(heard) === kills + 1)
    await server.stop(signal)
    server = await start(port)
  }
  for (const heard of readers) await heard.until((items) => served(heard) === 4 && items.length > 200)

  // what the log holds is what was promised; a reader who begins only now gets it as it is
  const later = createSubscriber(durableContract, 'ticks', { url: `http://${host}/realtime/events/ticks` })
  closing.push(() => later.close())
  const whole = new Heard()
  later.on('tick', (tick, { position }) => whole.take(position, tick), { from: 'first' })
  const most = Math.max(...readers.map(({ items }) => items.length))
  await whole.until((items) => items.length >= most)
  for (const { items, gaps } of readers) {
    expect(gaps).toEqual([])
    expect(items).toEqual(whole.items.slice(0, items.length))
  }
})
