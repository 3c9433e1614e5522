import { anyone, createHub, createRouter } from '@parley/server'
import { serve } from '@parley/server/bun'
import { channel, defineContract } from '@parley/shared'
import { systemClock } from '@parley/shared/internal'
import { z } from 'zod'
import type { Program } from './promise.js'

// #region server
const contract = defineContract({
  feed: channel({ events: { item: z.object({ n: z.number(), fill: z.string() }) } }),
})

const hub = createHub(contract)
const router = createRouter(hub, { feed: { join: anyone } })

export const broadcast = (data: { n: number; fill: string }) => hub.channel.feed.emit('item', data)
// to all but the sender, in a handler: others.emit('item', data)
// #endregion

export function start(): Program & AsyncDisposable {
  const { url, stop } = serve(router, { port: 0 })
  return {
    url: url.replace(/^http/, 'ws'),
    enters: () => [
      JSON.stringify(['hello', { v: 1, contract: contract.fingerprint, client: systemClock.secret() }]),
      JSON.stringify(['sub', 1, 'feed', null, null]),
    ],
    isIn: (frame) => frame.startsWith('["live"'),
    send: broadcast,
    held: () => router.inspect().queuedBytes,
    numberOf(frame) {
      const [tag, , , , data] = JSON.parse(frame)
      return tag === 'e' ? data.n : undefined
    },
    isGap: (frame) => frame.startsWith('["gap"'),
    [Symbol.asyncDispose]: () => stop(),
  }
}
