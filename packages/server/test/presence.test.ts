/** What goes over the wire about who is present, held to the frames that PROTOCOL.md lays down. */
import { channel, defineContract } from '@parley/shared'
import type { Limits } from '@parley/shared/internal'
import { type VirtualClock, virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createHubWith } from '../src/hub.js'
import { anyone, createRouter } from '../src/index.js'
import { insideOf } from '../src/router.js'
import { clientId, connect, greet, type Peer } from './peer.js'

const contract = defineContract({
  room: channel({ events: { message: z.string() }, presence: z.object({ mood: z.string() }) }),
  plain: channel({ events: { message: z.string() } }),
})

function setUp(limits: Partial<Limits> = {}) {
  const clock = virtualClock()
  const gates: (() => void)[] = []
  const asked: unknown[] = []
  const hub = createHubWith(
    contract,
    { auth: z.string(), context: ({ auth }) => auth, identify: (name) => name, limits, onReport: () => {} },
    clock,
  )
  const router = createRouter(hub, {
    room: {
      join: anyone,
      presence: async ({ wanted }) => {
        asked.push(wanted?.mood)
        if (wanted?.mood === 'slow') await new Promise<void>((resolve) => gates.push(resolve))
        return { mood: wanted?.mood ?? 'none' }
      },
    },
    plain: { join: anyone },
  })
  const enter = async (name: string, wanted: object | null = { mood: 'good' }): Promise<Peer> => {
    const peer = connect(router)
    greet(peer, name, name)
    await clock.advance(0)
    peer.say('sub', 1, 'room', null, null)
    if (wanted) peer.say('presence', 1, wanted)
    await clock.advance(0)
    return peer
  }
  return { clock, hub, router, enter, gates, asked }
}

/** What a frame says, without the names and times that chance gave. */
const said = ([, , change, more, entries, states]: unknown[]) => [
  change,
  more,
  (entries as string[][]).map(([member]) => member),
  states,
]

test('who says what it wants is answered, told of everybody, and then of each change', async () => {
  const { enter, clock } = setUp()
  const ann = await enter('ann')
  expect(ann.frames.slice(1).map(([tag]) => tag)).toEqual(['joined', 'live', 'members', 'ok'])
  const ben = await enter('ben')
  ben.say('presence', 1, { mood: 'bad' })
  await clock.advance(0)
  ben.say('unsub', 1)
  expect(ann.of('members').map(said)).toEqual([
    ['all', 0, ['ann'], [{ mood: 'good' }]],
    ['joined', 0, ['ben'], [{ mood: 'good' }]],
    ['updated', 0, ['ben'], [{ mood: 'bad' }]],
    ['left', 0, ['ben'], undefined],
  ])
  expect(said(ben.of('members')[0]!)).toEqual([
    'all',
    0,
    ['ann', 'ben'],
    [{ mood: 'good' }, { mood: 'good' }],
  ])
})

test('the same frames go to everybody on the topic', async () => {
  const { enter } = setUp()
  const [ann, ben] = [await enter('ann'), await enter('ben')]
  await enter('cid')
  expect(ann.of('members').at(-1)).toEqual(ben.of('members').at(-1))
})

test('a subscription that says nothing of presence is neither shown nor told', async () => {
  const { enter, router } = setUp()
  const ann = await enter('ann')
  const quiet = await enter('quiet', null)
  await enter('ben')
  expect(quiet.frames.map(([tag]) => tag)).toEqual(['welcome', 'joined', 'live'])
  expect(ann.of('members').length).toBe(2)
  expect(router.inspect()).toMatchObject({ present: 2, readers: 3 })
})

test('one that leaves the list is told no more, and may come again as somebody new', async () => {
  const { enter, clock } = setUp()
  const [ann, ben] = [await enter('ann'), await enter('ben')]
  const before = ann.of('members').at(-1)![4][0][1]
  ben.say('presence', 1)
  await clock.advance(0)
  expect(ben.of('ok').length).toBe(2)
  ann.say('presence', 1, { mood: 'bad' })
  await clock.advance(0)
  expect(ben.of('members').length).toBe(1)
  ben.say('presence', 1, { mood: 'good' })
  await clock.advance(0)
  expect(ben.of('members').map((frame) => frame[2])).toEqual(['all', 'all'])
  expect(ann.of('members').map((frame) => frame[2])).toEqual(['all', 'joined', 'left', 'updated', 'joined'])
  expect(ann.of('members').at(-1)![4][0][1]).not.toBe(before)
})

test('what is said while the handler is asked is asked about once, and each is answered, in order', async () => {
  const { enter, clock, gates, asked } = setUp()
  const ann = await enter('ann', { mood: 'slow' })
  for (const mood of ['one', 'two', 'three']) ann.say('presence', 1, { mood })
  expect(ann.of('ok')).toEqual([])
  gates[0]!()
  await clock.advance(0)
  expect(asked).toEqual(['slow', 'three'])
  expect(ann.of('ok')).toEqual([
    ['ok', 1],
    ['ok', 1],
    ['ok', 1],
    ['ok', 1],
  ])
  expect(ann.of('members').map(said)).toEqual([
    ['all', 0, ['ann'], [{ mood: 'slow' }]],
    ['updated', 0, ['ann'], [{ mood: 'three' }]],
  ])
})

test('who leaves while the handler is asked has left, though its credentials are fresh by then', async () => {
  const { enter, clock, gates, router } = setUp()
  const ann = await enter('ann', { mood: 'slow' })
  ann.say('presence', 1)
  ann.say('auth', 7, 'ann')
  await clock.advance(0)
  gates[0]!()
  await clock.advance(0)
  expect(ann.of('ok')).toEqual([
    ['ok', 7],
    ['ok', 1],
    ['ok', 1],
  ])
  expect(router.inspect().present).toBe(0)
})

test('an answer of the handler that comes when its client is gone brings nobody in', async () => {
  const { enter, clock, gates, router } = setUp()
  const ann = await enter('ann', { mood: 'slow' })
  ann.cut()
  gates[0]!()
  await clock.advance(0)
  expect(router.inspect().present).toBe(0)
  expect(clock.pending()).toBeGreaterThan(0) // the session, which waits for its client
})

test('a page that is closed has left at once, and its session is kept for it to come back', async () => {
  const { enter, clock, router } = setUp()
  const ann = await enter('ann')
  const ben = await enter('ben')
  const [, { session }] = ben.of('welcome')[0]!
  ben.goAway()
  expect(ann.of('members').map(said).at(-1)).toEqual(['left', 0, ['ben'], undefined])
  expect(router.inspect()).toMatchObject({ present: 1, sessions: 2 })
  const back = connect(router)
  back.say('hello', { v: 1, contract: '0000000000000000', client: clientId('ben'), session }, 'ben')
  await clock.advance(0)
  back.say('sub', 1, 'room', null, null)
  back.say('presence', 1, { mood: 'good' })
  await clock.advance(0)
  expect(back.of('welcome')[0]?.[1]).toMatchObject({ resumed: true })
  expect(ann.of('members').map(said).at(-1)).toEqual(['joined', 0, ['ben'], [{ mood: 'good' }]])
})

test('presence on a channel that has none is an error, and on a subscription that is gone nothing', async () => {
  const { enter, clock } = setUp()
  const ann = await enter('ann')
  ann.say('sub', 2, 'plain', null, null)
  await clock.advance(0)
  ann.say('presence', 2, { mood: 'good' })
  ann.say('presence', 9, { mood: 'good' })
  await clock.advance(0)
  expect(ann.of('err')).toEqual([['err', 2, { code: 'NOT_FOUND', message: "'plain' has no presence" }]])
  expect(ann.end).toBeUndefined()
})

test('a wanted state of any shape harms nobody', async () => {
  const { enter, clock, router } = setUp()
  const ann = await enter('ann')
  ann.raw('["presence",1,{"mood":{"__proto__":{"x":1}}}]')
  ann.raw('["presence",1,null,{"values":{"a.b":["Date"]}}]')
  ann.raw('["presence",1,[1,2],{"values":["nothing"]}]')
  ann.say('presence', 1, 7)
  ann.say('presence', 1, { mood: 'x'.repeat(5_000) })
  await clock.advance(0)
  expect(ann.end).toBeUndefined()
  expect(ann.of('err').every(([, id, { code }]) => id === 1 && /VALIDATION|TOO_LARGE/.test(code))).toBe(true)
  expect(ann.of('err').length).toBe(5)
  expect(router.inspect().present).toBe(1)
})

/** One who is there, over a socket that takes nothing until it is told to. */
async function slowPeer(router: object, clock: VirtualClock, capacity: number) {
  const frames: unknown[][] = []
  let queued = 0
  let most = 0
  const connection = insideOf(router).accept(
    {
      send(data) {
        queued += String(data).length
        most = Math.max(most, queued)
        frames.push(JSON.parse(String(data)))
        return true
      },
      close() {},
      buffered: () => queued,
      capacity,
    },
    new Request('http://localhost/realtime'),
  )
  const drain = (): void => {
    queued = 0
    connection.drained()
  }
  const say = (...frame: unknown[]): void => connection.received(JSON.stringify(frame))
  say('hello', { v: 1, contract: '0', client: clientId('slow') }, 'slow')
  await clock.advance(0)
  say('sub', 1, 'room', null, null)
  say('presence', 1, { mood: 'good' })
  await clock.advance(0)
  return { drain, most: () => most, members: () => frames.filter(([tag]) => tag === 'members') }
}

test('ten thousand members come in pages, within what the connection may queue, to one that is slow', async () => {
  const { clock, router } = setUp()
  const { presences } = insideOf(router).core
  const topic = insideOf(router).core.topics.finder.find(contract.channels.get('room')!, undefined)
  for (let i = 0; i < 10_000; i++) {
    const state = { json: '{"mood":"good"}' }
    presences.enter(topic.key, { client: `c${i}`, by: 1_000_000 + i, member: `m${i}`, state })
  }
  const slow = await slowPeer(router, clock, 262_144)
  for (let i = 0; i < 100 && slow.members().at(-1)?.[3] !== 0; i++) {
    slow.drain()
    await clock.advance(50)
  }
  const pages = slow.members()
  expect(pages.length).toBeGreaterThan(5)
  expect(slow.most()).toBeLessThan(262_144)
  expect(new Set(pages.flatMap((page) => (page[4] as string[][]).map(([member]) => member))).size).toBe(
    10_001,
  )
})

test('one that does not take its bytes is told nothing more, and once it does, everything anew', async () => {
  const { clock, router, enter } = setUp()
  const slow = await slowPeer(router, clock, 4_096)
  const ann = await enter('ann')
  for (let i = 0; i < 200; i++) {
    ann.say('presence', 1, { mood: `mood ${i}` })
    await clock.advance(0)
  }
  expect(slow.most()).toBeLessThan(5_000)
  const before = slow.members().length
  slow.drain()
  await clock.advance(50)
  expect(slow.members().slice(before).map(said)).toEqual([
    ['all', 1, [], []],
    ['all', 0, ['slow', 'ann'], [{ mood: 'good' }, { mood: 'mood 199' }]],
  ])
})
