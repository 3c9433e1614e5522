/** The contract of the simulated worlds: a channel with events and messages of every kind, one with presence, calls and a stream. */
import { call, channel, defineContract, stream, volatile } from '@parley/shared'
import { z } from 'zod'

/** Every event has a number of its own, and says which client must not get it, so that a checker can tell. */
const stamped = z.object({ n: z.number(), but: z.string().optional(), pad: z.string().optional() })
/** Every request has a number of its own; the world knows what its handler is to do. */
const asked = z.object({ k: z.number() })
const answered = z.object({ k: z.number() })
const counted = z.object({ seq: z.number() })
/** Who somebody in a hall is, the server that says so, and what it set last: a state says all that a checker needs. */
const seen = z.object({ who: z.string(), at: z.string(), v: z.number(), pad: z.string().optional() })

/** What a later version of the application wants of a note. */
const tagged = stamped.extend({ tag: z.string() })

function makeContract(keep: number, forMs: number, version: Version) {
  // to the compiler both are the new one: nobody here reads a tag
  const noted = version === 'old' ? (stamped as unknown as typeof tagged) : tagged
  return defineContract({
    room: channel({
      params: z.object({ id: z.string() }),
      events: { said: stamped, noted, hint: volatile(stamped) },
      // a note of the old version has none
      ...(version === 'new' && {
        upgrade: { noted: (old: unknown) => ({ ...(old as z.infer<typeof stamped>), tag: 'none' }) },
      }),
      messages: {
        say: call({ input: asked, output: answered, errors: { MUTED: answered } }),
        react: asked,
        hint: volatile(asked),
      },
      replay: { last: keep, for: forMs },
    }),
    hall: channel({
      params: z.object({ id: z.string() }),
      events: { rang: stamped },
      presence: seen,
      replay: { last: keep, for: forMs },
    }),
    pay: call({ input: asked, output: answered, errors: { BROKE: answered } }),
    look: call({ input: asked, output: answered, idempotent: true }),
    buy: call({ input: asked, output: answered, errors: { BROKE: answered }, once: '24h' }),
    count: stream({ input: asked, yields: counted, output: answered, errors: { BROKE: answered } }),
  })
}

/** A deploy may bring the new one, and take it back. */
export type Version = 'old' | 'new'

export type WorldContract = ReturnType<typeof makeContract>

const made = new Map<string, WorldContract>()

/** A room keeps so many events for so long. */
export function contractOf(
  { keep, forMs }: { readonly keep: number; readonly forMs: number },
  version: Version,
): WorldContract {
  const name = `${keep} ${forMs} ${version}`
  const known = made.get(name) ?? makeContract(keep, forMs, version)
  made.set(name, known)
  return known
}
