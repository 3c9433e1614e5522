import type { Link } from '@parley/shared'
import { type VirtualClock, virtualClock } from '@parley/shared/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createClient } from '../src/client.js'
import { value } from './scripted-server.js'
import { contract, event, liveRoom, outcome, world } from './world.js'

/** When each connection was tried for, from the states. */
function attemptTimes(client: ReturnType<typeof world>['client'], clock: VirtualClock): number[] {
  const times: number[] = []
  client.connection.subscribe(() => {
    if (client.connection.getSnapshot().status === 'connecting') times.push(clock.now())
  })
  return times
}

test('attempts are spread and slow down, never at once, never more than base and cap apart, and never end', async () => {
  const clock = virtualClock()
  const { server, client } = world({}, clock)
  server.link.refuse(true)
  const times = attemptTimes(client, clock)
  client.connection.open()
  await clock.advance(40 * 60_000)
  const gaps = times.slice(1).map((time, index) => time - times[index]!)
  expect(gaps.length).toBeGreaterThan(60)
  gaps.forEach((gap, n) => {
    expect(gap).toBeGreaterThanOrEqual(500)
    expect(gap).toBeLessThanOrEqual(500 + Math.min(30_000, 1_000 * 2 ** n) + 1)
  })
  // The cap comes before the jitter: late attempts still differ.
  expect(new Set(gaps.slice(10).map((gap) => Math.round(gap / 1_000))).size).toBeGreaterThan(10)
})

test('attempts are counted from 0 again only after a connection has held', async () => {
  const clock = virtualClock()
  const { server, client } = world({}, clock)
  client.connection.open()
  await clock.advance(0)
  const attempts: number[] = []
  client.connection.subscribe(() => {
    const state = client.connection.getSnapshot()
    if (state.status === 'reconnecting') attempts.push(state.attempt)
  })
  const open = () => clock.runUntil(() => client.connection.getSnapshot().status === 'open', 120_000)
  for (let n = 0; n < 3; n += 1) {
    await open()
    await clock.advance(9_000) // not long enough
    server.link.cut()
    await clock.advance(0)
  }
  await open()
  await clock.advance(10_000)
  server.link.cut()
  await clock.advance(0)
  expect(attempts).toEqual([1, 2, 3, 1])
})

test('a server that closes each connection at once with an invitation to come back is not stormed', async () => {
  const clock = virtualClock()
  const { server, client } = world({}, clock)
  client.connection.subscribe(() => {
    if (client.connection.getSnapshot().status === 'open') server.close(4000)
  })
  client.connection.open()
  await clock.advance(60_000)
  expect(server.connections).toBeLessThan(12)
  expect(server.connections).toBeGreaterThan(3)
})

test('an invitation to come back is followed within 250 ms where the connection had held', async () => {
  const { clock, server, client } = world()
  client.connection.open()
  await clock.advance(15_000)
  server.close(4000)
  await clock.advance(250)
  expect(server.connections).toBe(2)
  expect(client.connection.getSnapshot().status).toBe('open')
})

test('the delay that the server advises wins', async () => {
  const { clock, server, client } = world()
  client.connection.open()
  await clock.advance(15_000)
  server.close(4100, { code: 'DRAINING', delayMs: 7_000 })
  await clock.advance(0)
  expect(client.connection.getSnapshot()).toMatchObject({
    status: 'reconnecting',
    delayMs: 7_000,
    attempt: 1,
    lastError: { code: 'DRAINING' },
  })
  await clock.advance(6_999)
  expect(server.connections).toBe(1)
  await clock.advance(1)
  expect(server.connections).toBe(2)
})

test('a clean close of code 1000 by the server is no reason to stay away', async () => {
  const { clock, server, client } = world()
  client.connection.open()
  await clock.advance(0)
  server.close(1000)
  await clock.advance(2_000)
  expect(server.connections).toBe(2)
})

test.each([
  [4401, { code: 'UNAUTHENTICATED', why: 'no such user' }, 'UNAUTHENTICATED', 'no such user'],
  [4410, undefined, 'DISCONNECTED', 'The application ended the session.'],
  [1008, undefined, 'PROTOCOL', 'The connection was closed with code 1008.'],
])(
  'a close with %i is final: no loop, a typed reason, and what waits is rejected',
  async (code, reason, name, text) => {
    const { clock, server, client, reports } = world()
    const created = outcome(client.rooms.create({ name: 'x' }))
    const step = outcome(client.news.events().next())
    await server.until('call')
    server.close(code, reason)
    await clock.advance(10 * 60_000)
    expect(server.connections).toBe(1)
    expect(client.connection.getSnapshot()).toEqual({
      status: 'closed',
      code: name,
      reason: text,
      final: true,
    })
    expect(await created).toBe('OUTCOME_UNKNOWN')
    expect(await step).toBe(name)
    expect(await outcome(client.rooms.list())).toBe(name)
    expect(reports).toMatchObject([{ kind: 'refused' }])
    expect(clock.pending()).toBe(0)
    client.connection.open()
    await clock.advance(0)
    expect(client.connection.getSnapshot().status).toBe('open')
  },
)

test('an application that closes the client is rid of every timer, and can open it again', async () => {
  const { clock, server, client, room, seen } = await liveRoom()
  client.connection.close()
  await clock.advance(0)
  expect(server.closes).toEqual([{ code: 1000, reason: '' }])
  expect(clock.pending()).toBe(0)
  expect(client.connection.getSnapshot()).toMatchObject({ status: 'closed', code: 'CLOSED', final: false })
  expect(await outcome(room.send('react', 'x'))).toBe('CLOSED')
  client.connection.open()
  await clock.advance(0)
  server.send(event(100 + server.last('sub').id, 11, { text: 'again' }))
  await clock.advance(0)
  expect(seen).toMatchObject([{ text: 'again' }])
})

test('what is asked of a client that was opened again as it closed is not told of that close', async () => {
  const { clock, server, client } = world()
  server.joinsAt = 10
  const again: Promise<unknown>[] = []
  client.connection.subscribe(() => {
    if (client.connection.getSnapshot().status !== 'closed') return
    client.connection.open()
    again.push(outcome(client.rooms.list()), outcome(client.news.ready()))
  })
  client.connection.open()
  await clock.advance(0)
  client.connection.close()
  await server.until('call')
  server.send({ type: 'ok', id: server.last('call').id, output: value(['a']) })
  await clock.advance(0)
  expect(await Promise.all(again)).toEqual([['a'], 'e-10'])
})

test('a first connection that fails is tried again', async () => {
  const { clock, server, client } = world()
  server.link.refuse(true)
  client.connection.open()
  await clock.advance(0)
  server.link.refuse(false)
  await clock.advance(1_500)
  expect(client.connection.getSnapshot().status).toBe('open')
})

test('that there is no connection yet is reported once, and no more after there was one', async () => {
  const { clock, server, client, reports } = world()
  server.link.refuse(true)
  client.connection.open()
  await clock.advance(60_000)
  expect(reports).toMatchObject([
    { kind: 'unreachable', path: 'connection', message: expect.stringMatching(/^no connection yet: LOST /) },
  ])
  server.link.refuse(false)
  await clock.runUntil(() => client.connection.getSnapshot().status === 'open')
  server.link.refuse(true)
  server.link.cut()
  await clock.advance(60_000)
  expect(reports).toHaveLength(1)
})

test('a server that accepts and says nothing is given up after 10 s', async () => {
  const { clock, server, client } = world()
  server.welcome = false
  client.connection.open()
  await clock.advance(9_999)
  expect(client.connection.getSnapshot().status).toBe('connecting')
  await clock.advance(1)
  expect(client.connection.getSnapshot()).toMatchObject({
    status: 'reconnecting',
    lastError: { code: 'TIMEOUT' },
  })
  await clock.advance(0)
  expect(server.closes).toMatchObject([{ code: 4003 }])
})

test('the session of the connection before is named in the next hello, and the client is the same', async () => {
  const { clock, server, client } = world()
  client.connection.open()
  await clock.advance(0)
  server.link.cut()
  await server.until('hello', 2)
  const [first, second] = server.all('hello')
  expect(first).toMatchObject({ version: 1, contract: contract.fingerprint })
  expect(first!.session).toBeUndefined()
  expect(first!.client).toMatch(/^[\w-]{22}$/)
  expect(second).toMatchObject({ client: first!.client, session: 'session-1' })
})

test('numbers go on over connections: none is used twice', async () => {
  const { clock, server, client } = world()
  server.joinsAt = 1
  client.news.on('item', () => {})
  void outcome(client.rooms.list())
  await server.until('call')
  server.link.cut()
  await server.until('call', 2)
  client.latest.on('item', () => {})
  await clock.advance(0)
  const ids = server.all('sub').map(({ id }) => id)
  expect(new Set(ids).size).toBe(3)
})

test('a frame that breaks the protocol ends the client with its own code, and no loop', async () => {
  const { clock, server, client, reports } = world()
  client.connection.open()
  await clock.advance(0)
  server.sendText('["e",0]')
  await clock.advance(60_000)
  expect(client.connection.getSnapshot()).toMatchObject({ status: 'closed', code: 'PROTOCOL', final: true })
  expect(server.closes).toMatchObject([{ code: 4400 }])
  expect(server.connections).toBe(1)
  expect(reports).toHaveLength(1)
})

test('a tag that the client does not know is skipped', async () => {
  const { clock, server, client } = world()
  client.connection.open()
  await clock.advance(0)
  server.sendText('["later",1,2]')
  await clock.advance(0)
  expect(client.connection.getSnapshot().status).toBe('open')
})

test('a contract that is not the same shows in the connection', async () => {
  const { clock, server, client } = world()
  server.welcome = { contract: '0123456789abcdef' }
  client.connection.open()
  await clock.advance(0)
  expect(client.connection.getSnapshot()).toEqual({ status: 'open', contract: 'unknown' })
})

// --- whether the other side is there ------------------------------------------------------------------------------

test('a connection that is silent and dead is noticed within heartbeat and grace, and replaced', async () => {
  const { clock, server, client } = world()
  client.connection.open()
  await clock.advance(0)
  server.link.halfOpen()
  await clock.advance(34_999)
  expect(client.connection.getSnapshot().status).toBe('open')
  await clock.advance(1)
  expect(client.connection.getSnapshot()).toMatchObject({
    status: 'reconnecting',
    lastError: { code: 'HEARTBEAT' },
  })
  await clock.advance(250)
  expect(server.connections).toBe(2)
})

test('any frame is a sign of life', async () => {
  const { clock, server, topic } = await liveRoom()
  server.answersPing = false
  for (let n = 0; n < 10; n += 1) {
    await clock.advance(24_000)
    server.send({ type: 'v', topic, name: 'typing', data: value('x') })
    await clock.advance(0)
  }
  expect(server.all('ping')).toEqual([])
  expect(server.connections).toBe(1)
})

test('a ping of the server is answered', async () => {
  const { clock, server, client } = world()
  client.connection.open()
  await clock.advance(0)
  server.send({ type: 'ping' })
  await clock.advance(0)
  expect(server.all('pong')).toHaveLength(1)
})

test('with a call unanswered, a dead link is noticed in 8 s, and the call goes again over the next', async () => {
  const { clock, server, client } = world()
  client.connection.open()
  await clock.advance(0)
  server.link.halfOpen()
  const called = outcome(client.rooms.create({ name: 'x' }, { withinMs: 60_000 }))
  await clock.advance(7_999)
  expect(client.connection.getSnapshot().status).toBe('open')
  await clock.advance(1)
  expect(client.connection.getSnapshot().status).toBe('reconnecting')
  server.welcome = { resumed: true }
  await server.until('call')
  server.send({ type: 'ok', id: server.last('call').id, output: value({ id: 'r' }) })
  await clock.advance(0)
  expect(await called).toEqual({ id: 'r' })
})

test('a slow call on a living link is no reason to leave it', async () => {
  const { clock, server, client } = world()
  const called = client.rooms.create({ name: 'x' }, { withinMs: 60_000 })
  await clock.advance(50_000)
  expect(server.connections).toBe(1)
  expect(server.all('ping').length).toBeGreaterThan(3)
  server.send({ type: 'ok', id: server.last('call').id, output: value({ id: 'r' }) })
  await clock.advance(0)
  expect(await called).toEqual({ id: 'r' })
})

test('an end of the old connection that comes late does not touch the new one', async () => {
  const { clock, server, client } = world()
  const closers: ((code: number) => void)[] = []
  const link = {
    connect(events: Parameters<typeof server.link.connect>[0]) {
      closers.push((code) => events.closed(code, ''))
      return server.link.connect(events)
    },
  }
  const other = createClient(contract, { transport: link, clock, onReport: () => {} })
  other.connection.open()
  await clock.advance(0)
  other.connection.reconnect()
  await clock.advance(250)
  expect(other.connection.getSnapshot().status).toBe('open')
  closers[0]!(4401)
  await clock.advance(0)
  expect(other.connection.getSnapshot().status).toBe('open')
  expect(client.connection.getSnapshot().status).toBe('idle')
})

test('reconnect() leaves a connection for another one, and topics go on', async () => {
  const { clock, server, client, room } = await liveRoom()
  client.connection.reconnect()
  await clock.advance(250)
  expect(server.connections).toBe(2)
  expect(server.closes).toEqual([{ code: 4000, reason: '' }]) // 1000 would end the session
  expect(server.last('sub').from).toEqual({ epoch: 'e', offset: 10 })
  expect(room.status.getSnapshot()).toEqual({ status: 'live' })
})

test('after a long sleep the connection is replaced as soon as the machine is back', async () => {
  const { clock, server, client } = world()
  client.connection.open()
  await clock.advance(1_000)
  server.link.halfOpen() // the server has long let it go
  clock.jump(90_000)
  await clock.advance(250)
  expect(server.connections).toBe(2)
  expect(client.connection.getSnapshot().status).toBe('open')
})

test('after a short sleep the connection is probed, and kept where it answers', async () => {
  const { clock, server, client } = world()
  client.connection.open()
  await clock.advance(10_000)
  clock.jump(20_000)
  await clock.advance(0)
  expect(server.all('ping')).toHaveLength(1)
  await clock.advance(10_000)
  expect(server.connections).toBe(1)
})

test('after a short sleep a connection that does not answer is given up in 5 s', async () => {
  const { clock, server, client } = world()
  client.connection.open()
  await clock.advance(10_000)
  server.link.halfOpen()
  clock.jump(20_000)
  await clock.advance(5_250)
  expect(server.connections).toBe(2)
})

test('a clock that is set back or forward neither ends a connection nor keeps a dead one', async () => {
  const { clock, server, client } = world()
  client.connection.open()
  await clock.advance(1_000)
  clock.adjust(-3_600_000)
  await clock.advance(30_000)
  clock.adjust(7_200_000)
  await clock.advance(60_000)
  expect(client.connection.getSnapshot().status).toBe('open')
  clock.adjust(-3_600_000)
  const before = server.connections
  server.link.halfOpen()
  await clock.advance(2 * 35_000)
  expect(server.connections).toBe(before + 1)
})

test('a page out of the back-forward cache, told of its closed socket once it is shown, is back within 250 ms', async () => {
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }))
  onTestFinished(() => void vi.unstubAllGlobals())
  const signs = new EventTarget()
  vi.stubGlobal('addEventListener', signs.addEventListener.bind(signs))
  vi.stubGlobal('removeEventListener', signs.removeEventListener.bind(signs))
  const { clock, server, client } = world()
  client.connection.open()
  await clock.advance(20_000)
  signs.dispatchEvent(new Event('pageshow'))
  server.link.cut()
  await clock.advance(250)
  expect(client.connection.getSnapshot().status).toBe('open')
  expect(server.connections).toBe(2)
})

// --- credentials ------------------------------------------------------------------------------------------------

test('credentials are asked for anew at each connection', async () => {
  let n = 0
  const { clock, server, client } = world({ auth: () => `token-${++n}` })
  client.connection.open()
  await clock.advance(0)
  server.link.cut()
  await server.until('hello', 2)
  expect(server.all('hello').map(({ auth }) => auth?.json)).toEqual(['token-1', 'token-2'])
})

test('credentials that fail to come are tried for again, with back-off', async () => {
  let n = 0
  const auth = async (): Promise<string> => {
    n += 1
    if (n < 3) throw new Error('identity provider is down')
    return 'token'
  }
  const { clock, server, client, reports } = world({ auth })
  client.connection.open()
  await clock.advance(0)
  expect(client.connection.getSnapshot()).toMatchObject({
    status: 'reconnecting',
    lastError: { code: 'UNAUTHENTICATED', message: '`auth` failed: identity provider is down' },
  })
  await server.until('hello')
  expect(n).toBe(3)
  const error = expect.objectContaining({ message: 'identity provider is down' })
  const report = { kind: 'handler-failed', path: 'connection', error }
  expect(reports).toMatchObject([report, report])
})

test('credentials that never come do not hold the client for ever', async () => {
  const { clock, client } = world({ auth: () => new Promise(() => {}) })
  client.connection.open()
  await clock.advance(10_000)
  expect(client.connection.getSnapshot()).toMatchObject({
    status: 'reconnecting',
    lastError: { code: 'TIMEOUT' },
  })
})

test('credentials are refreshed in place before they end, and subscriptions stay', async () => {
  let n = 0
  const { clock, server, seen, topic, client } = await liveRoom({ auth: () => `token-${++n}` })
  server.send({ type: 'expires', inMs: 100_000 })
  await clock.advance(79_999)
  expect(server.all('auth')).toEqual([])
  await clock.advance(1)
  expect(server.last('auth').auth?.json).toBe('token-2')
  server.send({ type: 'ok', id: server.last('auth').id }, event(topic, 11, { text: 'on' }))
  await clock.advance(0)
  expect(seen).toMatchObject([{ text: 'on' }])
  expect(server.all('sub')).toHaveLength(1)
  expect(client.connection.getSnapshot().status).toBe('open')
})

test('a refresh that fails is reported and tried again in what is left of the time', async () => {
  let n = 0
  const auth = (): string => {
    n += 1
    if (n === 2) throw new Error('down')
    return `token-${n}`
  }
  const { clock, server, client, reports } = world({ auth })
  client.connection.open()
  await clock.advance(0)
  server.send({ type: 'expires', inMs: 100_000 })
  await clock.advance(99_000)
  expect(server.all('auth')).toMatchObject([{ auth: { json: 'token-3' } }])
  expect(reports).toMatchObject([{ kind: 'handler-failed', path: 'connection' }])
})

test('fresh credentials that the server refuses are reported, asked for again, and end nothing', async () => {
  let n = 0
  const { clock, server, client, reports } = world({ auth: () => `token-${++n}` })
  client.connection.open()
  await clock.advance(0)
  server.send({ type: 'expires', inMs: 100_000 })
  await server.until('auth')
  server.send({ type: 'err', id: server.last('auth').id, code: 'UNAUTHENTICATED', message: 'not these' })
  await server.until('auth', 2)
  expect(server.last('auth').auth?.json).toBe('token-3')
  expect(reports).toMatchObject([{ kind: 'refused', path: 'connection' }])
  expect(client.connection.getSnapshot().status).toBe('open')
})

test('credentials that come after a cut are not sent to the connection after it', async () => {
  const answers: ((token: string) => void)[] = []
  const auth = (): Promise<string> => new Promise((resolve) => answers.push(resolve))
  const { clock, server, client } = world({ auth })
  client.connection.open()
  answers[0]!('first')
  await clock.advance(0)
  server.send({ type: 'expires', inMs: 10_000 })
  await clock.advance(8_000) // the refresh is asked for
  server.link.cut()
  await clock.advance(2_000) // and so are those of the next connection
  answers[1]!('of the past')
  await clock.advance(0)
  expect(server.connections).toBe(1)
  answers[2]!('second')
  await clock.advance(0)
  expect(server.all('hello').map((hello) => hello.auth?.json)).toEqual(['first', 'second'])
  expect(server.all('auth')).toEqual([])
})

test('asking for a connection again and again makes one', async () => {
  const { clock, server, client } = world()
  for (let n = 0; n < 5; n += 1) client.connection.open()
  client.news.on('item', () => {})
  await clock.advance(100)
  client.connection.open()
  await clock.advance(60_000)
  expect(server.link.counts().attempts).toBe(1)
})

test('a link that goes on talking after it was let go of arms no timer', async () => {
  const { clock, server } = world()
  let told = (_: string): void => {}
  const link: Link = {
    connect(events) {
      told = events.received
      return server.link.connect(events)
    },
  }
  const client = createClient(contract, { transport: link, clock })
  client.connection.open()
  await clock.advance(0)
  client.connection.close()
  await clock.advance(0)
  for (const frame of ['["expires",60000]', '["ping"]', '["e",1,2,"x",3]', 'no frame']) told(frame)
  expect(clock.pending()).toBe(0)
  expect(client.connection.getSnapshot()).toMatchObject({ status: 'closed', code: 'CLOSED' })
})

test('a link that calls back before it returns is a link like any other', async () => {
  const clock = virtualClock()
  const lines: string[] = []
  const welcome = { v: 1, contract: contract.fingerprint, session: 's', resumed: false, epoch: 'e' }
  const limits = { frameBytes: 10_000, heartbeatMs: 25_000, heartbeatGraceMs: 10_000 }
  let attempts = 0
  const link: Link = {
    connect(events) {
      attempts += 1
      if (attempts === 1) events.closed(1006, '')
      else events.opened()
      return {
        buffered: () => 0,
        close: () => events.closed(1000, ''), // which no link should, and which must do no harm
        send(data) {
          const [tag, id] = JSON.parse(String(data))
          lines.push(tag)
          if (tag === 'hello') events.received(JSON.stringify(['welcome', { ...welcome, ...limits }]))
          if (tag === 'sub') {
            for (const frame of [
              ['joined', id, 7, 4],
              ['e', 7, 5, 'item', { n: 1 }],
              ['live', 7, 5],
            ])
              events.received(JSON.stringify(frame))
          }
          if (tag === 'call') events.received(JSON.stringify(['ok', id, ['a']]))
        },
      }
    },
  }
  const client = createClient(contract, { transport: link, clock })
  const seen: unknown[] = []
  client.news.on('item', (item) => seen.push(item), { from: 'first' })
  const listed = client.rooms.list()
  await clock.advance(2_000)
  expect(await listed).toEqual(['a'])
  expect(await client.rooms.list()).toEqual(['a'])
  expect(seen).toEqual([{ n: 1 }])
  expect(client.news.status.getSnapshot()).toEqual({ status: 'live' })
  client.connection.reconnect()
  await clock.advance(250)
  expect(client.connection.getSnapshot().status).toBe('open')
  client.connection.close()
  expect(client.connection.getSnapshot()).toMatchObject({ status: 'closed', code: 'CLOSED' })
  expect(seen).toEqual([{ n: 1 }])
  expect(lines).toEqual(['hello', 'sub', 'call', 'ack', 'call', 'hello', 'sub'])
  expect(clock.pending()).toBe(0)
})
