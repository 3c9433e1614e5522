import { createClient } from '@parley/client'
import { anyone, createHub, createRouter } from '@parley/server'
import { serve } from '@parley/server/bun'
import { channel, defineContract } from '@parley/shared'
import { z } from 'zod'
import type { Program } from './promise.js'

// #region server
const contract = defineContract({ feed: channel({ events: { item: z.object({ n: z.number() }) } }) })
const hub = createHub(contract)
const router = createRouter(hub, { feed: { join: anyone } })
// serve(router): WebSocket, SSE and the fallback, under one path

export const publish = (item: { n: number }) => hub.channel.feed.emit('item', item)
// #endregion

// #region client
export function read(url: string, show: (n: number) => void) {
  const client = createClient(contract, { url: `${url}/realtime` }) // whatever the network lets through
  client.feed.on('item', ({ n }) => show(n))
  return () => client.connection.close()
}
// #endregion

export function start(): Program & AsyncDisposable {
  const { url, stop } = serve(router, { port: 0 })
  return {
    url,
    publish,
    readers: () => router.inspect().readers,
    read,
    [Symbol.asyncDispose]: () => stop(),
  }
}
