/** Only type-checked: what TanStack Query knows of calls. */
import { call, channel, defineContract, type ParleyError } from '@parley/shared'
import {
  skipToken,
  useMutation,
  useQueries,
  useQuery,
  useQueryClient,
  useSuspenseQuery,
} from '@tanstack/react-query'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import type { Client } from '../../src/index.js'
import { append, liveOptions, mutationOptions, queryKey, queryOptions, sendOptions } from '../../src/query.js'

const Line = z.object({ id: z.number() })
type Line = { id: number }
const contract = defineContract({
  room: channel({ params: z.object({ id: z.string() }), events: { line: Line, other: z.string() } }),
  chat: channel({
    messages: {
      say: call({
        input: z.string(),
        output: z.number(),
        errors: { MUTED: z.object({ until: z.number() }) },
      }),
    },
  }),
  find: call({
    input: z.object({ id: z.string(), tag: z.enum(['new', 'old']).optional() }),
    output: z.number(),
    idempotent: true,
    errors: { GONE: z.object({ since: z.number() }) },
  }),
  list: call({ output: z.array(z.string()), idempotent: true }),
  touch: call({ idempotent: true }),
  lines: call({
    input: z.object({ id: z.string(), most: z.number().optional() }),
    output: z.object({ data: z.array(Line), position: z.string() }),
    idempotent: true,
  }),
  all: call({ output: z.object({ data: z.array(Line), position: z.string() }), idempotent: true }),
  add: call({ input: z.object({ text: z.string() }), output: z.number(), errors: { TAKEN: z.string() } }),
  clear: call({ idempotent: false }),
})
declare const client: Client<(typeof contract)['tree']>

// --- queryOptions -------------------------------------------------------------------------------------------

const found = useQuery(queryOptions(client.find, { input: { id: 'a' } }))
expectTypeOf(found.data).toEqualTypeOf<number | undefined>()
if (found.error?.code === 'GONE') expectTypeOf(found.error.data).toEqualTypeOf<{ since: number }>()
if (found.error?.code === 'TIMEOUT') expectTypeOf(found.error).toExtend<ParleyError>()
// @ts-expect-error no declared error of this name
if (found.error?.code === 'LOST') void found
expectTypeOf(useSuspenseQuery(queryOptions(client.list)).data).toEqualTypeOf<string[]>()
expectTypeOf(useQuery(queryOptions(client.touch)).data).toEqualTypeOf<null | undefined>()
const lengths = useQuery(queryOptions(client.list, { select: (names) => names.length, staleTime: 5 }))
expectTypeOf(lengths.data).toEqualTypeOf<number | undefined>()
expectTypeOf(useQueryClient().getQueryData(queryOptions(client.list).queryKey)).toEqualTypeOf<
  string[] | undefined
>()
const maybe = queryOptions(client.find, { input: Math.random() > 0.5 ? { id: 'a' } : skipToken })
expectTypeOf(useQuery(maybe).data).toEqualTypeOf<number | undefined>()
// @ts-expect-error a page that waits for it would wait for ever
useSuspenseQuery(maybe)
// @ts-expect-error it takes something
queryOptions(client.find)
// @ts-expect-error and that is not all of it
queryOptions(client.find, {})
expectTypeOf(
  useSuspenseQuery(queryOptions(client.find, { input: { id: 'a', tag: 'new' } })).data,
).toEqualTypeOf<number>()
// @ts-expect-error no such field
queryOptions(client.find, { input: { id: 'a', tagg: 'new' } })
// @ts-expect-error no such field, be it known or not
queryOptions(client.find, { input: Math.random() > 0.5 ? { id: 'a', tagg: 'new' } : skipToken })
// @ts-expect-error no such option
queryOptions(client.list, { staletime: 5 })
// @ts-expect-error of another type
queryOptions(client.find, { input: { id: 5 } })
// @ts-expect-error a query runs again at any time
queryOptions(client.add, { input: { text: 'x' } })
// @ts-expect-error and this says that it may not
queryOptions(client.clear)
// @ts-expect-error the function is made here
queryOptions(client.list, { queryFn: async () => [] })
expectTypeOf(useQueryClient().getQueryData(queryKey(client.find, { id: 'a' }))).toEqualTypeOf<
  number | undefined
>()
expectTypeOf(useQueryClient().getQueryData(queryKey(client.list))).toEqualTypeOf<string[] | undefined>()
expectTypeOf(useQueryClient().getQueryData(queryKey(client.touch))).toEqualTypeOf<null | undefined>()
// one that takes something has no query without it: this is for all of its queries
expectTypeOf(useQueryClient().getQueryData(queryKey(client.find))).toEqualTypeOf<unknown>()
// @ts-expect-error of another type
queryKey(client.find, { id: 5 })
// @ts-expect-error it takes nothing
queryKey(client.list, 'a')

// --- liveOptions --------------------------------------------------------------------------------------------

const live = useQuery(
  liveOptions(client.lines, client.room({ id: 'a' }), {
    input: { id: 'a' },
    events: ['line'],
    reduce: (lines, { name, data, position }) => {
      expectTypeOf(lines).toEqualTypeOf<Line[]>()
      expectTypeOf(name).toEqualTypeOf<'line'>()
      expectTypeOf(position).toEqualTypeOf<string | undefined>()
      return [...lines, data]
    },
  }),
)
expectTypeOf(live.data).toEqualTypeOf<Line[] | undefined>()
const options = liveOptions(client.lines, client.room({ id: 'a' }), {
  input: { id: 'a' },
  events: ['line'],
  key: (line) => {
    expectTypeOf(line).toEqualTypeOf<Line>()
    return line.id
  },
  reduce: append(50),
  select: (lines) => lines.length,
})
expectTypeOf(useSuspenseQuery(options).data).toEqualTypeOf<number>()
expectTypeOf(useQueryClient().getQueryData(options.queryKey)?.data).toEqualTypeOf<Line[] | undefined>()
// @ts-expect-error without a position it cannot go on
liveOptions(client.find, client.room({ id: 'a' }), { input: { id: 'a' }, reduce: (n: number) => n })
// @ts-expect-error no such event
liveOptions(client.lines, client.room({ id: 'a' }), { input: { id: 'a' }, events: ['no'], reduce: (n) => n })
liveOptions(client.lines, client.room({ id: 'a' }), {
  input: { id: 'a' },
  events: ['line'],
  // @ts-expect-error no such field
  key: (line) => line.no,
  reduce: append(50),
})
liveOptions(client.lines, client.room({ id: 'a' }), {
  input: { id: 'a' },
  events: ['line'],
  reduce: append(50),
  // @ts-expect-error events come by themselves
  refetchInterval: 1_000,
})
// @ts-expect-error a list of lines has no place for the other events
liveOptions(client.lines, client.room({ id: 'a' }), { input: { id: 'a' }, reduce: append(50) })

liveOptions(client.lines, client.room({ id: 'a' }), {
  // @ts-expect-error no such field
  input: { id: 'a', moist: 5 },
  events: ['line'],
  reduce: append(50),
})
const nowhere = liveOptions(client.all, Math.random() > 0.5 ? client.room({ id: 'a' }) : skipToken, {
  events: ['line'],
  reduce: append(50),
})
expectTypeOf(useQuery(nowhere).data).toEqualTypeOf<Line[] | undefined>()
// @ts-expect-error a page that waits for a topic that is not known would wait for ever
useSuspenseQuery(nowhere)
const several = useQueries({
  queries: ['a', 'b'].map((id) =>
    liveOptions(client.lines, client.room({ id }), { input: { id }, events: ['line'], reduce: append(5) }),
  ),
})
expectTypeOf(several[0]?.data).toEqualTypeOf<Line[] | undefined>()

// --- mutationOptions ----------------------------------------------------------------------------------------

const add = useMutation(
  mutationOptions(client.add, { onOutcomeUnknown: ({ code }, { text }) => [code, text], invalidates: [] }),
)
add.mutate({ text: 'x' })
expectTypeOf(add.data).toEqualTypeOf<number | undefined>()
if (add.error?.code === 'TAKEN') expectTypeOf(add.error.data).toEqualTypeOf<string>()
// @ts-expect-error of another type
add.mutate({ text: 5 })
useMutation(mutationOptions(client.clear)).mutate()

const say = useMutation(sendOptions(client.chat, 'say'))
say.mutate('hello')
expectTypeOf(say.data).toEqualTypeOf<number | undefined>()
if (say.error?.code === 'MUTED') expectTypeOf(say.error.data).toEqualTypeOf<{ until: number }>()
// @ts-expect-error of another type
say.mutate(5)
// @ts-expect-error no such message
sendOptions(client.chat, 'shout')
