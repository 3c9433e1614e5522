/** Who may stay, for how long, and who is told: credentials that change while things are under way. */
import { channel, defineContract, ParleyError, type Report } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createHubWith, type HubOptions } from '../src/hub.js'
import { createRouter } from '../src/index.js'
import { insideOf } from '../src/router.js'
import { connect, greet, type Peer } from './peer.js'

const contract = defineContract({
  room: channel({
    params: z.object({ id: z.string() }),
    events: { said: z.object({ text: z.string() }) },
    messages: { say: z.object({ text: z.string() }) },
  }),
})

interface User {
  readonly user: string
  readonly token: string
}

interface Options extends Partial<HubOptions<z.ZodString, User>> {
  readonly join?: (asked: { readonly id: string; readonly token: string }) => boolean | Promise<boolean>
}

/** Tokens read `name` or `name:whatever`. */
function setUp({ join = () => true, ...options }: Options = {}) {
  const clock = virtualClock()
  const reports: Report[] = []
  const said: string[] = []
  const hub = createHubWith(
    contract,
    {
      auth: z.string(),
      context: ({ auth }): User => ({ user: auth.split(':')[0]!, token: auth }),
      identify: ({ user }) => user,
      onReport: (report) => reports.push(report),
      ...options,
    },
    clock,
  )
  const router = createRouter(hub, {
    room: {
      join: ({ params, context }) => join({ id: params.id, token: context.token }),
      messages: { say: ({ input, context }) => said.push(`${context.token}: ${input.text}`) },
    },
  })
  const enter = async (token: string): Promise<Peer> => {
    const peer = connect(router)
    greet(peer, 'ann', token)
    await clock.advance(0)
    return peer
  }
  return { clock, reports, said, hub, router, enter }
}

const general = { id: 'general' }

test('a refused refresh changes nothing: the credentials before it end when they would have', async () => {
  const { enter, clock } = setUp({
    context: ({ auth, session }) => {
      session.expiresAt(new Date(auth === 'ann' ? start + 30_000 : start + 3_600_000))
      if (auth === 'ann:stolen') throw new ParleyError('FORBIDDEN', 'not this one')
      return { user: 'ann', token: auth }
    },
  })
  const start = clock.now()
  const ann = await enter('ann')
  ann.say('auth', 1, 'ann:stolen')
  await clock.advance(0)
  expect(ann.of('err')).toMatchObject([['err', 1, { code: 'FORBIDDEN' }]])
  expect(ann.of('expires')).toEqual([['expires', 30_000]])
  await clock.advance(20_000)
  ann.say('ping')
  await clock.advance(10_000)
  expect(ann.end?.code).toBe(4005)
})

test('one refresh is asked about at a time, so that the credentials sent last are those that hold', async () => {
  const asked: (() => void)[] = []
  const { enter, clock, said } = setUp({
    context: async ({ auth }) => {
      if (auth !== 'ann') await new Promise<void>((resolve) => asked.push(resolve))
      return { user: 'ann', token: auth }
    },
  })
  const ann = await enter('ann')
  ann.say('auth', 1, 'ann:2')
  ann.say('auth', 2, 'ann:3')
  await clock.advance(0)
  expect(asked).toHaveLength(1)
  expect(ann.of('err')).toMatchObject([['err', 2, { code: 'OVERLOADED' }]])
  asked[0]!()
  await clock.advance(0)
  expect(ann.of('ok')).toEqual([['ok', 1]])
  ann.say('auth', 3, 'ann:3')
  await clock.advance(0)
  asked[1]!()
  await clock.advance(0)
  ann.say('send', 4, 'room', general, 'say', 0, { text: 'hi' })
  await clock.advance(0)
  expect(said).toEqual(['ann:3: hi'])
})

test('a number that an `auth` still waits under is in use', async () => {
  const { enter, clock } = setUp({
    context: async ({ auth }) => (auth === 'ann' ? { user: 'ann', token: auth } : new Promise(() => {})),
  })
  const ann = await enter('ann')
  ann.say('auth', 1, 'ann:2')
  ann.say('send', 1, 'room', general, 'say', 0, { text: 'hi' })
  await clock.advance(0)
  expect(ann.end?.code).toBe(4400)
})

test('a message that comes while joins are asked again under new credentials waits for its own', async () => {
  const asked: ((may: boolean) => void)[] = []
  const { enter, clock, said } = setUp({
    join: ({ token }) => token === 'ann' || new Promise<boolean>((resolve) => asked.push(resolve)),
  })
  const ann = await enter('ann')
  ann.say('sub', 1, 'room', general, null)
  await clock.advance(0)
  ann.say('auth', 2, 'ann:2')
  await clock.advance(0)
  ann.say('send', 3, 'room', general, 'say', 0, { text: 'hi' })
  await clock.advance(0)
  expect(said).toEqual([])
  for (const answer of asked) answer(false)
  await clock.advance(0)
  expect(said).toEqual([])
  expect(ann.of('err')).toMatchObject([['err', 3, { code: 'FORBIDDEN' }]])
  expect(ann.of('refused')).toMatchObject([['refused', 1, 'FORBIDDEN', expect.any(String)]])
})

test('all joined topics are asked about at once: a slow answer keeps no other topic readable', async () => {
  const { enter, clock, hub } = setUp({
    join: ({ id, token }) => token === 'ann' || (id === 'slow' ? new Promise<boolean>(() => {}) : false),
  })
  const ann = await enter('ann')
  ann.say('sub', 1, 'room', { id: 'slow' }, null)
  ann.say('sub', 2, 'room', general, null)
  await clock.advance(0)
  ann.say('auth', 3, 'ann:2')
  await clock.advance(0)
  expect(ann.of('refused').map(([, id]) => id)).toEqual([2])
  await hub.channel.room(general).emit('said', { text: 'secret' })
  expect(ann.of('e')).toEqual([])
})

test('only what an application says of credentials is told: other errors keep their message to the report', async () => {
  const { enter, reports } = setUp({
    context: () => {
      throw new ParleyError('NOT_FOUND', 'no row 17 in table users')
    },
  })
  const ann = await enter('ann')
  expect(ann.end).toMatchObject({ code: 4401, reason: expect.not.stringContaining('table') })
  expect(reports).toMatchObject([{ kind: 'refused', error: { message: 'no row 17 in table users' } }])
})

test.each(['websocket', 'link'] as const)('an `identify` that throws refuses, over %s too', async (over) => {
  const { router, enter, clock, reports } = setUp({
    identify: () => {
      throw new Error('no id')
    },
  })
  if (over === 'websocket') {
    expect((await enter('ann')).end?.code).toBe(4401)
  } else {
    const closes: number[] = []
    const end = router.link({ context: { user: 'ann', token: '' } }).connect({
      opened: () => end.send(JSON.stringify(['hello', { v: 1, contract: '0', client: 'a'.repeat(22) }])),
      received: () => {},
      closed: (code) => closes.push(code),
    })
    await clock.advance(0)
    expect(closes).toEqual([4401])
  }
  expect(reports).toMatchObject([{ kind: 'refused', error: { message: 'no id' } }])
  expect(router.inspect()).toMatchObject({ sessions: 0, timers: 0 })
})

test('an `onSession` that takes its time is ended after it began, with the reason', async () => {
  const seen: string[] = []
  const begins: (() => void)[] = []
  const { enter, clock } = setUp({
    onSession: async ({ context }) => {
      await new Promise<void>((resolve) => begins.push(resolve))
      seen.push(`start ${context.user}`)
      return (reason: string) => void seen.push(`end ${reason}`)
    },
  })
  const ann = await enter('ann')
  ann.leave()
  begins[0]!()
  await clock.advance(0)
  expect(seen).toEqual(['start ann', 'end 1000'])
})

test('an `onSession` that rejects is reported, and the client is in', async () => {
  const { enter, reports } = setUp({ onSession: () => Promise.reject(new Error('no database')) })
  const ann = await enter('ann')
  expect(ann.of('welcome')).toHaveLength(1)
  expect(reports).toMatchObject([
    { kind: 'handler-failed', path: 'onSession', error: { message: 'no database' } },
  ])
})

test('onSession ends with the reason that closed it, though the socket says so at once in its own words', async () => {
  const seen: string[] = []
  const { router, clock } = setUp({ onSession: () => (reason: string) => void seen.push(reason) })
  const connection = insideOf(router).accept(
    {
      send: () => true,
      // as Bun does: its `close` calls the handler before it returns
      close: (code, reason) => connection.closed(code, reason),
      buffered: () => 0,
    },
    new Request('http://localhost/realtime'),
  )
  connection.received(JSON.stringify(['hello', { v: 1, contract: '0', client: 'a'.repeat(22) }, 'ann']))
  await clock.advance(0)
  router.disconnect({ member: 'ann' })
  expect(seen).toEqual(['DISCONNECTED'])
})

test('a session that another connection takes over goes on there, and the first is closed', async () => {
  const seen: string[] = []
  let count = 0
  const { router, enter, clock } = setUp({
    onSession: () => {
      const n = ++count
      seen.push(`start ${n}`)
      return (reason: string) => void seen.push(`end ${n} ${reason}`)
    },
  })
  const before = await enter('ann')
  const after = connect(router)
  const { session } = before.of('welcome')[0]![1]
  after.say('hello', { v: 1, contract: '0', client: 'ann'.padEnd(22, '0'), session }, 'ann')
  await clock.advance(0)
  expect(seen).toEqual(['start 1'])
  expect(before.end).toMatchObject({ code: 4409 })
  expect(after.of('welcome')[0]![1]).toMatchObject({ session, resumed: true })
})

test('a session that its own onSession disconnects is over, and leaves nothing behind', async () => {
  const ends: string[] = []
  const { router, enter } = setUp({
    onSession: ({ session }) => {
      router.disconnect({ session: session.id }, { reason: 'one too many' })
      return (reason: string) => void ends.push(reason)
    },
  })
  const ann = await enter('ann')
  expect(ann.end).toMatchObject({ code: 4410 })
  expect(ann.of('welcome')).toEqual([])
  expect(ends).toEqual(['DISCONNECTED'])
  expect(router.inspect()).toMatchObject({ sessions: 0, timers: 0 })
})
