/** Only type-checked: what `createHub` and `createRouter` know of a contract. */
import { call, channel, defineContract, type ParleyError, stream, volatile } from '@parley/shared'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import { anyone, type Handlers, type Session } from '../src/handlers.js'
import type { EmitterAt, EmitterOf, HubChannels, HubTypes, Member } from '../src/handles.js'

const contract = defineContract({
  notifications: channel({ events: { notification: z.object({ title: z.string(), at: z.date() }) } }),
  room: channel({
    params: z.object({ id: z.string(), page: z.number().default(1) }),
    events: {
      message: z.object({ text: z.string(), sentBy: z.string().default('nobody') }),
      typing: volatile(z.object({ name: z.string() })),
    },
    messages: {
      say: call({
        input: z.object({ text: z.string(), loud: z.boolean().default(false) }),
        output: z.object({ id: z.string() }),
        errors: { MUTED: { data: z.object({ until: z.date() }), status: 403 }, GONE: { status: 410 } },
      }),
      order: call({ input: z.string(), output: z.number(), once: '1h' }),
      react: z.enum(['up', 'down']),
      typing: volatile(z.object({ name: z.string() })),
    },
    presence: z.object({ name: z.string(), away: z.boolean().default(false) }),
  }),
  rooms: {
    create: call({
      input: z.object({ name: z.string(), open: z.boolean().default(true) }),
      output: z.object({ id: z.string() }),
      errors: { NAME_TAKEN: z.object({ suggestion: z.string() }) },
    }),
    pay: call({ input: z.string(), output: z.object({ id: z.string() }), once: '24h' }),
    clear: call(),
    feed: channel({ events: { entry: z.string() } }),
  },
  importRows: stream({
    input: z.array(z.string()),
    yields: z.object({ done: z.number() }),
    output: z.object({ rows: z.number() }),
    errors: { FULL: z.object({ at: z.number() }) },
  }),
})

type Tree = (typeof contract)['tree']
interface Context {
  readonly user: { readonly id: string; readonly name: string; readonly admin?: boolean }
}
declare const hub: HubTypes<Tree, Context> & { readonly channel: HubChannels<Tree> }

// a hub's channels
expectTypeOf(hub.channel.notifications.emit('notification', { title: '', at: new Date() })).toEqualTypeOf<
  Promise<string>
>()
hub.channel.room({ id: 'a' }).emit('message', { text: 'hello' }, { id: 'once' })
hub.channel.rooms.feed.emit('entry', 'x')
expectTypeOf(hub.channel.room({ id: 'a' }).members).returns.resolves.toEqualTypeOf<
  readonly Member<{ name: string; away: boolean }>[]
>()
// @ts-expect-error no event of this name
hub.channel.notifications.emit('notificatoin', { title: '', at: new Date() })
// @ts-expect-error the payload has no date
hub.channel.notifications.emit('notification', { title: '' })
// @ts-expect-error a channel with params is a function
hub.channel.room.emit('message', { text: 'hello' })
// @ts-expect-error the id is missing
hub.channel.room({})
// @ts-expect-error a channel without presence has no members
hub.channel.notifications.members()
// @ts-expect-error a call is no channel
hub.channel.rooms.create

// emitters
declare const notifications: EmitterOf<Tree['notifications']>
declare const room: EmitterAt<Tree, 'room'>
expectTypeOf<EmitterAt<Tree, 'rooms.feed'>>().toEqualTypeOf<EmitterOf<Tree['rooms']['feed']>>()
notifications.emit('notification', { title: '', at: new Date() })
expectTypeOf(notifications.respond(new Request('http://a/'))).toEqualTypeOf<Promise<Response>>()
room({ id: 'a' }).respond(new Request('http://a/'), { member: 'ann', expiresAt: new Date() })
room.inspect()
room.close()

// handlers
const handlers: Handlers<typeof hub> = {
  notifications: { join: anyone },
  room: {
    join: ({ params, context, session }) => {
      expectTypeOf(params).toEqualTypeOf<{ id: string; page: number }>()
      expectTypeOf(context).toEqualTypeOf<Context>()
      expectTypeOf(session).toEqualTypeOf<Session>()
      return context.user.admin === true
    },
    presence: ({ context, wanted, params }) => {
      expectTypeOf(wanted).toEqualTypeOf<{ name?: string; away?: boolean | undefined } | undefined>()
      expectTypeOf(params).not.toBeAny()
      return { ...wanted, name: context.user.name }
    },
    messages: {
      say: async ({ input, params, context, emit, others, errors, topics, signal, request }) => {
        expectTypeOf(input).toEqualTypeOf<{ text: string; loud: boolean }>()
        expectTypeOf(params).toEqualTypeOf<{ id: string; page: number }>()
        expectTypeOf(context).toEqualTypeOf<Context>()
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
        expectTypeOf(request).toEqualTypeOf<Request | undefined>()
        expectTypeOf(errors.MUTED({ until: new Date() })).toEqualTypeOf<
          ParleyError<'MUTED', { until: Date }>
        >()
        // @ts-expect-error the data of this error is required
        errors.MUTED()
        // @ts-expect-error the contract declares no such error
        errors.MUTE({ until: new Date() })
        if (input.loud) throw errors.GONE()
        expectTypeOf(await emit('message', { text: input.text })).toEqualTypeOf<string>()
        await others.emit('typing', { name: 'ann' })
        await topics.notifications.emit('notification', { title: input.text, at: new Date() })
        await topics.rooms.feed.emit('entry', 'x')
        await topics.room({ id: 'b' }).emit('message', { text: 'x' })
        // @ts-expect-error what is bound to a run serves no requests
        topics.notifications.respond
        // @ts-expect-error no event of this name
        await emit('mesage', { text: 'x' })
        return { id: '1' }
      },
      order: async ({ input, emit, others, topics }) => {
        // nothing is stored before it returned, so there is no position
        expectTypeOf(emit('message', { text: input })).toEqualTypeOf<Promise<void>>()
        expectTypeOf(others.emit('typing', { name: input })).toEqualTypeOf<Promise<void>>()
        expectTypeOf(topics.rooms.feed.emit('entry', 'x')).toEqualTypeOf<Promise<void>>()
        expectTypeOf(hub.channel.rooms.feed.emit('entry', 'x')).toEqualTypeOf<Promise<string>>()
        return 1
      },
      react: ({ input, others }) => {
        expectTypeOf(input).toEqualTypeOf<'up' | 'down'>()
        return others.emit('message', { text: input })
      },
      typing: ({ input, others }) => others.emit('typing', input),
    },
  },
  rooms: {
    create: async ({ input, context, errors, topics }) => {
      expectTypeOf(input).toEqualTypeOf<{ name: string; open: boolean }>()
      expectTypeOf(context).toEqualTypeOf<Context>()
      expectTypeOf(await topics.rooms.feed.emit('entry', input.name)).toEqualTypeOf<string>()
      if (input.name === 'x') throw errors.NAME_TAKEN({ suggestion: 'y' })
      return { id: input.name }
    },
    pay: async ({ input, topics }) => {
      expectTypeOf(topics.room({ id: 'b' }).emit('message', { text: 'x' })).toEqualTypeOf<Promise<void>>()
      // @ts-expect-error there is no position yet
      const position: string = await topics.rooms.feed.emit('entry', input)
      return { id: position }
    },
    clear: ({ input }) => {
      expectTypeOf(input).toEqualTypeOf<undefined>()
    },
    feed: { join: async () => true },
  },
  importRows: async function* ({ input, signal, errors }) {
    expectTypeOf(input).toEqualTypeOf<string[]>()
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
    expectTypeOf(errors.FULL({ at: 1 })).toEqualTypeOf<ParleyError<'FULL', { at: number }>>()
    yield { done: 1 }
    return { rows: input.length }
  },
}

// in files of their own
export const feed: Handlers<typeof hub>['rooms']['feed'] = { join: anyone }
export const create: Handlers<typeof hub>['rooms']['create'] = async ({ input }) => ({ id: input.name })

// nothing becomes `any`
expectTypeOf(handlers).not.toBeAny()
expectTypeOf(handlers.room).not.toBeAny()
expectTypeOf(handlers.room.messages.say).parameter(0).not.toBeAny()
expectTypeOf(handlers.importRows).returns.not.toBeAny()
expectTypeOf(hub.channel).not.toBeAny()
expectTypeOf<Handlers<typeof hub>['rooms']['feed']>().not.toBeAny()

// @ts-expect-error a channel that is open to all says so: join is missing
export const closed: Handlers<typeof hub>['notifications'] = {}
export const loose: Handlers<typeof hub>['notifications'] = {
  // @ts-expect-error a join that may return nothing is one that forgot to decide
  join: ({ context }) => context.user.admin,
}
// @ts-expect-error the output has a string id
export const wrong: Handlers<typeof hub>['rooms']['create'] = async ({ input }) => ({ id: input.open })
// @ts-expect-error each value has a number
export const wrongYield: Handlers<typeof hub>['importRows'] = async function* () {
  yield { done: 'x' }
  return { rows: 1 }
}
// @ts-expect-error so has the result
export const wrongResult: Handlers<typeof hub>['importRows'] = async function* () {
  yield { done: 1 }
  return { rows: 'x' }
}
// @ts-expect-error a function that returns has no values
export const noGenerator: Handlers<typeof hub>['importRows'] = async () => ({ rows: 1 })
