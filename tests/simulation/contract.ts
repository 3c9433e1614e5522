/** The contract of the simulated worlds: a channel with events and messages of every kind, calls and a stream. */
import { call, channel, defineContract, stream, volatile } from '@parley/shared'
import { z } from 'zod'

/** Every event has a number of its own, and says which client must not get it, so that a checker can tell. */
const stamped = z.object({ n: z.number(), but: z.string().optional(), pad: z.string().optional() })
/** Every request has a number of its own; the world knows what its handler is to do. */
const asked = z.object({ k: z.number() })
const answered = z.object({ k: z.number() })
const counted = z.object({ seq: z.number() })

function makeContract(keep: number, forMs: number) {
  return defineContract({
    room: channel({
      params: z.object({ id: z.string() }),
      events: { said: stamped, noted: stamped, hint: volatile(stamped) },
      messages: {
        say: call({ input: asked, output: answered, errors: { MUTED: answered } }),
        react: asked,
        hint: volatile(asked),
      },
      replay: { last: keep, for: forMs },
    }),
    pay: call({ input: asked, output: answered, errors: { BROKE: answered } }),
    look: call({ input: asked, output: answered, idempotent: true }),
    buy: call({ input: asked, output: answered, errors: { BROKE: answered }, once: '24h' }),
    count: stream({ input: asked, yields: counted, output: answered, errors: { BROKE: answered } }),
  })
}

export type WorldContract = ReturnType<typeof makeContract>

const made = new Map<string, WorldContract>()

/** A room keeps so many events for so long. */
export function contractOf({
  keep,
  forMs,
}: {
  readonly keep: number
  readonly forMs: number
}): WorldContract {
  const name = `${keep} ${forMs}`
  const known = made.get(name) ?? makeContract(keep, forMs)
  made.set(name, known)
  return known
}
