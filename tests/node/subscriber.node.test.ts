import { createSubscriber } from '@parley/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FaultyProxy, startProxy } from '../support/proxy.js'
import { contract } from './contract.js'
import { startServer } from './process.js'

let server: Awaited<ReturnType<typeof startServer>>
let way: FaultyProxy

beforeAll(async () => {
  server = await startServer()
  way = await startProxy(server.url)
})

afterAll(async () => {
  await way.stop()
  await server.stop()
})

/** Has the server count on, as anybody could over HTTP. */
async function add(times: number): Promise<void> {
  const response = await fetch(new URL('/realtime/message/counter/add', server.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ times }),
  })
  expect(response.status).toBe(200)
}

test('these tests run in Node, without Bun and without its globals', () => {
  expect(process.versions.bun).toBeUndefined()
  expect('Bun' in globalThis).toBe(false)
})

test('a subscriber in Node goes on after a cut, without a hole or a repeat', async () => {
  const subscriber = createSubscriber(contract, 'counter', {
    url: new URL('/realtime/events/counter', way.url).href,
  })
  const events = subscriber.events()
  const next = async () => {
    const { value } = await events.next()
    if (value === undefined || value.gap !== undefined) throw new Error(`no event: ${JSON.stringify(value)}`)
    expect(value.data.at).toEqual(new Date(value.data.n))
    return value.data.n
  }
  try {
    const first = next()
    await subscriber.ready()
    await add(2)
    expect([await first, await next()]).toEqual([1, 2])

    expect(way.cut()).toBeGreaterThan(0)
    await add(3)
    expect([await next(), await next(), await next()]).toEqual([3, 4, 5])
  } finally {
    subscriber.close()
  }
})
