/** The server of the Node tests, a process of its own in Bun: prints its address, and ends with its input. */
import { anyone, createHub, createRouter } from '@parley/server'
import { serve } from '@parley/server/bun'
import { contract } from './contract.js'

let n = 0
const hub = createHub(contract, {})
const router = createRouter(hub, {
  counter: {
    join: anyone,
    messages: {
      add: async ({ input, emit }) => {
        for (let i = 0; i < input.times; i++) await emit('counted', { n: ++n, at: new Date(n) })
        return { n }
      },
    },
  },
  half: ({ input, errors }) => {
    if (input.of % 2 !== 0) throw errors.ODD({ nearest: input.of + 1 })
    return input.of / 2
  },
})

const { url, stop } = serve(router, { port: 0, hostname: '127.0.0.1', path: '/realtime' })
console.log(String(url))
process.stdin.resume().once('end', () => {
  void stop().then(() => process.exit(0))
})
