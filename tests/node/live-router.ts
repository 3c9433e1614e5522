import { anyone, createHub, createRouter } from '@parley/server'
import { z } from 'zod'
import { liveContract } from './live-contract.js'

/** A router for it with a memory log; whoever comes is who he says. */
export function liveRouter() {
  const hub = createHub(liveContract, {
    auth: z.string(),
    context: ({ auth }) => ({ user: auth }),
    identify: ({ user }) => user,
  })
  return createRouter(hub, {
    room: {
      join: anyone,
      presence: ({ wanted, context }) => ({ name: context.user, ...wanted }),
      messages: {
        say: async ({ input, emit }) => {
          await emit('said', input)
          return input
        },
      },
    },
    half: ({ input, errors }) => {
      if (input % 2 !== 0) throw errors.ODD({ nearest: input + 1 })
      return input / 2
    },
    count: async function* ({ input }) {
      for (let n = 1; n <= input.to; n++) yield n
      return `counted to ${input.to}`
    },
  })
}
