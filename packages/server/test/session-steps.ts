/** What clients may do to a server that keeps sessions: well-formed frames, cuts and hellos in any order. */
import { call, channel, defineContract, stream, volatile } from '@parley/shared'
import fc from 'fast-check'
import { z } from 'zod'

export const contract = defineContract({
  room: channel({
    params: z.object({ id: z.string() }),
    events: { message: z.string() },
    messages: { say: z.string(), shout: volatile(z.string()) },
  }),
  work: call({ input: z.string(), output: z.string() }),
  count: stream({ input: z.string(), yields: z.string(), output: z.string() }),
})

const name = fc.constantFrom('ann', 'bob')
/** Numbers that meet often, and a few that nothing is near to. */
const id = fc.oneof(
  { weight: 30, arbitrary: fc.integer({ min: 1, max: 12 }) },
  { weight: 1, arbitrary: fc.maxSafeNat() },
)
const count = fc.oneof(
  { weight: 30, arbitrary: fc.nat(6) },
  { weight: 1, arbitrary: fc.constant(2 ** 53 - 1) },
)
const room = fc.record({ id: fc.constantFrom('x', 'y') })
const within = fc.constantFrom(0, 20, 600_000)
/** Each with something to name what it asks for, so that two of one number are told apart. */
const frame = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.constant('call'),
      id,
      fc.constantFrom('work', 'work', 'nothing'),
      within,
      fc.constant('c'),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.constant('send'),
      id,
      fc.constant('room'),
      room,
      fc.constant('say'),
      within,
      fc.constant('s'),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constant('cast'),
      fc.constant('room'),
      room,
      fc.constant('shout'),
      fc.constant('v'),
    ),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(
      fc.constant('stream'),
      id,
      fc.constant('count'),
      fc.constantFrom(0, 0, 0, 1, 2),
      count,
      fc.constant('m'),
    ),
  },
  { weight: 4, arbitrary: fc.tuple(fc.constant('credit'), id, fc.nat(3), count) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('cancel'), id) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('ack'), count, fc.array(id, { maxLength: 5 })) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constant('auth'),
      fc.integer({ min: 101, max: 104 }),
      fc.constantFrom('ann', 'ann:2', 'bob', 'bad'),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constant('sub'),
      fc.integer({ min: 105, max: 109 }),
      fc.constant('room'),
      room,
      fc.constant(null),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom('unsub', 'presence', 'cancel'), fc.integer({ min: 105, max: 109 })),
  },
  { weight: 1, arbitrary: fc.constantFrom(['ping'], ['pong']) },
)
const pick = fc.nat(5)
/** What happens next: `pick` says to which of the lines that are open. */
export const step = fc.oneof(
  { weight: 40, arbitrary: fc.record({ op: fc.constant('say' as const), pick, frame }) },
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant('enter' as const),
      client: name,
      auth: fc.constantFrom('', '', '', ':2', 'bad', 'eve'),
      session: fc.constantFrom('last', 'last', 'last', 'first', 'none', 'other'),
      settles: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ op: fc.constant('cut' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('leave' as const), pick }) },
  { weight: 12, arbitrary: fc.record({ op: fc.constant('go' as const), pick }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('ask' as const), pick }) },
  {
    weight: 4,
    arbitrary: fc.record({ op: fc.constant('wait' as const), ms: fc.constantFrom(0, 30, 30_000) }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('disconnect' as const), client: name }) },
)

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
export type Enter = Omit<Extract<Step, { op: 'enter' }>, 'op'>
