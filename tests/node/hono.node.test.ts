/** The Hono example in a server of `node:http`, in Node itself. */
import type { AddressInfo } from 'node:net'
import { createClient, createSubscriber, type WebSocketConstructor } from '@parley/client'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { contract } from '../../examples/hono/contract.js'
import { createOnNode } from '../../examples/hono/node.js'

test('on Node the example of Hono serves its own routes, its emitter and the router, on one port', async () => {
  const server = createOnNode()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const own = await fetch(url, { headers: { 'accept-encoding': 'gzip' } })
  expect(await own.text()).toContain('/api/events')

  const client = createClient(contract, {
    url: `${url}/realtime`,
    WebSocket: WebSocket as unknown as WebSocketConstructor,
  })
  onTestFinished(() => client.connection.close())
  const subscriber = createSubscriber(contract, 'notifications', { url: `${url}/api/events` })
  onTestFinished(() => subscriber.close())
  const heard = [client.notifications, subscriber].map(
    (channel) => new Promise((resolve) => channel.on('notification', ({ text }) => resolve(text))),
  )
  await Promise.all([client.notifications.ready(), subscriber.ready()])
  await client.notify({ text: 'on Node' })
  expect(await Promise.all(heard)).toEqual(['on Node', 'on Node'])
})
