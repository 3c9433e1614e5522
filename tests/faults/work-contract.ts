/** Work of each kind, numbered, so that anybody can count what became of it. */
import { call, channel, defineContract, stream } from '@parley/shared'
import { z } from 'zod'

const numbered = z.object({ k: z.number() })
const answered = { input: numbered, output: numbered }

export const workContract = defineContract({
  ticks: channel({
    events: { tick: z.object({ n: z.number() }) },
    replay: { last: 100_000, for: '1h', bytes: 64 * 1_048_576 },
  }),
  room: channel({ messages: { say: call(answered) } }),
  add: call(answered),
  look: call({ ...answered, idempotent: true }),
  pay: call({ ...answered, once: '1h' }),
  /** Counts to `to`. */
  count: stream({ input: z.object({ k: z.number(), to: z.number() }), yields: z.number(), output: numbered }),
})

/** What is asked for; a message is called by its name. */
export const kinds = ['say', 'add', 'look', 'pay', 'count'] as const
export type Kind = (typeof kinds)[number]
