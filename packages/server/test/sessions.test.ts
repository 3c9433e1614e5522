import { call, channel, defineContract, type Report, volatile } from '@parley/shared'
import { limits } from '@parley/shared/internal'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createHubWith, type HubOptions } from '../src/hub.js'
import { createRouter } from '../src/index.js'
import { insideOf } from '../src/router.js'
import { clientId, connect, type Peer } from './peer.js'

const contract = defineContract({
  room: channel({
    params: z.object({ id: z.string() }),
    events: { message: z.object({ text: z.string() }) },
    messages: { say: z.object({ text: z.string() }), typing: volatile(z.string()) },
  }),
  work: call({ input: z.string(), output: z.string() }),
})

interface User {
  readonly user: string
}

function setUp(options: Partial<HubOptions<z.ZodString, User>> = {}) {
  const clock = virtualClock()
  const reports: Report[] = []
  /** What ran, and what was told to stop. */
  const ran: string[] = []
  const gates = new Map<string, () => void>()
  const joins: string[] = []
  const wait = (name: string): Promise<void> => new Promise((resolve) => gates.set(name, resolve))
  const hub = createHubWith(
    contract,
    {
      auth: z.string(),
      context: ({ auth }): User => ({ user: auth }),
      identify: ({ user }) => user.split(':')[0]!,
      onReport: (report) => reports.push(report),
      ...options,
    },
    clock,
  )
  const router = createRouter(hub, {
    room: {
      join: ({ context }) => {
        joins.push(context.user)
        return !context.user.endsWith(':guest')
      },
      messages: {
        say: async ({ input, context }) => {
          ran.push(`say ${input.text}`)
          await wait(input.text)
          return context
        },
        typing: () => {},
      },
    },
    work: async ({ input, context, signal }) => {
      ran.push(`work ${input}`)
      signal.addEventListener('abort', () => ran.push(`stopped ${input}`))
      await wait(input)
      return `${input} of ${context.user}`
    },
  })
  const enter = async (name: string, session?: string, auth = name): Promise<Peer> => {
    const peer = connect(router)
    peer.say('hello', { v: 1, contract: '0', client: clientId(name), ...(session ? { session } : {}) }, auth)
    await clock.advance(0)
    return peer
  }
  const go = async (name: string): Promise<void> => {
    gates.get(name)!()
    await clock.advance(0)
  }
  return { clock, router, hub, reports, ran, joins, enter, go }
}

const secretOf = (peer: Peer): string => peer.of('welcome')[0]![1].session
const welcomeOf = (peer: Peer): object => peer.of('welcome')[0]![1]

test('a call whose handler runs while the link is cut is answered once, to the connection that came back', async () => {
  const { enter, go, ran } = setUp()
  const before = await enter('ann')
  before.say('call', 1, 'work', 0, 'a')
  before.cut()
  const after = await enter('ann', secretOf(before))
  expect(welcomeOf(after)).toMatchObject({ resumed: true, session: secretOf(before) })
  after.say('call', 1, 'work', 0, 'a')
  await go('a')
  expect(ran).toEqual(['work a'])
  expect(after.of('ok')).toEqual([['ok', 1, 'a of ann']])
})

test('a call that ended while the link was cut is answered when it comes again, and did not run again', async () => {
  const { enter, go, ran } = setUp()
  const before = await enter('ann')
  before.say('call', 1, 'work', 0, 'a')
  before.cut()
  await go('a')
  const after = await enter('ann', secretOf(before))
  expect(after.of('ok')).toEqual([])
  after.say('call', 1, 'work', 0, 'a')
  expect(after.of('ok')).toEqual([['ok', 1, 'a of ann']])
  expect(ran).toEqual(['work a'])
})

test('an answer that was lost on its way comes again, and an acknowledged one is kept no more', async () => {
  const { enter, go, router } = setUp()
  const before = await enter('ann')
  before.say('call', 1, 'work', 0, 'a')
  before.say('call', 2, 'work', 0, 'b')
  await go('a')
  await go('b')
  before.say('ack', 2, [2])
  before.cut()
  const after = await enter('ann', secretOf(before))
  after.say('call', 2, 'work', 0, 'b')
  expect(after.of('ok')).toEqual([['ok', 2, 'b of ann']])
  after.say('call', 1, 'work', 0, 'a')
  expect(after.end).toMatchObject({
    code: 4400,
    reason: expect.stringContaining('number 1 was acknowledged'),
  })
  expect(router.inspect()).toMatchObject({ connections: 0, sessions: 0 })
})

test('messages keep their order across a cut, and what the client gave up while away never runs', async () => {
  const { enter, go, ran, clock } = setUp()
  const before = await enter('ann')
  for (const [id, text] of [
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
  ] as const)
    before.say('send', id, 'room', { id: 'x' }, 'say', 0, { text })
  await clock.advance(0)
  before.cut()
  const after = await enter('ann', secretOf(before))
  for (const [id, text] of [
    [1, 'a'],
    [3, 'c'],
    [4, 'd'],
  ] as const)
    after.say('send', id, 'room', { id: 'x' }, 'say', 0, { text })
  after.say('ack', 4, [1, 3, 4])
  for (const text of ['a', 'c', 'd']) await go(text)
  expect(ran).toEqual(['say a', 'say c', 'say d'])
  expect(after.of('ok').map(([, id]) => id)).toEqual([1, 3, 4])
})

test('a connection that comes back while the first is still there takes the session over', async () => {
  const { enter, go, ran, router } = setUp()
  const before = await enter('ann')
  before.say('call', 1, 'work', 0, 'a')
  const after = await enter('ann', secretOf(before))
  expect(before.end?.code).toBe(4409)
  expect(router.inspect()).toMatchObject({ connections: 1, sessions: 1, running: 1 })
  before.say('call', 2, 'work', 0, 'late')
  await go('a')
  expect(ran).toEqual(['work a'])
  expect(after.of('ok')).toEqual([['ok', 1, 'a of ann']])
  expect(before.of('ok')).toEqual([])
})

test('a session waits two minutes for its client, then what runs is told to stop', async () => {
  const { enter, clock, ran, router } = setUp()
  const before = await enter('ann')
  before.say('call', 1, 'work', 600_000, 'a')
  before.cut()
  await clock.advance(limits.sessionMs - 1)
  expect(ran).toEqual(['work a'])
  expect(router.inspect()).toMatchObject({ connections: 0, sessions: 1, running: 1 })
  await clock.advance(1)
  expect(ran).toEqual(['work a', 'stopped a'])
  expect(router.inspect()).toMatchObject({ sessions: 0, running: 0, timers: 0 })
  const after = await enter('ann', secretOf(before))
  expect(welcomeOf(after)).toMatchObject({ resumed: false, refused: 'SESSION_GONE' })
})

test('a session that was never here is refused with the same code as one that has ended', async () => {
  const { enter } = setUp()
  const ann = await enter('ann', 'a guess')
  expect(welcomeOf(ann)).toMatchObject({ resumed: false, refused: 'SESSION_GONE' })
  expect(secretOf(ann)).not.toBe('a guess')
})

test('the session of another member, or of another client, is not resumed, and stays where it is', async () => {
  const { enter, router } = setUp()
  const ann = await enter('ann')
  const bob = await enter('bob', secretOf(ann))
  expect(welcomeOf(bob)).toMatchObject({ resumed: false, refused: 'SESSION_CHANGED' })
  ann.cut()
  const other = await enter('ann', secretOf(ann), 'eve')
  expect(welcomeOf(other)).toMatchObject({ resumed: false, refused: 'SESSION_CHANGED' })
  expect(router.inspect().sessions).toBe(3)
  const back = await enter('ann', secretOf(ann))
  expect(welcomeOf(back)).toMatchObject({ resumed: true })
})

test('a client that begins a new session has the one before ended: its messages do not run side by side', async () => {
  const { enter, go, ran, clock } = setUp()
  const before = await enter('ann')
  before.say('send', 1, 'room', { id: 'x' }, 'say', 0, { text: 'a' })
  before.say('send', 2, 'room', { id: 'x' }, 'say', 0, { text: 'b' })
  await clock.advance(0)
  before.cut()
  const after = await enter('ann', 'the secret of a session elsewhere')
  expect(welcomeOf(after)).toMatchObject({ resumed: false })
  after.say('send', 3, 'room', { id: 'x' }, 'say', 0, { text: 'c' })
  await clock.advance(0)
  await go('a')
  await go('c')
  expect(ran).toEqual(['say a', 'say c'])
})

test('a client that is refused when it comes back leaves its session as it was', async () => {
  const { enter } = setUp({
    context: ({ auth }): User => {
      if (auth.endsWith('!')) throw new Error('expired')
      return { user: auth }
    },
  })
  const before = await enter('ann')
  before.cut()
  const refused = await enter('ann', secretOf(before), 'ann!')
  expect(refused.end?.code).toBe(4401)
  const after = await enter('ann', secretOf(before))
  expect(welcomeOf(after)).toMatchObject({ resumed: true })
})

test('credentials are asked for anew when a session is resumed, and what runs from then on gets the new context', async () => {
  const { enter, go, joins, clock } = setUp()
  const before = await enter('ann', undefined, 'ann:1')
  before.say('sub', 1, 'room', { id: 'x' }, null)
  before.cut()
  const after = await enter('ann', secretOf(before), 'ann:guest')
  expect(welcomeOf(after)).toMatchObject({ resumed: true })
  after.say('call', 2, 'work', 0, 'a')
  await go('a')
  expect(after.of('ok')).toEqual([['ok', 2, 'a of ann:guest']])
  after.say('sub', 3, 'room', { id: 'x' }, null)
  after.say('send', 4, 'room', { id: 'x' }, 'say', 0, { text: 'no longer' })
  await clock.advance(0)
  expect(joins).toEqual(['ann:1', 'ann:guest', 'ann:guest'])
  expect(after.of('refused')).toMatchObject([['refused', 3, 'FORBIDDEN', 'not allowed on this topic']])
  expect(after.of('err')).toMatchObject([['err', 4, { code: 'FORBIDDEN' }]])
})

test('a client that closes has no session any more, and what runs for it is told to stop', async () => {
  const { enter, ran, router } = setUp()
  const ann = await enter('ann')
  ann.say('call', 1, 'work', 0, 'a')
  ann.leave()
  expect(ran).toEqual(['work a', 'stopped a'])
  expect(router.inspect()).toMatchObject({ connections: 0, sessions: 0 })
})

test('a member that is sent away has no session to come back to, with a connection or without', async () => {
  const { enter, router } = setUp()
  const one = await enter('phone', undefined, 'ann')
  const two = await enter('laptop', undefined, 'ann')
  two.cut()
  expect(router.inspect().sessions).toBe(2)
  router.disconnect({ member: 'ann' })
  expect(one.end?.code).toBe(4410)
  expect(router.inspect().sessions).toBe(0)
  expect(welcomeOf(await enter('laptop', secretOf(two), 'ann'))).toMatchObject({ refused: 'SESSION_GONE' })
})

test('of more sessions without a connection than are kept, the one that waits longest ends', async () => {
  const { enter, router } = setUp({ limits: { keptSessions: 2 } })
  const peers = [await enter('ann'), await enter('bob'), await enter('cat')]
  for (const peer of peers) peer.cut()
  expect(router.inspect().sessions).toBe(2)
  expect(welcomeOf(await enter('ann', secretOf(peers[0]!)))).toMatchObject({ resumed: false })
  expect(welcomeOf(await enter('bob', secretOf(peers[1]!)))).toMatchObject({ resumed: true })
})

test('answers that wait for clients that are away take a bounded place in all', async () => {
  const { enter, go, router } = setUp({ limits: { keptBytes: 3_000 } })
  const peers: Peer[] = []
  for (const name of ['ann', 'bob', 'cat']) {
    const peer = await enter(name)
    peer.say('call', 1, 'work', 0, name.repeat(400))
    peer.cut()
    peers.push(peer)
  }
  expect(router.inspect().sessions).toBe(3)
  for (const name of ['ann', 'bob', 'cat']) await go(name.repeat(400))
  expect(router.inspect().sessions).toBe(2)
  expect(welcomeOf(await enter('ann', secretOf(peers[0]!)))).toMatchObject({ refused: 'SESSION_GONE' })
  expect(welcomeOf(await enter('cat', secretOf(peers[2]!)))).toMatchObject({ resumed: true })
})

test('a session keeps its id, and its application is told of one start and one end', async () => {
  const told: string[] = []
  const { enter } = setUp({
    onSession: ({ session }) => {
      told.push(`start ${session.id}`)
      return (reason: string) => void told.push(`end ${session.id} ${reason}`)
    },
  })
  const before = await enter('ann')
  before.cut()
  const after = await enter('ann', secretOf(before))
  after.cut()
  const last = await enter('ann', secretOf(before))
  last.leave()
  const [start] = told
  const id = start!.slice('start '.length)
  expect(told).toEqual([`start ${id}`, `end ${id} 1000`])
})

test('a message whose turn comes after the credentials have ended does not run, and is answered so', async () => {
  const { enter, go, ran, clock } = setUp({
    context: ({ auth, session }): User => {
      session.expiresAt(new Date(clock.now() + 60_000))
      return { user: auth }
    },
  })
  const before = await enter('ann')
  before.say('send', 1, 'room', { id: 'x' }, 'say', 600_000, { text: 'a' })
  before.say('send', 2, 'room', { id: 'x' }, 'say', 600_000, { text: 'b' })
  before.say('send', 3, 'room', { id: 'x' }, 'say', 600_000, { text: 'c' })
  before.cut()
  await clock.advance(59_999)
  await go('a')
  await clock.advance(1)
  await go('b')
  const after = await enter('ann', secretOf(before))
  for (const [id, text] of ['a', 'b', 'c'].entries())
    after.say('send', id + 1, 'room', { id: 'x' }, 'say', 600_000, { text })
  await clock.settle()
  expect(ran).toEqual(['say a', 'say b'])
  expect(after.of('ok').map(([, id]) => id)).toEqual([1, 2])
  expect(after.of('err')).toMatchObject([['err', 3, { code: 'UNAUTHENTICATED' }]])
})

test('credentials that ended while the client was away do not keep it out: it brings new ones', async () => {
  const { enter, clock } = setUp({
    context: ({ auth, session }): User => {
      session.expiresAt(new Date(clock.now() + 60_000))
      return { user: auth }
    },
  })
  const before = await enter('ann')
  before.cut()
  await clock.advance(90_000)
  const after = await enter('ann', secretOf(before))
  expect(welcomeOf(after)).toMatchObject({ resumed: true })
  expect(after.of('expires').at(-1)).toEqual(['expires', 60_000])
  for (let spent = 0; spent < 60_000; spent += 20_000) {
    after.say('pong')
    await clock.advance(20_000)
  }
  expect(after.end?.code).toBe(4005)
})

test('a member with as many sessions as it may have loses one that waits for its client, or gets no other', async () => {
  const { enter, router } = setUp({ limits: { sessionsPerMember: 2 } })
  const phone = await enter('phone', undefined, 'ann')
  const laptop = await enter('laptop', undefined, 'ann')
  const tablet = await enter('tablet', undefined, 'ann')
  expect(tablet.end).toMatchObject({ code: 4101, reason: expect.stringContaining('"delayMs"') })
  laptop.cut()
  expect((await enter('tablet', undefined, 'ann')).of('welcome')).toHaveLength(1)
  expect(router.inspect()).toMatchObject({ connections: 2, sessions: 2 })
  expect(phone.end).toBeUndefined()
  phone.cut()
  expect(welcomeOf(await enter('phone', secretOf(phone), 'ann'))).toMatchObject({ resumed: true })
  expect((await enter('bob')).end).toBeUndefined()
})

test('of more clients than a server takes at once the rest is told to come later, before anybody is asked about them', async () => {
  const asked: string[] = []
  const { enter, clock } = setUp({
    limits: { handshakesPerSecond: 2 },
    context: ({ auth }): User => {
      asked.push(auth)
      return { user: auth }
    },
  })
  await enter('ann')
  await enter('bob')
  const cat = await enter('cat')
  expect(cat.end).toMatchObject({ code: 4101, reason: expect.stringMatching(/"delayMs":\d+/) })
  expect(asked).toEqual(['ann', 'bob'])
  await clock.advance(1_000)
  expect((await enter('cat')).of('welcome')).toHaveLength(1)
})

test('a hello that is cut before its welcome leaves the session as it was, its context and its end', async () => {
  let whenAsked: (() => void) | undefined
  const { enter, go, joins, router, clock } = setUp({
    context: ({ auth, session }): User => {
      session.expiresAt(new Date(clock.now() + (auth === 'ann' ? 20_000 : 60_000)))
      return { user: auth }
    },
    identify: ({ user }) => {
      whenAsked?.()
      return user.split(':')[0]!
    },
  })
  const ann = await enter('ann')
  ann.say('sub', 1, 'room', { id: 'x' }, null)
  await clock.advance(0)
  const other = connect(router)
  whenAsked = other.cut
  other.say('hello', { v: 1, contract: '0', client: clientId('ann'), session: secretOf(ann) }, 'ann:guest')
  await clock.advance(0)
  ann.say('call', 2, 'work', 0, 'a')
  await go('a')
  expect(ann.of('ok')).toEqual([['ok', 2, 'a of ann']])
  expect(joins).toEqual(['ann'])
  await clock.advance(20_000)
  expect(ann.end?.code).toBe(4005)
})

test('a message whose turn comes as credentials change is never run under those that `join` refuses', async () => {
  for (let turns = 0; turns < 12; turns++) {
    let answer!: (user: User) => void
    const began: string[] = []
    const { enter, go, clock } = setUp({
      context: ({ auth }): User | Promise<User> =>
        auth === 'ann' ? { user: auth } : new Promise((resolve) => (answer = resolve)),
      around: ({ kind, context: { user } }, next) => {
        began.push(`${kind} ${user}`)
        return next()
      },
    })
    const ann = await enter('ann')
    ann.say('sub', 1, 'room', { id: 'x' }, null)
    await clock.advance(0)
    ann.say('send', 2, 'room', { id: 'x' }, 'say', 0, { text: 'a' })
    ann.say('send', 3, 'room', { id: 'x' }, 'say', 0, { text: 'b' })
    ann.say('auth', 4, 'ann:guest')
    await clock.advance(0)
    const gone = go('a')
    for (let turn = 0; turn < turns; turn++) await undefined
    answer({ user: 'ann:guest' })
    await gone
    await clock.settle()
    expect(began).not.toContain('message ann:guest')
    expect(began).toContain('join ann:guest')
  }
})

test('a client whose session ends while it comes back begins one of its own, under another id', async () => {
  const ids: string[] = []
  const { enter, router, clock } = setUp({
    onSession: ({ session }) => void ids.push(session.id),
  })
  const before = await enter('ann')
  before.cut()
  const hello = (session?: string): Peer => {
    const peer = connect(router)
    const head = { v: 1, contract: '0', client: clientId('ann'), ...(session ? { session } : {}) }
    peer.say('hello', head, 'ann')
    return peer
  }
  // both are asked about in the same moment; the first to be let in begins anew, which ends the session
  const other = hello()
  const back = hello(secretOf(before))
  await clock.advance(0)
  expect(back.end?.code).toBe(4000)
  expect(welcomeOf(other)).toMatchObject({ resumed: false })
  expect(new Set(ids).size).toBe(2)
  expect(ids).toHaveLength(2)
})

test('a client that goes on sending and takes no bytes is let go, and may come back to its session', async () => {
  const { router, clock, enter } = setUp()
  let queued = 0
  let end: { code: number; reason: string } | undefined
  const connection = insideOf(router).accept(
    {
      send(data) {
        queued += data.length
        return true
      },
      close(code, reason) {
        end ??= { code, reason }
      },
      buffered: () => queued,
    },
    new Request('http://localhost/realtime'),
  )
  connection.received(JSON.stringify(['hello', { v: 1, contract: '0', client: clientId('ann') }, 'ann']))
  for (let spent = 0; spent < limits.stalledMs; spent += 10_000) {
    expect(end).toBeUndefined()
    await clock.advance(10_000)
    connection.received('["pong"]')
  }
  await clock.advance(2_000)
  expect(end).toMatchObject({ code: 4002 })
  expect(router.inspect()).toMatchObject({ connections: 0, sessions: 1 })
  expect((await enter('bob')).end).toBeUndefined()
})

test('volatile messages that find no room are dropped, and counted also when their session is over', async () => {
  const { enter, router, clock } = setUp({ limits: { messagesWaiting: 1 } })
  const ann = await enter('ann')
  ann.say('send', 1, 'room', { id: 'x' }, 'say', 0, { text: 'a' })
  await clock.advance(0)
  for (const text of ['b', 'c']) ann.say('cast', 'room', { id: 'x' }, 'typing', text)
  expect(router.inspect().volatileDropped).toBe(2)
  ann.leave()
  expect(router.inspect()).toMatchObject({ sessions: 0, volatileDropped: 2 })
})
