/** Streams of one session, as a client written by hand meets them. */
import { defineContract, ParleyError, type Report, stream } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createHubWith, type HubOptions } from '../src/hub.js'
import { createRouter } from '../src/index.js'
import { insideOf } from '../src/router.js'
import { clientId, connect, greet, type Peer } from './peer.js'

const contract = defineContract({
  count: stream({ input: z.number(), yields: z.number(), output: z.string() }),
  feeds: { stuck: stream({ yields: z.number() }) },
})

function setUp(options: HubOptions<undefined, undefined> = {}) {
  const clock = virtualClock()
  const reports: Report[] = []
  const made: number[] = []
  const ended: string[] = []
  let open!: () => void
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const hub = createHubWith(contract, { onReport: (report) => reports.push(report), ...options }, clock)
  const router = createRouter(hub, {
    count: async function* ({ input, signal }) {
      signal.addEventListener('abort', () => ended.push('aborted'))
      try {
        for (let n = 1; n <= input; n++) {
          made.push(n)
          yield n
        }
        return `counted to ${input}`
      } finally {
        ended.push('finally')
      }
    },
    feeds: {
      stuck: async function* () {
        await gate
        yield 1
      },
    },
  })
  const enter = async (session?: string): Promise<Peer> => {
    const peer = connect(router)
    if (session === undefined) greet(peer, 'ann')
    else peer.say('hello', { v: 1, contract: '0', client: clientId('ann'), session })
    await clock.settle()
    return peer
  }
  return { clock, reports, made, ended, router, hub, enter, open }
}

const sessionOf = (peer: Peer): string => peer.of('welcome')[0]![1].session
const values = (peer: Peer) => peer.of('y').map(([, id, seq, value]) => `${id}.${seq}=${value}`)
const rest = (peer: Peer) => peer.frames.filter(([tag]) => tag === 'y' || tag === 'ok' || tag === 'err')

test('values come as far as they were allowed, the result after them, and the place is free again', async () => {
  const { enter, clock, made, router } = setUp()
  const ann = await enter()
  ann.say('stream', 1, 'count', 0, 2, 3)
  await clock.settle()
  expect([values(ann), made]).toEqual([
    ['1.1=1', '1.2=2'],
    [1, 2],
  ])
  expect(router.inspect().running).toBe(1)
  ann.say('credit', 1, 2, 2)
  await clock.settle()
  expect(rest(ann).slice(2)).toEqual([
    ['y', 1, 3, 3],
    ['ok', 1, 'counted to 3'],
  ])
  expect(router.inspect().running).toBe(0)
})

test('a stream that the contract does not have is not found, and a handler that is missing is named', async () => {
  const { enter, hub, clock } = setUp()
  const ann = await enter()
  ann.say('stream', 1, 'nothing', 0, 2)
  await clock.settle()
  expect(ann.of('err')).toMatchObject([['err', 1, { code: 'NOT_FOUND' }]])
  const none = { count: undefined, feeds: { stuck: undefined, other: () => {} } }
  expect(() => createRouter(hub, none as never)).toThrow(
    expect.objectContaining({
      code: 'BAD_HANDLERS',
      message: expect.stringMatching(/missing: count, feeds\.stuck.*feeds\.other/),
    }),
  )
})

test('a stream asked for as a call is told what it is', async () => {
  const { enter, clock } = setUp()
  const ann = await enter()
  ann.say('call', 1, 'count', 0, 3)
  await clock.settle()
  expect(ann.of('err')).toMatchObject([
    ['err', 1, { code: 'BAD_REQUEST', message: expect.stringContaining('stream') }],
  ])
})

test('a POST for a stream is told that plain HTTP carries none', async () => {
  const { router, made } = setUp()
  const headers = { 'content-type': 'application/json' }
  const request = new Request('http://localhost/realtime/call/count', { method: 'POST', headers, body: '3' })
  const response = await insideOf(router).fetch(request, '/call/count')
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({
    error: { code: 'BAD_REQUEST', message: expect.stringContaining("'count' is a stream") },
  })
  expect(made).toEqual([])
})

test('one that is given up is answered at once, no value follows, and its generator ends', async () => {
  const { enter, clock, ended, router } = setUp()
  const ann = await enter()
  ann.say('stream', 1, 'count', 0, 2, 100)
  await clock.settle()
  ann.say('cancel', 1)
  ann.say('credit', 1, 2, 50)
  await clock.settle()
  expect(rest(ann).slice(2)).toMatchObject([['err', 1, { code: 'ABORTED' }]])
  expect(ended).toEqual(['aborted', 'finally'])
  expect(router.inspect().running).toBe(0)
})

test('more at once than allowed are refused, and those that were given up and do not stop are counted', async () => {
  const { enter, clock, reports, router } = setUp({ limits: { streams: 2 } })
  const ann = await enter()
  for (const id of [1, 2]) ann.say('stream', id, 'feeds.stuck', 0, 1)
  ann.say('stream', 3, 'count', 0, 9, 1)
  await clock.settle()
  expect(ann.of('err')).toMatchObject([['err', 3, { code: 'OVERLOADED' }]])
  for (const id of [1, 2]) ann.say('cancel', id)
  await clock.settle()
  ann.say('stream', 4, 'count', 0, 9, 1)
  await clock.advance(10_000)
  expect(ann.of('err').map(([, id, { code }]) => `${id} ${code}`)).toEqual([
    '3 OVERLOADED',
    '1 ABORTED',
    '2 ABORTED',
    '4 OVERLOADED',
  ])
  expect(reports.map(({ kind, path }) => `${kind} ${path}`)).toEqual([
    'stream-stuck feeds.stuck',
    'stream-stuck feeds.stuck',
  ])
  expect(router.inspect().running).toBe(2)
})

test('a place is taken until the values are there: nobody can leave them lying without end', async () => {
  const { enter, clock } = setUp({ limits: { streams: 1 } })
  const ann = await enter()
  ann.say('stream', 1, 'count', 0, 9, 2)
  await clock.settle()
  expect(ann.of('ok')).toHaveLength(1)
  ann.say('stream', 2, 'count', 0, 9, 2)
  await clock.settle()
  expect(ann.of('err')).toMatchObject([['err', 2, { code: 'OVERLOADED' }]])
  ann.say('credit', 1, 2, 0)
  ann.say('stream', 3, 'count', 0, 9, 2)
  await clock.settle()
  ann.say('ack', 3, [])
  ann.say('stream', 4, 'count', 0, 9, 2)
  await clock.settle()
  expect(ann.of('ok').map(([, id]) => id)).toEqual([1, 3, 4])
})

test('a session that comes back gets what is not there, and its generator goes on where it was', async () => {
  const { enter, clock, made } = setUp()
  const before = await enter()
  before.say('stream', 1, 'count', 0, 3, 5)
  await clock.settle()
  before.cut()
  const after = await enter(sessionOf(before))
  after.say('stream', 1, 'count', 1, 9, 5)
  await clock.settle()
  expect(values(after)).toEqual(['1.2=2', '1.3=3', '1.4=4', '1.5=5'])
  expect(made).toEqual([1, 2, 3, 4, 5])
  expect(after.of('ok')).toEqual([['ok', 1, 'counted to 5']])
})

test('over another connection nothing of a stream comes before the client has asked for it there', async () => {
  const { enter, clock } = setUp()
  const before = await enter()
  before.say('stream', 1, 'count', 0, 9, 3)
  const session = sessionOf(before)
  before.cut() // it has not begun yet
  const after = await enter(session)
  await clock.settle()
  expect(rest(after)).toEqual([])
  after.say('stream', 1, 'count', 0, 9, 3)
  await clock.settle()
  expect(rest(after).map(([tag, , seq]) => `${tag} ${seq}`)).toEqual(['y 1', 'y 2', 'y 3', 'ok counted to 3'])
})

test('a client that comes back before its link is known to be dead asks anew, and nothing comes before', async () => {
  const { enter, clock, open } = setUp()
  const before = await enter()
  before.say('stream', 1, 'feeds.stuck', 0, 2)
  await clock.settle()
  const after = await enter(sessionOf(before))
  expect(before.end).toMatchObject({ code: 4409 })
  open()
  await clock.settle()
  expect(rest(after)).toEqual([])
  after.say('stream', 1, 'feeds.stuck', 0, 2)
  await clock.settle()
  expect(rest(after)).toEqual([
    ['y', 1, 1, 1],
    ['ok', 1],
  ])
})

test('a stream that ended while its client was away is had whole, and again until it is acknowledged', async () => {
  const { enter, clock, made } = setUp()
  let peer = await enter()
  peer.say('stream', 1, 'count', 0, 9, 2)
  await clock.settle()
  for (let time = 0; time < 2; time++) {
    const session = sessionOf(peer)
    peer.cut()
    peer = await enter(session)
    peer.say('stream', 1, 'count', 0, 9, 2)
    await clock.settle()
    expect(rest(peer).map(([tag, , seq]) => `${tag} ${seq}`)).toEqual(['y 1', 'y 2', 'ok counted to 2'])
  }
  expect(made).toEqual([1, 2])
})

test('one that is acknowledged without being waited for is given up', async () => {
  const { enter, clock, ended } = setUp()
  const ann = await enter()
  ann.say('stream', 1, 'count', 0, 1, 9)
  await clock.settle()
  ann.say('ack', 1, [])
  await clock.settle()
  expect(ended).toEqual(['aborted', 'finally'])
})

test.each([
  ['acknowledges what was never sent', ['credit', 1, 3, 9]],
  ['begins in the middle', ['stream', 2, 'count', 5, 9, 9]],
] as [string, unknown[]][])('a client that %s has broken the protocol', async (_title, frame) => {
  const { enter, clock, ended } = setUp()
  const ann = await enter()
  ann.say('stream', 1, 'count', 0, 2, 9)
  await clock.settle()
  ann.say(...frame)
  await clock.settle()
  expect(ann.end).toMatchObject({ code: 4400 })
  expect(ended).toEqual(['aborted', 'finally'])
})

test('credit for a stream that is gone is a late frame', async () => {
  const { enter, clock } = setUp()
  const ann = await enter()
  ann.say('credit', 7, 3, 9)
  await clock.settle()
  expect(ann.end).toBeUndefined()
})

test('a client that goes for good, and one that does not come back, ends its streams', async () => {
  const { enter, clock, ended } = setUp()
  const ann = await enter()
  ann.say('stream', 1, 'count', 0, 1, 9)
  await clock.settle()
  ann.leave()
  await clock.settle()
  expect(ended).toEqual(['aborted', 'finally'])
  const bob = await enter()
  bob.say('stream', 1, 'count', 0, 1, 9)
  await clock.settle()
  bob.cut()
  await clock.advance(119_999)
  expect(ended).toHaveLength(2)
  await clock.advance(1)
  expect(ended).toHaveLength(4)
})

test('what a stream keeps while its client is away counts as the session does, and the heaviest wait shortest', async () => {
  const { enter, clock, ended } = setUp({ limits: { keptBytes: 5 } })
  const ann = await enter()
  ann.say('stream', 1, 'count', 0, 20, 100)
  ann.cut()
  await clock.settle()
  expect(ended).toEqual(['aborted', 'finally'])
})

test('what a handler says of the request with a code of ours comes after its values', async () => {
  const other = defineContract({ feed: stream({ yields: z.number() }) })
  const clock = virtualClock()
  const hub = createHubWith(other, { onReport: () => {} }, clock)
  const router = createRouter(hub, {
    feed: async function* () {
      yield 1
      throw new ParleyError('FORBIDDEN', 'not for you')
    },
  })
  const ann = connect(router)
  greet(ann, 'ann')
  await clock.settle()
  ann.say('stream', 1, 'feed', 0, 9)
  await clock.settle()
  expect(rest(ann)).toMatchObject([
    ['y', 1, 1, 1],
    ['err', 1, { code: 'FORBIDDEN', message: 'not for you' }],
  ])
})
