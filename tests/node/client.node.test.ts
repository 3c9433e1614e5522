import { type Client, createClient } from '@parley/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
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

/** Waits until the connection is no longer open: what is sent then has certainly not been handed to the old one. */
function whileOpen(connection: Client<typeof contract.tree>['connection']): Promise<void> {
  return new Promise((resolve) => {
    const stop = connection.subscribe(() => {
      if (connection.getSnapshot().status === 'open') return
      stop()
      resolve()
    })
  })
}

test('a client in Node with a WebSocket handed in sends, calls, and goes on after a cut', async () => {
  const client = createClient(contract, { url: way.url, WebSocket })
  const events = client.counter.events()
  const next = async () => {
    const { value } = await events.next()
    if (value === undefined || value.gap !== undefined) throw new Error(`no event: ${JSON.stringify(value)}`)
    expect(value.data.at).toEqual(new Date(value.data.n))
    return value.data.n
  }
  try {
    const first = next()
    await client.counter.ready()
    expect(await client.counter.send('add', { times: 2 })).toEqual({ n: 2 })
    expect([await first, await next()]).toEqual([1, 2])

    const noticed = whileOpen(client.connection)
    expect(way.cut()).toBeGreaterThan(0)
    await noticed
    expect(await client.counter.send('add', { times: 2 })).toEqual({ n: 4 }) // waits until it is back
    expect([await next(), await next()]).toEqual([3, 4])

    expect(await client.half({ of: 8 })).toBe(4)
    const { error } = await client.half.safe({ of: 7 })
    expect(error?.code === 'ODD' && error.data).toEqual({ nearest: 8 })
  } finally {
    client.connection.close()
  }
})

test.skipIf('WebSocket' in globalThis)('a runtime without a WebSocket is told to hand one in', async () => {
  const refusal = { code: 'BAD_OPTIONS', message: expect.stringContaining('WebSocket') }
  const bare = () => createClient(contract, { url: way.url, onReport: () => {} })
  await expect(bare().half({ of: 2 })).rejects.toMatchObject(refusal)
  await expect(bare().counter.ready()).rejects.toMatchObject(refusal)
})
