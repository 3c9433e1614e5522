/** The client and the router, joined over a link that breaks, in virtual time: both ends are the real ones. */
import { createClient } from '@parley/client'
import { anyone, createRouter } from '@parley/server'
import { createHubWith, openMemoryLog } from '@parley/server/internal'
import { call, channel, defineContract, ParleyError, volatile } from '@parley/shared'
import { breakableLink, virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'

const contract = defineContract({
  ticks: channel({ events: { tick: z.object({ n: z.number() }) }, replay: { last: 50 } }),
  state: channel({ events: { mode: z.string(), level: z.number() }, replay: 'latest' }),
  room: channel({
    params: z.object({ id: z.string() }),
    events: { message: z.object({ text: z.string(), at: z.date() }), typing: volatile(z.string()) },
    messages: {
      say: call({ input: z.object({ text: z.string() }), output: z.object({ at: z.date() }) }),
      typing: volatile(z.string()),
    },
  }),
  secret: channel({ events: { tick: z.number() } }),
  rooms: {
    create: call({
      input: z.object({ name: z.string().min(2) }),
      output: z.object({ id: z.string() }),
      errors: { NAME_TAKEN: z.object({ suggestion: z.string() }) },
    }),
    list: call({ output: z.array(z.string()), idempotent: true }),
    never: call({ output: z.string() }),
  },
})

function world({ delayMs = 0, seed = 1 } = {}) {
  const clock = virtualClock({ seed })
  const { log, newEpoch } = openMemoryLog({ clock })
  const ran: string[] = []
  const hub = createHubWith(contract, { log, onReport: () => {} }, clock)
  const router = createRouter(hub, {
    ticks: { join: anyone },
    state: { join: anyone },
    secret: { join: () => false },
    room: {
      join: anyone,
      messages: {
        say: async ({ input, emit }) => {
          const at = new Date(clock.now())
          ran.push(input.text)
          await emit('message', { text: input.text, at })
          return { at }
        },
        typing: ({ input, others }) => others.emit('typing', input),
      },
    },
    rooms: {
      create: ({ input, errors }) => {
        if (input.name === 'taken') throw errors.NAME_TAKEN({ suggestion: 'taken2' })
        return { id: `id-${input.name}` }
      },
      list: () => {
        ran.push('list')
        return ['a']
      },
      never: () => new Promise<string>(() => {}),
    },
  })
  const connect = () => {
    const link = breakableLink(router.link({ context: undefined }), clock, { delayMs })
    const client = createClient(contract, { transport: link, clock, onReport: () => {} })
    return { link, client }
  }
  return { clock, hub, router, ran, newEpoch, connect, ...connect() }
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'done',
    (error) => (error instanceof ParleyError ? error.code : error),
  )

test('events emitted before, during and after a cut arrive once and in order', async () => {
  const { clock, hub, link, client } = world({ delayMs: 20 })
  const seen: number[] = []
  client.ticks.on('tick', ({ n }) => seen.push(n))
  await clock.runUntil(() => client.ticks.status.getSnapshot().status === 'live')
  for (let n = 1; n <= 40; n += 1) {
    void hub.channel.ticks.emit('tick', { n })
    if (n % 10 === 0) link.cut()
    await clock.advance(100)
  }
  await clock.runUntil(() => seen.length >= 40)
  expect(seen).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
})

test('two readers of one topic that start at different places get each their own, over one subscription', async () => {
  const { clock, hub, router, client } = world()
  for (let n = 1; n <= 10; n += 1) await hub.channel.ticks.emit('tick', { n })
  const now: number[] = []
  const back: [number, boolean][] = []
  client.ticks.on('tick', ({ n }) => now.push(n))
  await clock.runUntil(() => client.ticks.status.getSnapshot().status === 'live')
  client.ticks.on('tick', ({ n }, { replayed }) => back.push([n, replayed]), { from: { last: 3 } })
  void hub.channel.ticks.emit('tick', { n: 11 })
  await clock.runUntil(() => back.length >= 4)
  expect(now).toEqual([11])
  expect(back).toEqual([
    [8, true],
    [9, true],
    [10, true],
    [11, false],
  ])
  expect(router.inspect().readers).toBe(1)
})

test('a position from one client is a place to start for another', async () => {
  const { clock, hub, client, connect } = world()
  const positions: string[] = []
  client.ticks.on('tick', (_, { position }) => positions.push(position!))
  await clock.runUntil(() => client.ticks.status.getSnapshot().status === 'live')
  for (let n = 1; n <= 5; n += 1) await hub.channel.ticks.emit('tick', { n })
  await clock.runUntil(() => positions.length === 5)
  const other = connect().client
  const seen: number[] = []
  other.ticks.on('tick', ({ n }) => seen.push(n), { from: positions[1]! })
  await clock.runUntil(() => seen.length >= 3)
  expect(seen).toEqual([3, 4, 5])
})

test('what fell out of the window while away is a gap in its place, and the rest follows', async () => {
  const { clock, hub, link, client } = world()
  const got: unknown[] = []
  client.ticks.on('tick', ({ n }) => got.push(n))
  client.ticks.onGap(({ reason }) => got.push(reason))
  await clock.runUntil(() => client.ticks.status.getSnapshot().status === 'live')
  await hub.channel.ticks.emit('tick', { n: 1 })
  await clock.advance(0)
  link.refuse(true)
  link.cut()
  await clock.advance(0)
  for (let n = 2; n <= 100; n += 1) await hub.channel.ticks.emit('tick', { n })
  link.refuse(false)
  await clock.runUntil(() => got.length >= 52)
  expect(got).toEqual([1, 'trimmed', ...Array.from({ length: 50 }, (_, index) => 51 + index)])
})

test('on a channel that keeps the newest only, every reader begins with what is kept', async () => {
  const { clock, hub, client } = world()
  await hub.channel.state.emit('mode', 'day')
  await hub.channel.state.emit('mode', 'night')
  await hub.channel.state.emit('level', 3)
  const first: unknown[] = []
  client.state.on('mode', (mode) => first.push(mode))
  await clock.runUntil(() => first.length > 0)
  const late: unknown[] = []
  client.state.on('level', (level) => late.push(level))
  await clock.runUntil(() => late.length > 0)
  await hub.channel.state.emit('level', 4)
  await clock.runUntil(() => late.length > 1)
  expect(first).toEqual(['night'])
  expect(late).toEqual([3, 4])
})

test('a message is acknowledged after its event, and a volatile one reaches all but its sender', async () => {
  const { clock, client, connect } = world()
  const other = connect().client
  const order: string[] = []
  const typing: [string, string][] = []
  for (const [name, one] of [
    ['me', client],
    ['other', other],
  ] as const) {
    one.room({ id: 'a' }).on('typing', (who) => typing.push([name, who]))
  }
  client.room({ id: 'a' }).on('message', ({ text, at }) => order.push(`${text} ${at.toISOString()}`))
  await clock.runUntil(() =>
    [client, other].every((one) => one.room({ id: 'a' }).status.getSnapshot().status === 'live'),
  )
  const said = client.room({ id: 'a' }).send('say', { text: 'hi' })
  void said.then(({ at }) => order.push(`acknowledged ${at.toISOString()}`))
  client.room({ id: 'a' }).send('typing', 'ann')
  await clock.runUntil(() => order.length === 2 && typing.length === 1)
  const at = (await said).at.toISOString()
  expect(order).toEqual([`hi ${at}`, `acknowledged ${at}`])
  expect(typing).toEqual([['other', 'ann']])
})

test('a join that is refused says so to readers and senders, and nothing else suffers', async () => {
  const { clock, client } = world()
  client.secret.on('tick', () => {})
  const ready = codeOf(client.secret.ready())
  await clock.runUntil(() => client.secret.status.getSnapshot().status === 'refused')
  expect(await ready).toBe('FORBIDDEN')
  const listed = client.rooms.list()
  await clock.advance(0)
  expect(await listed).toEqual(['a'])
})

test('declared errors, wrong input and success of a call are told apart by type', async () => {
  const { clock, client } = world()
  const outcomes = Promise.all([
    client.rooms.create.safe({ name: 'taken' }),
    client.rooms.create.safe({ name: 'x' }),
    client.rooms.create.safe({ name: 'fine' }),
  ])
  await clock.advance(0)
  const [taken, wrong, fine] = await outcomes
  expect(taken.error?.code === 'NAME_TAKEN' && taken.error.data.suggestion).toBe('taken2')
  expect(wrong.error).toMatchObject({ code: 'VALIDATION', issues: [{ path: ['name'] }] })
  expect(fine).toEqual({ data: { id: 'id-fine' }, error: undefined })
})

test('a call that nobody answers ends at its deadline, and one that is cut is run once and answered', async () => {
  const { clock, link, client, ran } = world()
  const timed = codeOf(client.rooms.never(undefined, { withinMs: 500 }))
  await clock.advance(500)
  expect(await timed).toBe('TIMEOUT')
  const said = codeOf(client.room({ id: 'a' }).send('say', { text: 'once' }))
  const listed = client.rooms.list()
  link.cut() // both are under way
  await clock.advance(60_000)
  expect(await said).toBe('done')
  expect(await listed).toEqual(['a'])
  expect(ran.filter((what) => what === 'once')).toHaveLength(1)
})

test('messages sent while away are handled in order once back', async () => {
  const { clock, link, client, ran } = world({ delayMs: 30 })
  link.refuse(true)
  const texts = Array.from({ length: 20 }, (_, index) => `m${index}`)
  const sent = Promise.all(texts.map((text) => client.room({ id: 'a' }).send('say', { text })))
  await clock.advance(3_000)
  link.refuse(false)
  await clock.runUntil(() => ran.length === 20)
  await clock.advance(1_000)
  await sent
  expect(ran).toEqual(texts)
})

test('a dead link is let go while a call waits, and everything goes on', async () => {
  const { clock, hub, link, client } = world()
  const seen: number[] = []
  client.ticks.on('tick', ({ n }) => seen.push(n))
  await clock.runUntil(() => client.ticks.status.getSnapshot().status === 'live')
  link.halfOpen()
  void hub.channel.ticks.emit('tick', { n: 1 })
  const called = codeOf(client.rooms.create({ name: 'fine' }))
  const before = clock.now()
  await clock.runUntil(() => seen.length > 0)
  expect(clock.now() - before).toBeLessThanOrEqual(8_000 + 250)
  await clock.advance(0)
  expect(await called).toBe('done')
})

test('closing a client leaves nothing behind on either side', async () => {
  const { clock, hub, router, client } = world()
  client.ticks.on('tick', () => {})
  client.room({ id: 'a' }).on('message', () => {})
  await clock.runUntil(() => client.ticks.status.getSnapshot().status === 'live')
  client.connection.close()
  await clock.advance(1_000)
  expect(router.inspect()).toMatchObject({ sessions: 0, readers: 0, timers: 0, running: 0 })
  await hub.close()
  expect(clock.pending()).toBe(0)
})

test('a topic that is left and joined again within its linger time is one subscription without a hole', async () => {
  const { clock, hub, router, client } = world()
  const seen: number[] = []
  const stop = client.ticks.on('tick', () => {})
  await clock.runUntil(() => client.ticks.status.getSnapshot().status === 'live')
  stop()
  client.ticks.on('tick', ({ n }) => seen.push(n))
  await hub.channel.ticks.emit('tick', { n: 1 })
  await clock.advance(5_000)
  expect(seen).toEqual([1])
  expect(router.inspect().readers).toBe(1)
})

test('a log that begins a new epoch is a reset gap where events were lost, and nothing comes twice', async () => {
  const { clock, hub, link, client, newEpoch } = world()
  const got: unknown[] = []
  client.ticks.on('tick', ({ n }) => got.push(n))
  client.ticks.onGap(({ reason }) => got.push(reason))
  await clock.runUntil(() => client.ticks.status.getSnapshot().status === 'live')
  for (let n = 1; n <= 4; n += 1) await hub.channel.ticks.emit('tick', { n })
  await clock.runUntil(() => got.length === 4)
  link.cut()
  newEpoch(2)
  await hub.channel.ticks.emit('tick', { n: 5 })
  await clock.advance(5_000)
  await hub.channel.ticks.emit('tick', { n: 6 })
  await clock.advance(0)
  expect(got).toEqual([1, 2, 3, 4, 'reset', 5, 6])
})
