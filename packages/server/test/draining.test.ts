/** A server that goes: who is told to move and when, what still finishes, and what is left in the end. */
import { call, channel, defineContract } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createHubWith } from '../src/hub.js'
import { anyone, createRouter } from '../src/index.js'
import { insideOf } from '../src/router.js'
import { clientId, connect, type Peer } from './peer.js'

const contract = defineContract({
  news: channel({ events: { item: z.number() } }),
  work: call({ input: z.string(), output: z.string() }),
})

function setUp() {
  const clock = virtualClock()
  const ends: string[] = []
  const stopped: string[] = []
  const gates = new Map<string, () => void>()
  const hub = createHubWith(
    contract,
    { onReport: () => {}, onSession: () => (reason) => void ends.push(reason) },
    clock,
  )
  const router = createRouter(hub, {
    news: { join: anyone },
    work: async ({ input, signal }) => {
      signal.addEventListener('abort', () => stopped.push(input))
      await new Promise<void>((resolve) => gates.set(input, resolve))
      return `${input} is done`
    },
  })
  const enter = async (name: string, session?: string): Promise<Peer> => {
    const peer = connect(router)
    peer.say('hello', { v: 1, contract: '0', client: clientId(name), ...(session ? { session } : {}) })
    await clock.advance(0)
    return peer
  }
  const go = async (name: string): Promise<void> => {
    gates.get(name)!()
    await clock.advance(0)
  }
  const fetch = (path: string, init?: RequestInit): Promise<Response> =>
    insideOf(router).fetch(new Request(`http://localhost${path}`, init), path.replace(/\?.*/, ''))
  const post = (input: string): Promise<Response> =>
    fetch('/call/work', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(input),
    })
  return { clock, hub, router, ends, stopped, enter, go, fetch, post }
}

const secretOf = (peer: Peer): string => peer.of('welcome')[0]![1].session
const reasonOf = (peer: Peer): { code: string; delayMs: number } => JSON.parse(peer.end!.reason)

/** What a promise came to, once it has. */
function settled<T>(promise: Promise<T>): { value: T | undefined } {
  const found: { value: T | undefined } = { value: undefined }
  promise.then((value) => {
    found.value = value
  })
  return found
}

test('clients are told to move in batches, each of them once, each with a delay of its own until the next batch', async () => {
  const { clock, router, enter } = setUp()
  const peers: Peer[] = []
  for (let n = 0; n < 100; n += 1) peers.push(await enter(`peer${n}x`))
  void router.drain()
  const told = () => peers.flatMap((peer) => peer.of('move'))
  const counts: number[] = []
  for (let second = 0; second < 22; second += 2) {
    counts.push(told().length)
    await clock.advance(2_000)
  }
  expect(counts).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 100])
  for (const peer of peers) expect(peer.of('move')).toHaveLength(1)
  const delays = told().map(([, inMs]) => inMs as number)
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...delays)).toBeLessThan(2_000)
  expect(new Set(delays).size).toBeGreaterThan(80)
  expect(peers.filter(({ end }) => end)).toEqual([]) // nobody is closed while there is time
})

test('it is over as soon as all have gone', async () => {
  const { clock, router, enter } = setUp()
  const ann = await enter('ann')
  const bob = await enter('bob')
  const counts = settled(router.drain())
  await clock.advance(3_000)
  ann.leave()
  await clock.advance(1_000)
  expect(counts.value).toBeUndefined()
  bob.leave()
  await clock.advance(100)
  expect(counts.value).toEqual({ moved: 2, closed: 0, cut: 0 })
  expect(clock.pending()).toBe(0)
})

test('a server that nobody is connected to is gone at once', async () => {
  const { router } = setUp()
  expect(await router.drain()).toEqual({ moved: 0, closed: 0, cut: 0 })
})

test('what runs finishes where it runs, and its answer goes out', async () => {
  const { clock, router, enter, go, post } = setUp()
  const ann = await enter('ann')
  ann.say('call', 1, 'work', 0, 'a')
  const posted = post('b')
  await clock.advance(0)
  const counts = settled(router.drain())
  await clock.advance(2_000)
  ann.say('call', 2, 'work', 0, 'c') // until it has moved it is served as ever
  await clock.advance(2_000)
  await go('a')
  await go('b')
  await go('c')
  expect(ann.of('ok')).toEqual([
    ['ok', 1, 'a is done'],
    ['ok', 2, 'c is done'],
  ])
  expect(await (await posted).json()).toBe('b is done')
  ann.leave()
  await clock.advance(100)
  expect(counts.value).toMatchObject({ moved: 1, cut: 0 })
})

test('who is left in the end is told when to come back, and what still runs is told to stop', async () => {
  const { clock, router, ends, stopped, enter, post } = setUp()
  const idle = await enter('idle')
  const busy = await enter('busy')
  busy.say('call', 1, 'work', 600_000, 'a')
  const posted = post('b')
  await clock.advance(0)
  const counts = settled(router.drain({ within: 5_000 }))
  await clock.advance(4_000)
  expect([idle.end, busy.end]).toEqual([expect.anything(), undefined]) // each as soon as nothing runs for it
  await clock.advance(999)
  expect(counts.value).toBeUndefined()
  await clock.advance(1)
  expect(counts.value).toEqual({ moved: 0, closed: 2, cut: 2 })
  for (const peer of [idle, busy]) {
    expect(peer.end?.code).toBe(4100)
    expect(reasonOf(peer)).toMatchObject({ code: 'DRAINING', delayMs: expect.any(Number) })
    expect(reasonOf(peer)).toHaveProperty('taken', peer === busy ? 1 : 0)
    expect(reasonOf(peer).delayMs).toBeLessThanOrEqual(1_000)
  }
  expect(stopped).toEqual(['a', 'b'])
  expect(ends).toEqual(['DRAINING', 'DRAINING'])
  expect((await posted).status).toBe(499)
  expect(router.inspect()).toMatchObject({ connections: 0, sessions: 0, timers: 0, running: 0 })
})

test('nobody new is let in: not over a socket, a stream or a POST', async () => {
  const { clock, router, enter, fetch, post } = setUp()
  await enter('ann')
  void router.drain()
  expect(router.health()).toEqual({ status: 'closing' })
  for (const method of ['GET', 'HEAD']) expect((await fetch('/health', { method })).status).toBe(503)
  const bob = await enter('bob')
  expect(bob.end?.code).toBe(4100)
  expect(reasonOf(bob).delayMs).toBeLessThanOrEqual(5_000)
  for (const response of [await fetch('/events/news'), await post('a')]) {
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toMatch(/^[1-5]$/)
  }
  await clock.advance(0)
})

test('one whose `context` is still being asked as the server begins to go is not let in', async () => {
  const clock = virtualClock()
  let admit: (context: object) => void = () => {}
  const hub = createHubWith(
    contract,
    { onReport: () => {}, context: () => new Promise<object>((resolve) => (admit = resolve)) },
    clock,
  )
  const router = createRouter(hub, { news: { join: anyone }, work: async ({ input }) => input })
  const peer = connect(router)
  peer.say('hello', { v: 1, contract: '0', client: clientId('ann') })
  void router.drain()
  admit({})
  await clock.advance(0)
  expect(peer.end?.code).toBe(4100)
})

test('a client that comes back for its answers is let in, gets them, and is told to move again', async () => {
  const { clock, router, enter, go } = setUp()
  const before = await enter('ann')
  before.say('call', 1, 'work', 0, 'a')
  const counts = settled(router.drain())
  expect(before.of('move')).toHaveLength(1)
  before.cut()
  await clock.advance(1_000)
  expect(counts.value).toBeUndefined() // it runs, and somebody waits for it
  await go('a')
  await clock.advance(1_000)
  expect(counts.value).toBeUndefined() // nobody has the answer
  const after = await enter('ann', secretOf(before))
  after.say('call', 1, 'work', 0, 'a')
  expect(after.of('ok')).toEqual([['ok', 1, 'a is done']])
  await clock.advance(2_000)
  expect(after.of('move')).toHaveLength(1)
  after.say('ack', 1, [])
  after.leave()
  await clock.advance(100)
  expect(counts.value).toMatchObject({ cut: 0 })
})

test('a session without a connection that nothing is owed to holds nobody up', async () => {
  const { clock, router, enter } = setUp()
  const ann = await enter('ann')
  ann.cut()
  expect(router.inspect().sessions).toBe(1)
  const counts = settled(router.drain())
  await clock.advance(0)
  expect(counts.value).toEqual({ moved: 0, closed: 0, cut: 0 })
  expect(router.inspect().sessions).toBe(0)
})

test('event streams end in batches, and say how long to stay away', async () => {
  const { clock, router, fetch } = setUp()
  const texts: string[] = []
  for (let n = 0; n < 20; n += 1) {
    const response = await fetch('/events/news')
    response.text().then((text) => texts.push(text))
  }
  const counts = settled(router.drain())
  const ended: number[] = []
  while (counts.value === undefined) {
    ended.push(texts.length)
    await clock.advance(2_000)
  }
  expect(ended.slice(0, 4)).toEqual([0, 2, 4, 6].map((n) => expect.closeTo(n, -1)))
  expect(texts).toHaveLength(20)
  for (const text of texts) expect(text).toMatch(/\nretry:\d+\n\n$/)
  expect(new Set(texts.map((text) => /retry:(\d+)\n\n$/.exec(text)![1])).size).toBeGreaterThan(10)
})

test('a client in the same process has nowhere to go: it is told nothing, and held up for only while something runs', async () => {
  const { clock, router, go } = setUp()
  const closes: number[] = []
  const frames: unknown[][] = []
  const end = router.link({ context: undefined }).connect({
    opened: () => {},
    received: (data) => frames.push(JSON.parse(String(data))),
    closed: (code) => closes.push(code),
  })
  await clock.advance(0)
  end.send(JSON.stringify(['hello', { v: 1, contract: '0', client: clientId('job') }]))
  await clock.advance(0)
  end.send(JSON.stringify(['call', 1, 'work', 0, 'a']))
  await clock.advance(0)
  const counts = settled(router.drain())
  await clock.advance(5_000)
  expect(frames.map(([tag]) => tag)).toEqual(['welcome'])
  expect(counts.value).toBeUndefined()
  await go('a')
  await clock.advance(100)
  expect(counts.value).toEqual({ moved: 0, closed: 1, cut: 0 })
  expect(frames.at(-1)).toEqual(['ok', 1, 'a is done'])
  expect(closes).toEqual([4100])
})

test('asked again it can only be over sooner', async () => {
  const { clock, router, enter } = setUp()
  await enter('ann')
  const first = settled(router.drain({ within: 20_000 }))
  await clock.advance(1_000)
  void router.drain({ within: 60_000 })
  const last = settled(router.drain({ within: 3_000 }))
  await clock.advance(2_200)
  expect(first.value).toBeUndefined()
  await clock.advance(200)
  expect(first.value).toEqual({ moved: 0, closed: 1, cut: 0 })
  expect(last.value).toEqual(first.value)
})

test('a time that is none is refused', async () => {
  const { router } = setUp()
  await expect(router.drain({ within: -1 })).rejects.toMatchObject({ code: 'BAD_OPTIONS' })
  expect(router.health()).toEqual({ status: 'ok' })
})
