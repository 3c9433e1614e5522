/**
 * Where a mature client still breaks: credentials that are refreshed, while connections come and go, while what was
 * missed is recovered. Faults of Centrifugo and centrifuge-js, and of ably-dotnet, as promises that are kept here.
 */
import { ParleyError } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { numbers, reader, transports, world } from './world.js'

// centrifuge-js #399, ably-dotnet #463: a token that expired during recovery ended the subscription for good
test.each(transports)(
  'credentials that end while the past is being recovered cost a reconnection and no event, over %s',
  async (transport) => {
    let asked = 0
    const all = world({
      delayMs: transport === 'websocket' ? 20 : 0,
      // the first token lasts, those of the next three connections are as good as over when they are shown
      context: (_, expiresInMs) => expiresInMs(++asked === 1 || asked > 4 ? 3_600_000 : 5),
    })
    const { ticks, seen, live, leave, attempts } = reader(all, transport)
    await live()
    const back = await leave()
    const before = attempts()
    await all.emit(1, 900)
    back()
    await all.clock.runUntil(() => seen.length >= 900, 120_000)
    await live()
    await all.emit(901)
    await all.clock.advance(60_000)
    expect(seen).toEqual(numbers(1, 901))
    expect(ticks.status.getSnapshot().status).toBe('live')
    // without a delay on the way, fresh ones are there in time even then
    expect(attempts() - before).toBeGreaterThan(transport === 'fallback' ? 0 : 1)
  },
)

// centrifuge-js #265, #306: tokens were fetched twice, and the race ended in "already subscribed"
test('credentials are asked for once for each connection and once for each refresh, however slow they are', async () => {
  const clock = virtualClock()
  let asked = 0
  let isOut = 0
  let most = 0
  const all = world({
    clock,
    context: (_, expiresInMs) => expiresInMs(60_000),
    auth: async () => {
      asked++
      most = Math.max(most, ++isOut)
      await new Promise<void>((resolve) => void clock.after(2_000, resolve))
      isOut--
      return 'ann'
    },
  })
  const { client, link, told } = all.connect()
  const seen: number[] = []
  client.ticks.on('tick', ({ n }) => seen.push(n))
  const isLive = () => client.ticks.status.getSnapshot().status === 'live'
  await clock.runUntil(isLive)
  expect(asked).toBe(1)
  await clock.advance(48_000 + 1_000) // the refresh is under way
  expect(asked).toBe(2)
  link.cut() // and comes to nothing
  await clock.runUntil(() => client.connection.getSnapshot().status === 'reconnecting')
  await clock.runUntil(isLive)
  expect(asked).toBe(3)
  expect(most).toBeLessThanOrEqual(2)
  await all.emit(1)
  await clock.advance(0)
  expect(seen).toEqual([1])
  expect([...all.reports, ...told]).toEqual([])
  expect(all.router.inspect()).toMatchObject({ sessions: 1, readers: 1 })
})

// centrifuge-js #403: a token that was given as a constant was dropped when it was invalidated
test('credentials that never change are shown at each connection and each refresh', async () => {
  const shown: string[] = []
  const all = world({
    context: (token, expiresInMs) => {
      shown.push(token)
      expiresInMs(10_000)
    },
  })
  const { client, link } = all.connect()
  client.connection.open()
  await all.clock.advance(25_000)
  link.cut()
  await all.clock.advance(25_000)
  expect(new Set(shown)).toEqual(new Set(['ann']))
  expect(shown.length).toBeGreaterThanOrEqual(6)
  expect(client.connection.getSnapshot().status).toBe('open')
})

// centrifuge-js #385: a subscription kept a position that the server no longer knew
test.each(transports)(
  'a position of a lost epoch is left behind with its gap, also while credentials are refreshed, over %s',
  async (transport) => {
    const all = world({ context: (_, expiresInMs) => expiresInMs(20_000) })
    const { seen, live, leave } = reader(all, transport)
    await live()
    await all.emit(1, 4)
    await all.clock.advance(16_000) // at the refresh
    const back = await leave()
    all.newEpoch(2)
    await all.emit(5)
    back()
    await live()
    for (let cut = 0; cut < 3; cut++) {
      const again = await leave()
      await all.emit(6 + cut)
      again()
      await live()
    }
    expect(seen).toEqual([1, 2, 3, 4, 'reset', 5, 6, 7, 8])
  },
)

// centrifuge-js #83, #46: what was unsubscribed subscribed again on reconnection; what subscribed again did not
test('a topic that is left and taken up again around a cut is joined exactly when somebody reads it', async () => {
  const { clock, hub, connect, router } = world()
  const { client, link } = connect()
  const room = client.room({ id: 'a' })
  const seen: string[] = []
  client.ticks.on('tick', () => {})
  const stop = room.on('said', ({ text }) => seen.push(text))
  await clock.runUntil(() => room.status.getSnapshot().status === 'live')
  link.refuse(true)
  link.cut()
  await clock.advance(0)
  stop()
  await clock.advance(2_000) // longer than it lingers
  link.refuse(false)
  await clock.runUntil(() => client.ticks.status.getSnapshot().status === 'live')
  expect(router.inspect().readers).toBe(1)
  room.on('said', ({ text }) => seen.push(text))
  await clock.runUntil(() => room.status.getSnapshot().status === 'live')
  link.cut()
  await clock.advance(0)
  await hub.channel.room({ id: 'a' }).emit('said', { text: 'again' })
  await clock.runUntil(() => seen.length > 0)
  expect(seen).toEqual(['again'])
  expect(router.inspect().readers).toBe(2)
})

// centrifugo #543: channels that a refreshed token no longer named were kept
test('a topic that fresh credentials no longer allow is refused in place, and the others go on', async () => {
  let version = 0
  const all = world({
    auth: () => `ann:${++version}`,
    context: (_, expiresInMs) => expiresInMs(60_000),
    join: ({ id, token }) => id !== 'staff' || token === 'ann:1',
  })
  const { client } = all.connect()
  const seen: string[] = []
  for (const id of ['staff', 'all']) client.room({ id }).on('said', ({ text }) => seen.push(`${id}: ${text}`))
  await all.clock.advance(0)
  expect(client.room({ id: 'staff' }).status.getSnapshot()).toEqual({ status: 'live' })
  await all.clock.advance(48_000)
  for (const id of ['staff', 'all']) await all.hub.channel.room({ id }).emit('said', { text: 'hi' })
  await all.clock.advance(120_000)
  expect(client.room({ id: 'staff' }).status.getSnapshot()).toEqual({ status: 'refused', code: 'FORBIDDEN' })
  expect(client.room({ id: 'all' }).status.getSnapshot()).toEqual({ status: 'live' })
  expect(seen).toEqual(['all: hi'])
  expect(client.connection.getSnapshot().status).toBe('open')
})

// centrifuge-js, `UnauthorizedError`; twentyhq #17723: a client looped for ever on a token that was over
test.each(transports)(
  'credentials that the server does not take end it with their code, and no loop, over %s',
  async (transport) => {
    let isGood = true
    const all = world({
      context: () => {
        if (!isGood) throw new ParleyError('UNAUTHENTICATED', 'no longer')
      },
    })
    const { ticks, live, leave, attempts } = reader(all, transport)
    await live()
    isGood = false
    const back = await leave()
    back()
    const loop = ticks.events().next()
    const ended = loop.catch((error: unknown) => (error as ParleyError).code)
    await all.clock.advance(60_000)
    const before = attempts()
    await all.clock.advance(3_600_000)
    expect(attempts()).toBe(before)
    expect(await ended).toBe('UNAUTHENTICATED')
  },
)

/** What may come in between, in any order. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 12_000 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ type: 'cut' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('away' as const), ms: fc.integer({ min: 0, max: 20_000 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'reconnect' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('sleep' as const), ms: fc.integer({ min: 0, max: 60_000 }) }),
  },
  { weight: 3, arbitrary: fc.constant({ type: 'emit' as const }) },
  // how the next token comes
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('token' as const),
      how: fc.constantFrom('at once', 'slow', 'never', 'fails', 'refused', 'short'),
    }),
  },
)

// centrifuge-js, all of the above: refresh, reconnection and recovery met in an order that nobody had thought of
test.each(transports)(
  'whatever comes in whatever order while credentials are refreshed, each event arrives once, over %s',
  async (transport) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        let next = 'at once'
        let n = 0
        const all = world({
          replay: { last: 1_000, for: '60m' },
          context: (token, expiresInMs) => {
            if (token.endsWith('refused')) throw new ParleyError('OVERLOADED', 'not this one')
            expiresInMs(token.endsWith('short') ? 50 : 10_000)
          },
        })
        const { clock } = all
        const auth = async (): Promise<string> => {
          const how = next
          next = 'at once'
          if (how === 'slow') await new Promise<void>((resolve) => void clock.after(7_000, resolve))
          if (how === 'never') await new Promise(() => {})
          if (how === 'fails') throw new Error('the token server is down')
          return `ann:${how}`
        }
        const { ticks, seen, live, leave, cut, reconnect } = reader(all, transport, auth)
        await live()
        for (const one of steps) {
          if (one.type === 'wait') await clock.advance(one.ms)
          if (one.type === 'cut') cut()
          if (one.type === 'reconnect') reconnect()
          if (one.type === 'sleep') clock.jump(one.ms)
          if (one.type === 'emit') await all.emit(++n)
          if (one.type === 'token') next = one.how
          if (one.type === 'away') {
            const back = await leave()
            await clock.advance(one.ms)
            back()
          }
        }
        next = 'at once'
        await clock.advance(70_000)
        await live()
        await all.emit(++n)
        await clock.runUntil(() => seen.length >= n)
        expect(seen).toEqual(numbers(1, n))
        expect(ticks.status.getSnapshot()).toEqual({ status: 'live' })
        expect(all.router.inspect()).toMatchObject({ readers: 1, sessions: transport === 'sse' ? 0 : 1 })
      }),
      { numRuns: 80 },
    )
  },
)
