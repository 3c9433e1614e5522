/** What happens on links that break without a word, and to what is asked for while there is none. */
import { createClient, createSubscriber } from '@parley/client'
import { ParleyError } from '@parley/shared'
import { afterEach, expect, test } from 'vitest'
import { hurriedClock } from '../support/hurried-clock.js'
import { startProxy } from '../support/proxy.js'
import { Counting, faultless } from './counting.js'
import { startSite } from './site.js'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function setUp() {
  const site = startSite()
  closing.push(() => site[Symbol.asyncDispose]())
  const proxy = await startProxy(site.url)
  closing.push(() => proxy[Symbol.asyncDispose]())
  const clock = hurriedClock(10)
  const client = createClient(site.contract, { url: new URL('/realtime', proxy.url).href, clock })
  closing.push(() => client.connection.close())
  const counting = new Counting()
  client.ticks.on('tick', ({ n }) => counting.take(n))
  client.ticks.onGap(() => counting.gaps++)
  await client.ticks.ready()
  const { connection } = client
  /** Resolves with the first state, from now on, of this status. */
  const becomes = (status: string) =>
    new Promise<ReturnType<typeof connection.getSnapshot>>((resolve) => {
      const stop = connection.subscribe(() => {
        const state = connection.getSnapshot()
        if (state.status !== status) return
        stop()
        resolve(state)
      })
    })
  return { site, proxy, clock, client, counting, becomes }
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error) => (error instanceof ParleyError ? error.code : error),
  )

test('a link that swallows everything is let go by a probe while a call waits, and another one goes on', async () => {
  const { site, proxy, client, counting, becomes } = await setUp()
  site.emit()
  await counting.until(1)
  const { hasStarted, release } = site.hold(1)
  const hanging = codeOf(client.hang({ k: 1 }))
  await hasStarted
  const lost = becomes('reconnecting')
  proxy.halfOpen()
  for (let i = 0; i < 10; i++) site.emit()
  expect(await lost).toMatchObject({ attempt: 1, lastError: { code: 'HEARTBEAT' } })
  release()
  expect(await hanging).toEqual({ k: 1 })
  await counting.until(11)
  site.emit()
  await counting.until(12)
  expect(counting.faults(12)).toEqual(faultless)
  expect(await client.hang({ k: 2 })).toEqual({ k: 2 })
  expect(site.ran).toEqual([1, 2])
  // the server knows that the client came back, and has let go of the link that it could not know to be dead
  expect(site.router.inspect()).toMatchObject({ sessions: 1, readers: 1, running: 0 })
})

test('an SSE response that says nothing any more is let go, and another one goes on', async () => {
  const { site, proxy, clock } = await setUp()
  const url = new URL('/realtime/events/ticks', proxy.url).href
  const subscriber = createSubscriber(site.contract, 'ticks', { url, clock })
  closing.push(() => subscriber.close())
  const counting = new Counting()
  subscriber.on('tick', ({ n }) => counting.take(n))
  subscriber.onGap(() => counting.gaps++)
  await subscriber.ready()
  site.emit()
  await counting.until(1)
  proxy.halfOpen()
  for (let i = 0; i < 10; i++) site.emit()
  await counting.until(11)
  expect(counting.faults(11)).toEqual(faultless)
})

test('what is sent while the link is away goes out in order once it is back', async () => {
  const { site, proxy, client, becomes } = await setUp()
  const lost = becomes('reconnecting')
  proxy.refuse(true)
  proxy.cut()
  await lost
  const numbers = Array.from({ length: 50 }, (_, i) => i + 1)
  const answers = Promise.all(numbers.map((k) => client.room.send('say', { k })))
  await becomes('reconnecting') // an attempt that was refused
  expect(site.ran).toEqual([])
  proxy.refuse(false)
  expect(await answers).toEqual(numbers.map((k) => ({ k })))
  expect(site.ran).toEqual(numbers)
})

test('a message whose link is cut while it runs runs once, is answered, and keeps its place before the next', async () => {
  const { site, proxy, client } = await setUp()
  const { hasStarted, release } = site.hold(1)
  const first = codeOf(client.room.send('say', { k: 1 }))
  const second = codeOf(client.room.send('say', { k: 2 }))
  await hasStarted
  proxy.cut()
  const third = client.room.send('say', { k: 3 })
  release()
  expect(await Promise.all([first, second, third])).toEqual([{ k: 1 }, { k: 2 }, { k: 3 }])
  expect(site.ran).toEqual([1, 2, 3])
})
