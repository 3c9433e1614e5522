/** Faults of tRPC's subscriptions and of its reconnecting client, as promises that are kept here. */
import { expect, test } from 'vitest'
import { numbers, outcome, reader, transports, world } from './world.js'

// trpc, `params.lastEventId = result.id`: one untracked value after a tracked one, and the cursor was gone
test.each(transports)('an event without a position never wipes the position, over %s', async (transport) => {
  const all = world()
  const { seen, live, leave } = reader(all, transport)
  await live()
  await all.emit(1, 2)
  await all.hub.channel.ticks.emit('hint', 'psst')
  await all.clock.advance(0)
  const back = await leave()
  await all.emit(3, 4)
  back()
  await live()
  expect(seen).toEqual([1, 2, 3, 4])
})

// trpc, `inputWithTrackedEventId`: the cursor was dropped where the input was no object
test('a topic of params resumes as one without them does, each from its own position', async () => {
  const { clock, hub, connect } = world()
  const { client, link } = connect()
  const seen: string[] = []
  for (const id of ['a', 'b']) client.room({ id }).on('said', ({ text }) => seen.push(text))
  const isLive = () => ['a', 'b'].every((id) => client.room({ id }).status.getSnapshot().status === 'live')
  await clock.runUntil(isLive)
  await hub.channel.room({ id: 'a' }).emit('said', { text: 'a1' })
  await clock.advance(0)
  link.refuse(true)
  link.cut()
  await clock.advance(0)
  await hub.channel.room({ id: 'b' }).emit('said', { text: 'b1' })
  await hub.channel.room({ id: 'a' }).emit('said', { text: 'a2' })
  link.refuse(false)
  await clock.runUntil(isLive)
  expect(seen.sort()).toEqual(['a1', 'a2', 'b1'])
})

// trpc #2776, #5118, #5748: subscriptions were not made again after a reconnection, three times
test('each topic that is read is joined again after each cut, once, wherever in the opening it comes', async () => {
  const { clock, connect, router, emit, hub } = world({ delayMs: 20 })
  const { client, link } = connect()
  const ticks: number[] = []
  const said: string[] = []
  client.ticks.on('tick', ({ n }) => ticks.push(n))
  client.room({ id: 'a' }).on('said', ({ text }) => said.push(text))
  const isLive = () =>
    [client.ticks, client.room({ id: 'a' })].every(({ status }) => status.getSnapshot().status === 'live')
  await clock.runUntil(isLive)
  for (let cut = 1; cut <= 60; cut++) {
    link.cut()
    // the next cut comes while it is away, connects, says hello, joins, catches up, or is live
    await clock.advance(cut * 25)
    if (cut % 3 > 0) continue
    await emit(cut)
    await hub.channel.room({ id: 'a' }).emit('said', { text: `${cut}` })
    await clock.runUntil(isLive, 120_000)
    await clock.advance(1_000)
    expect(router.inspect()).toMatchObject({ sessions: 1, readers: 2 })
  }
  expect(ticks).toEqual(numbers(1, 20).map((n) => 3 * n))
  expect(said).toEqual(ticks.map(String))
})

// trpc 11.18: asked to reconnect with the old socket half open, it sent one mutation over both
test('a call whose socket is left for another one while it runs is run once, though the old socket never says that it closed', async () => {
  let release = (): void => {}
  const { clock, connect, ran } = world({
    working: () =>
      new Promise((resolve) => {
        release = resolve
      }),
  })
  const { client, link } = connect()
  client.connection.open()
  await clock.advance(0)
  const paid = outcome(client.pay({ n: 1 }))
  await clock.advance(0)
  link.halfOpen()
  client.connection.reconnect()
  await clock.advance(1_000)
  expect(client.connection.getSnapshot().status).toBe('open')
  link.cut() // only now does the old socket hear of it; and the new one is cut, too
  await clock.advance(5_000)
  release()
  await clock.advance(60_000)
  expect(ran).toEqual([1])
  expect(await paid).toEqual({ n: 1 })
})

// trpc #6562: the keep-alive closed the half-open socket and waited for the answer, so that subscriptions stood still for 31 s
test('a half-open socket is replaced at once where silence shows it, without waiting for its close', async () => {
  const { clock, connect, emit } = world()
  const { client, link } = connect()
  const seen: number[] = []
  client.ticks.on('tick', ({ n }) => seen.push(n))
  await clock.runUntil(() => client.ticks.status.getSnapshot().status === 'live')
  link.halfOpen()
  await emit(1)
  await clock.advance(25_000 + 10_000)
  expect(client.connection.getSnapshot().status).toBe('reconnecting')
  await clock.advance(250)
  expect(client.connection.getSnapshot().status).toBe('open')
  expect(seen).toEqual([1])
})

// trpc #6046, #6047: the browser's own reconnection used the headers of the first request
test('each attempt of a stream shows the credentials of today', async () => {
  const shown: string[] = []
  const all = world({ context: (token) => void shown.push(token) })
  let version = 0
  const { live, leave } = reader(all, 'sse', () => `ann:${++version}`)
  await live()
  for (let cut = 0; cut < 3; cut++) {
    const back = await leave()
    back()
    await live()
  }
  expect(shown).toEqual(['ann:1', 'ann:2', 'ann:3', 'ann:4'])
})

// trpc, `attempt == 0 ? 0 : ...`: after a restart every client came back in the same instant
test.each(transports)(
  'clients that are cut in one instant do not come back in one, and none at once, over %s',
  async (transport) => {
    const all = world()
    const everyone = numbers(1, 60).map((n) => reader(all, transport, () => `client${n}`))
    for (const one of everyone) await one.live()
    const backAt: number[] = []
    const cutAt = all.clock.now()
    for (const { ticks } of everyone) {
      ticks.status.subscribe(() => {
        if (ticks.status.getSnapshot().status === 'live') backAt.push(all.clock.now() - cutAt)
      })
    }
    for (const { cut } of everyone) cut()
    await all.clock.runUntil(() => backAt.length === 60, 120_000)
    expect(Math.min(...backAt)).toBeGreaterThanOrEqual(500)
    const tenths = new Map<number, number>()
    for (const at of backAt) tenths.set(Math.floor(at / 100), (tenths.get(Math.floor(at / 100)) ?? 0) + 1)
    expect(tenths.size).toBeGreaterThan(7)
    expect(Math.max(...tenths.values())).toBeLessThan(20)
  },
)

// trpc: a non-200 answer of a proxy ended an EventSource, and with it the subscription, for good
test.each([502, 503, 504])(
  'a proxy that answers %i while the server restarts is not the end of a stream',
  async (status) => {
    const all = world()
    const { wire, subscriber } = all.subscribe()
    const seen: number[] = []
    subscriber.on('tick', ({ n }) => seen.push(n))
    const isLive = () => subscriber.status.getSnapshot().status === 'live'
    await all.clock.runUntil(isLive)
    wire.cut()
    wire.answer = () =>
      new Response('<h1>Bad gateway</h1>', { status, headers: { 'content-type': 'text/html' } })
    await all.emit(1, 3)
    await all.clock.advance(60_000)
    expect(subscriber.status.getSnapshot().status).toBe('joining')
    wire.answer = undefined
    await all.clock.runUntil(isLive, 60_000)
    expect(seen).toEqual([1, 2, 3])
  },
)
