import { call, channel, defineContract, ParleyError, type Report, volatile } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createHubWith, type HubOptions } from '../src/hub.js'
import { anyone, createHub, createRouter, type Log, memoryLog } from '../src/index.js'
import { clientId, connect, greet } from './peer.js'

const contract = defineContract({
  news: channel({ events: { item: z.object({ n: z.number() }) } }),
  room: channel({
    params: z.object({ id: z.string().min(1) }),
    events: { message: z.object({ text: z.string() }), typing: volatile(z.object({ who: z.string() })) },
    messages: {
      say: call({
        input: z.object({ text: z.string().min(1) }),
        output: z.object({ id: z.string() }),
        errors: { MUTED: z.object({ until: z.number() }) },
      }),
      poke: z.object({}),
      typing: volatile(z.object({ who: z.string() })),
    },
  }),
  rooms: {
    create: call({
      input: z.object({ name: z.string() }),
      output: z.object({ id: z.string() }),
      errors: { NAME_TAKEN: z.object({ suggestion: z.string() }) },
    }),
    slow: call({ output: z.string() }),
    wrong: call({ output: z.string() }),
  },
})

interface User {
  readonly user: string
}

/** What handlers did, and how tests hold them up. */
function setUp(options: Partial<HubOptions<z.ZodString, User>> = {}) {
  const clock = virtualClock()
  const reports: Report[] = []
  const said: string[] = []
  const gates: (() => void)[] = []
  const ran: string[] = []
  const hub = createHubWith(
    contract,
    {
      auth: z.string(),
      context: ({ auth }): User => {
        if (auth === 'bad') throw new Error('no such token')
        return { user: auth }
      },
      identify: ({ user }) => user,
      onReport: (report) => reports.push(report),
      log: memoryLog({ clock }),
      ...options,
    },
    clock,
  )
  let lateEmit: unknown
  const router = createRouter(hub, {
    news: { join: anyone },
    room: {
      join: ({ params, context }) => params.id !== 'secret' || context.user === 'admin',
      messages: {
        say: async ({ input, emit, others, context, errors, session }) => {
          if (input.text === 'muted') throw errors.MUTED({ until: 5 })
          if (input.text === 'wait') await new Promise<void>((resolve) => gates.push(resolve))
          said.push(`${context.user}: ${input.text}`)
          if (input.text === 'mine') await others.emit('message', { text: input.text })
          else emit('message', { text: input.text }) // not awaited: it belongs to the run all the same
          return { id: session.member ?? 'nobody' }
        },
        poke: () => ran.push('poke'),
        typing: ({ input, others }) => others.emit('typing', input),
      },
    },
    rooms: {
      create: ({ input, errors }) => {
        if (input.name === 'taken') throw errors.NAME_TAKEN({ suggestion: 'taken2' })
        if (input.name === 'bug') throw new Error('secret detail')
        if (input.name === 'forbidden') throw new ParleyError('FORBIDDEN', 'not you')
        return { id: input.name }
      },
      slow: async ({ signal, topics }) => {
        await new Promise<void>((resolve) => {
          gates.push(resolve)
          signal.addEventListener('abort', () => ran.push(`aborted: ${signal.reason.code}`))
        })
        try {
          await topics.news.emit('item', { n: 1 })
        } catch (error) {
          lateEmit = error
        }
        return 'done'
      },
      wrong: () => 5 as never,
    },
  })
  const enter = async (name: string, auth: unknown = name) => {
    const peer = connect(router)
    greet(peer, name, auth)
    await clock.advance(0)
    return peer
  }
  return { clock, hub, router, reports, said, gates, ran, enter, lateEmit: () => lateEmit }
}

const room = { id: 'general' }

test('hello is answered by welcome, with what the client must know', async () => {
  const { enter } = setUp()
  const ann = await enter('ann')
  expect(ann.frames).toEqual([
    [
      'welcome',
      {
        v: 1,
        contract: contract.fingerprint,
        session: expect.stringMatching(/^[\w-]{22}$/),
        resumed: false,
        epoch: expect.stringMatching(/^[0-9A-Za-z]+$/),
        frameBytes: 1_048_576,
        heartbeatMs: 25_000,
        heartbeatGraceMs: 10_000,
      },
    ],
  ])
})

test('what `context` throws refuses for good, without a word of why it threw', async () => {
  const { enter, reports, router } = setUp()
  const peer = await enter('eve', 'bad')
  expect(peer.end?.code).toBe(4401)
  expect(peer.end?.reason).not.toContain('no such token')
  expect(reports).toMatchObject([{ kind: 'refused', error: { message: 'no such token' } }])
  expect(router.inspect().sessions).toBe(0)
})

test('auth that does not fit its schema is refused; FORBIDDEN and OVERLOADED keep their meaning', async () => {
  const { enter } = setUp()
  const { end } = await enter('eve', 5)
  expect(end?.code).toBe(4401)
  expect(JSON.parse(end?.reason ?? '').why).toMatch(/^`auth` does not fit its schema: /)
  const busy = setUp({
    context: () => {
      throw new ParleyError('OVERLOADED', 'the database is away')
    },
  })
  expect((await busy.enter('ann')).end?.code).toBe(4101)
  const closed = setUp({
    context: () => {
      throw new ParleyError('FORBIDDEN', 'banned')
    },
  })
  expect((await closed.enter('ann')).end?.code).toBe(4403)
})

test('a message is handled, its emits are stored, and then it is acknowledged', async () => {
  const { enter, clock } = setUp()
  const [ann, bob] = [await enter('ann'), await enter('bob')]
  for (const peer of [ann, bob]) peer.say('sub', 1, 'room', room, null)
  await clock.advance(0)
  ann.say('send', 2, 'room', room, 'say', 0, { text: 'hi' })
  await clock.advance(0)
  expect(bob.of('e')).toEqual([['e', 1, 1, 'message', { text: 'hi' }]])
  // ann reads what she sent before she is told that it was done
  expect(ann.frames.slice(-2)).toEqual([
    ['e', 1, 1, 'message', { text: 'hi' }],
    ['ok', 2, { id: 'ann' }],
  ])
})

test('others.emit reaches all but the sender, who gets the position; in replay too, and on every connection of that client', async () => {
  const { enter, clock } = setUp()
  const [ann, bob] = [await enter('ann'), await enter('bob')]
  for (const peer of [ann, bob]) peer.say('sub', 1, 'room', room, null)
  await clock.advance(0)
  ann.say('send', 2, 'room', room, 'say', 0, { text: 'mine' })
  ann.say('send', 3, 'room', room, 'say', 0, { text: 'all' })
  await clock.advance(0)
  expect(bob.of('e').map(([, , , , data]) => data.text)).toEqual(['mine', 'all'])
  expect(ann.of('e').map(([, , , , data]) => data.text)).toEqual(['all'])
  expect(ann.of('p')).toEqual([['p', 1, 1]])

  const again = await enter('ann')
  again.say('sub', 1, 'room', room, 'first')
  await clock.advance(0)
  expect(again.of('e').map(([, , , , data]) => data.text)).toEqual(['all'])
  const frames = JSON.stringify(bob.frames)
  expect(frames).not.toContain(clientId('ann'))
})

test('a volatile message is not acknowledged, a volatile event has no position, a bare message returns nothing', async () => {
  const { enter, clock, ran } = setUp()
  const [ann, bob] = [await enter('ann'), await enter('bob')]
  bob.say('sub', 1, 'room', room, null)
  await clock.advance(0)
  ann.say('cast', 'room', room, 'typing', { who: 'ann' })
  ann.say('send', 2, 'room', room, 'poke', 0, {})
  await clock.advance(0)
  expect(bob.of('v')).toEqual([['v', 1, 'typing', { who: 'ann' }]])
  expect(ann.frames.slice(1)).toEqual([['ok', 2]])
  expect(ran).toEqual(['poke'])
})

test('declared errors travel with their data, ours as they are, everything else as INTERNAL with an id', async () => {
  const { enter, clock, reports } = setUp()
  const ann = await enter('ann')
  ann.say('call', 1, 'rooms.create', 0, { name: 'taken' })
  ann.say('call', 2, 'rooms.create', 0, { name: 'bug' })
  ann.say('call', 3, 'rooms.create', 0, { name: 'forbidden' })
  ann.say('call', 4, 'rooms.create', 0, { name: 7 })
  ann.say('call', 5, 'rooms.nothing', 0)
  ann.say('call', 6, 'rooms.wrong', 0)
  ann.say('call', 7, '__proto__', 0)
  ann.say('send', 8, 'room', room, 'say', 0, { text: 'muted' })
  ann.say('send', 9, 'room', { id: '' }, 'say', 0, { text: 'x' })
  ann.say('send', 10, 'room', room, 'constructor', 0, { text: 'x' })
  await clock.advance(0)
  const answers = new Map(ann.of('err').map(([, id, error, data]) => [id, { ...error, data }]))
  expect(answers.get(1)).toMatchObject({ code: 'NAME_TAKEN', data: { suggestion: 'taken2' } })
  expect(answers.get(2)).toMatchObject({ code: 'INTERNAL', id: expect.any(String) })
  expect(JSON.stringify(answers.get(2))).not.toContain('secret detail')
  expect(reports.find(({ id }) => id === answers.get(2).id)).toMatchObject({
    error: { message: 'secret detail' },
  })
  expect(answers.get(3)).toMatchObject({ code: 'FORBIDDEN', message: 'not you' })
  expect(answers.get(4)).toMatchObject({ code: 'VALIDATION', issues: [{ path: ['name'] }] })
  expect(answers.get(5)).toMatchObject({ code: 'NOT_FOUND' })
  expect(answers.get(6)).toMatchObject({ code: 'INTERNAL' })
  expect(answers.get(7)).toMatchObject({ code: 'NOT_FOUND' })
  expect(answers.get(8)).toMatchObject({ code: 'MUTED', data: { until: 5 } })
  expect(answers.get(9)).toMatchObject({ code: 'VALIDATION', issues: [{ path: ['id'] }] })
  expect(answers.get(10)).toMatchObject({ code: 'NOT_FOUND' })
  expect(ann.end).toBeUndefined()
})

test('a handler past its deadline is told to stop, answered for, and refused when it emits later', async () => {
  const { enter, clock, gates, ran, lateEmit } = setUp()
  const ann = await enter('ann')
  ann.say('sub', 1, 'news', null, null)
  ann.say('call', 2, 'rooms.slow', 500)
  await clock.advance(499)
  expect(ann.of('err')).toEqual([])
  await clock.advance(1)
  expect(ann.of('err')).toMatchObject([['err', 2, { code: 'TIMEOUT' }]])
  expect(ran).toEqual(['aborted: TIMEOUT'])
  gates[0]!()
  await clock.advance(0)
  expect(lateEmit()).toMatchObject({ code: 'ABORTED' })
  expect(ann.of('e')).toEqual([])
  expect(ann.of('ok')).toEqual([])
})

test('a message past its deadline does not hold the next one up', async () => {
  const { enter, clock, said } = setUp()
  const ann = await enter('ann')
  ann.say('send', 1, 'room', room, 'say', 100, { text: 'wait' })
  ann.say('send', 2, 'room', room, 'say', 100, { text: 'next' })
  await clock.advance(50)
  expect(said).toEqual([])
  await clock.advance(60)
  expect(said).toEqual(['ann: next'])
  expect(ann.of('err')).toMatchObject([['err', 1, { code: 'TIMEOUT' }]])
  expect(ann.of('ok')).toEqual([['ok', 2, { id: 'ann' }]])
})

test('who comes back while the server still holds the link before takes over what runs, and its order', async () => {
  const { enter, router, clock, said, gates } = setUp()
  const before = await enter('ann')
  before.say('send', 1, 'room', room, 'say', 0, { text: 'wait' })
  before.say('send', 2, 'room', room, 'say', 0, { text: 'older' })
  await clock.advance(0)
  const stranger = connect(router)
  stranger.say('hello', { v: 1, contract: '0', client: clientId('other'), session: 'a guess' }, 'ann')
  await clock.advance(0)
  expect(before.end).toBeUndefined()

  const { session } = before.frames[0]![1]
  const after = connect(router)
  after.say('hello', { v: 1, contract: '0', client: clientId('ann'), session }, 'ann')
  await clock.advance(0)
  expect(before.end?.code).toBe(4409)
  after.say('send', 3, 'room', room, 'say', 0, { text: 'newer' })
  await clock.advance(0)
  gates[0]!()
  await clock.advance(0)
  expect(said).toEqual(['ann: wait', 'ann: older', 'ann: newer'])
  expect(after.of('ok').map(([, id]) => id)).toEqual([1, 2, 3])
  expect(router.inspect().sessions).toBe(2)
})

test('a call that is given up is told to stop and answered ABORTED', async () => {
  const { enter, clock, ran } = setUp()
  const ann = await enter('ann')
  ann.say('call', 1, 'rooms.slow', 0)
  await clock.advance(0)
  ann.say('cancel', 1)
  await clock.advance(0)
  expect(ran).toEqual(['aborted: ABORTED'])
  expect(ann.of('err')).toMatchObject([['err', 1, { code: 'ABORTED' }]])
})

test('a refused join is the same answer whether or not anything was ever emitted there, and guards messages too', async () => {
  const { enter, clock, hub, said } = setUp()
  const ann = await enter('ann')
  ann.say('sub', 1, 'room', { id: 'secret' }, 'first')
  await clock.advance(0)
  await hub.channel.room({ id: 'secret' }).emit('message', { text: 'hidden' })
  ann.say('sub', 2, 'room', { id: 'secret' }, 'first')
  ann.say('send', 3, 'room', { id: 'secret' }, 'say', 0, { text: 'hi' })
  await clock.advance(0)
  const [first, second] = ann.of('refused')
  expect(first!.slice(2)).toEqual(second!.slice(2))
  expect(first![2]).toBe('FORBIDDEN')
  expect(ann.of('err')).toMatchObject([['err', 3, { code: 'FORBIDDEN' }]])
  expect(said).toEqual([])
})

test('around goes round every join, message and call, and cannot lose the outcome', async () => {
  const seen: string[] = []
  const { enter, clock } = setUp({
    around: async ({ kind, path, context }, next) => {
      seen.push(`${kind} ${path} ${context.user}`)
      if (path === 'rooms.wrong') throw new ParleyError('FORBIDDEN', 'not here')
      if (path === 'rooms.slow') return
      await next()
    },
  })
  const ann = await enter('ann')
  ann.say('sub', 1, 'room', room, null)
  await clock.advance(0)
  ann.say('send', 2, 'room', room, 'say', 0, { text: 'hi' })
  ann.say('call', 3, 'rooms.create', 0, { name: 'a' })
  ann.say('call', 4, 'rooms.wrong', 0)
  ann.say('call', 5, 'rooms.slow', 0)
  await clock.advance(0)
  expect(seen.sort()).toEqual([
    'call rooms.create ann',
    'call rooms.slow ann',
    'call rooms.wrong ann',
    'join room ann',
    'message room.say ann',
  ])
  expect(ann.of('ok').map(([, id, output]) => [id, output])).toEqual([
    [3, { id: 'a' }],
    [2, { id: 'ann' }],
  ])
  expect(ann.of('err')).toMatchObject([
    ['err', 4, { code: 'FORBIDDEN' }],
    ['err', 5, { code: 'INTERNAL' }], // it returned without calling next
  ])
})

test('onSession runs at the start, and what it returns at the end, with the reason', async () => {
  const seen: string[] = []
  const { enter, router, clock } = setUp({
    onSession: ({ session, context }) => {
      seen.push(`start ${context.user} ${session.member}`)
      return (reason: string) => seen.push(`end ${reason}`)
    },
  })
  const ann = await enter('ann')
  const bob = await enter('bob')
  ann.cut()
  router.disconnect({ member: 'bob' }, { reason: 'banned' })
  expect(bob.end).toMatchObject({ code: 4410, reason: expect.stringContaining('banned') })
  expect(seen).toEqual(['start ann ann', 'start bob bob', 'end DISCONNECTED'])
  await clock.advance(120_000) // ann may come back so long
  expect(seen.at(-1)).toBe('end 1006')
})

test('credentials that end close the connection, unless they are refreshed in place', async () => {
  let now = 0
  const { enter, clock } = setUp({
    context: ({ auth, session }) => {
      session.expiresAt(new Date(now + 60_000))
      return { user: auth === 'ann2' ? 'ann' : auth }
    },
  })
  now = clock.now()
  const [ann, bob, eve] = [await enter('ann'), await enter('bob'), await enter('eve')]
  expect(ann.of('expires')).toEqual([['expires', 60_000]])
  await clock.advance(20_000)
  now = clock.now()
  ann.say('auth', 1, 'ann2')
  eve.say('auth', 1, 'someone-else')
  await clock.advance(0)
  expect(ann.of('ok')).toEqual([['ok', 1]])
  expect(ann.of('expires').at(-1)).toEqual(['expires', 60_000])
  expect(eve.end?.code).toBe(4004) // the credentials belong to another member
  ann.say('ping')
  bob.say('ping')
  await clock.advance(20_000)
  for (const peer of [ann, bob]) peer.say('ping')
  await clock.advance(20_001)
  expect(bob.end?.code).toBe(4005)
  expect(ann.end).toBeUndefined()
})

test('joined topics are asked for again when the credentials change', async () => {
  const allowed = new Set(['general', 'other'])
  const clock = virtualClock()
  const hub = createHubWith(
    contract,
    { auth: z.string(), context: ({ auth }) => auth, log: memoryLog({ clock }) },
    clock,
  )
  const router = createRouter(hub, {
    news: { join: anyone },
    room: {
      join: ({ params }) => allowed.has(params.id),
      messages: { say: () => ({ id: '' }), poke: () => 0, typing: () => 0 },
    },
    rooms: { create: () => ({ id: '' }), slow: () => '', wrong: () => '' },
  })
  const peer = connect(router)
  greet(peer, 'ann', 't1')
  await clock.advance(0)
  peer.say('sub', 1, 'room', room, null)
  peer.say('sub', 2, 'room', { id: 'other' }, null)
  await clock.advance(0)
  allowed.delete('other')
  peer.say('auth', 3, 't2')
  await clock.advance(0)
  expect(peer.of('refused')).toMatchObject([['refused', 2, 'FORBIDDEN', expect.any(String)]])
  await hub.channel.room(room).emit('message', { text: 'still here' })
  await hub.channel.room({ id: 'other' }).emit('message', { text: 'not here' })
  await clock.advance(0)
  expect(peer.of('e').map(([, , , , data]) => data.text)).toEqual(['still here'])
})

test('expiresAt takes a Date or the seconds of a token, and refuses milliseconds', async () => {
  const { enter, reports } = setUp({
    context: ({ session }) => {
      session.expiresAt(Date.UTC(2030, 0, 1))
      return { user: 'x' }
    },
  })
  expect((await enter('ann')).end?.code).toBe(4401)
  expect(reports).toMatchObject([{ error: { code: 'BAD_OPTIONS' } }])
})

test('kick and close end subscriptions of one member, or of all', async () => {
  const { enter, clock, hub } = setUp()
  const [ann, bob] = [await enter('ann'), await enter('bob')]
  for (const peer of [ann, bob]) peer.say('sub', 1, 'room', room, null)
  await clock.advance(0)
  const general = hub.channel.room(room)
  await general.kick('ann', 'be nice')
  await general.emit('message', { text: 'for bob' })
  await clock.advance(0)
  expect(ann.of('refused')).toEqual([['refused', 1, 'FORBIDDEN', 'be nice']])
  expect(ann.of('e')).toEqual([])
  expect(bob.of('e')).toHaveLength(1)
  await general.close()
  expect(bob.of('refused')).toMatchObject([['refused', 1, 'CLOSED', expect.any(String)]])
  expect(ann.end ?? bob.end).toBeUndefined()
})

test('a second subscription to one topic is refused, and the first lives on', async () => {
  const { enter, clock, hub } = setUp()
  const ann = await enter('ann')
  ann.say('sub', 1, 'news', null, null)
  ann.say('sub', 2, 'news', null, null)
  await clock.advance(0)
  expect(ann.of('refused')).toMatchObject([['refused', 2, 'CONFLICT', expect.any(String)]])
  await hub.channel.news.emit('item', { n: 1 })
  await clock.advance(0)
  expect(ann.of('e')).toHaveLength(1)
})

test('a bounded read goes to the one who asked, beside live events, and ends where it was told to', async () => {
  const { enter, clock, hub } = setUp()
  for (let n = 1; n <= 5; n++) await hub.channel.news.emit('item', { n })
  const ann = await enter('ann')
  const { epoch } = ann.frames[0]![1]
  ann.say('sub', 1, 'news', null, null)
  await clock.advance(0)
  ann.say('read', 2, 1, { last: 3 }, `${epoch}-4`)
  await clock.advance(0)
  expect(ann.of('h').map(([, read, offset]) => [read, offset])).toEqual([
    [2, 2],
    [2, 3],
    [2, 4],
  ])
  expect(ann.of('hend')).toEqual([['hend', 2]])
})

test('emit checks at once: nothing is sent, the event and the field are named', async () => {
  const { hub } = setUp()
  const emit = () => hub.channel.news.emit('item', { n: 'x' as never })
  expect(emit).toThrow(/event 'news.item' does not fit its schema: n: /)
  expect(() => hub.channel.news.emit('itme' as never, { n: 1 } as never)).toThrow(
    /no event 'itme'; it has item/,
  )
  expect(() => hub.channel.room({ id: '' })).toThrow(/Params of 'room'/)
})

/** A log that takes nothing. */
function fullDisk(): Log {
  const log = memoryLog()
  return {
    append: () => Promise.reject(new Error('disk full')),
    publish: (item) => log.publish(item),
    read: (topic, from, bounds) => log.read(topic, from, bounds),
    tail: (listener) => log.tail(listener),
    close: () => log.close(),
  }
}

test('an emit that cannot be stored is reported where nobody waits for it', async () => {
  const log = memoryLog()
  const { hub, reports, clock } = setUp({
    log: { ...log, append: () => Promise.reject(new Error('disk full')) },
  })
  hub.channel.news.emit('item', { n: 1 })
  await clock.advance(0)
  expect(reports).toMatchObject([{ kind: 'emit-failed', path: 'news', error: { message: 'disk full' } }])
})

test('a handler whose emit cannot be stored fails', async () => {
  const { enter, clock } = setUp({ log: fullDisk() })
  const ann = await enter('ann')
  ann.say('send', 1, 'room', room, 'say', 0, { text: 'hi' })
  await clock.advance(0)
  expect(ann.of('err')).toMatchObject([['err', 1, { code: 'INTERNAL' }]])
})

test('createRouter names each handler that is missing, and each one too many', () => {
  const hub = createHub(contract)
  expect(() => createRouter(hub, { news: { join: anyone }, stray: () => 0 } as never)).toThrow(
    'the handlers do not fit the contract; missing: rooms.create, rooms.slow, rooms.wrong, room.join, ' +
      'room.messages.say, room.messages.poke, room.messages.typing; unknown: stray',
  )
})

test('after close everything is let go: connections, readers, timers', async () => {
  const { enter, clock, hub, router } = setUp()
  const ann = await enter('ann')
  ann.say('sub', 1, 'room', room, null)
  await clock.advance(0)
  expect(router.inspect()).toMatchObject({ sessions: 1, topics: 1, readers: 1, live: 1, timers: 1 })
  await hub.close()
  expect(ann.end?.code).toBe(4000)
  expect(router.inspect()).toMatchObject({ sessions: 0, topics: 0, readers: 0, timers: 0, running: 0 })
  expect(clock.pending()).toBe(0)
  expect(router.health()).toEqual({ status: 'closing' })
  expect(() => hub.channel.news.emit('item', { n: 1 })).toThrow(/closed/)
})
