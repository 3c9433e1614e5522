import { anyone, createHub, createRouter } from '@parley/server'
import { serve } from '@parley/server/bun'
import { channel, defineContract, ParleyError } from '@parley/shared'
import { systemClock } from '@parley/shared/internal'
import { z } from 'zod'
import type { Program } from './promise.js'

const userOf = (cookie: string | null | undefined) => /user=(\w+)/.exec(cookie ?? '')?.[1]

// #region server
const contract = defineContract({
  chat: channel({
    events: { said: z.object({ userId: z.string(), text: z.string() }) },
    messages: { say: z.object({ text: z.string() }) },
  }),
})

const hub = createHub(contract, {
  context: ({ request }) => {
    const userId = userOf(request?.headers.get('cookie'))
    if (!userId) throw new ParleyError('UNAUTHENTICATED', 'sign in first')
    return { userId }
  },
  identify: ({ userId }) => userId,
})

const router = createRouter(hub, {
  chat: {
    join: anyone,
    messages: {
      say: ({ input, context, emit }) => emit('said', { userId: context.userId, text: input.text }),
    },
  },
})
// #endregion

export function start(): Program & AsyncDisposable {
  const { url, stop } = serve(router, { port: 0 })
  return {
    url: url.replace(/^http/, 'ws'),
    enters: () => [
      JSON.stringify(['hello', { v: 1, contract: contract.fingerprint, client: systemClock.secret() }]),
      JSON.stringify(['sub', 1, 'chat', null, null]),
    ],
    isIn: (frame) => frame.startsWith('["live"'),
    say: (what) => JSON.stringify(['send', 2, 'chat', null, 'say', 0, what]),
    shown(frame) {
      const [tag, , , , data] = JSON.parse(frame)
      return tag === 'e' ? data : undefined
    },
    thrown: [],
    [Symbol.asyncDispose]: () => stop(),
  }
}
