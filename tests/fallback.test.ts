/** A client without a WebSocket and the router, joined by requests that can be cut, in virtual time. */
import { createClient } from '@parley/client'
import { anyone, createRouter, type HubOptions } from '@parley/server'
import { createHubWith, insideOf } from '@parley/server/internal'
import { call, channel, defineContract, ParleyError, type Report, stream, volatile } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { CutFetch } from './support/cut-fetch.js'

const bytes = z.instanceof(Uint8Array)

const contract = defineContract({
  ticks: channel({ events: { tick: z.object({ n: z.number() }) }, replay: { last: 1_000, for: '1h' } }),
  room: channel({
    params: z.object({ id: z.string() }),
    events: { message: z.object({ text: z.string(), at: z.date() }), picture: bytes },
    messages: { say: call({ input: z.string(), output: z.number() }), typing: volatile(z.string()) },
  }),
  whoami: call({ output: z.string() }),
  slow: call({ output: z.string() }),
  count: stream({ input: z.number(), yields: z.number(), output: z.string() }),
})

function world(options: Partial<HubOptions<z.ZodOptional<z.ZodString>, { user: string }>> = {}) {
  const clock = virtualClock()
  const reports: Report[] = []
  const said: string[] = []
  const ended: string[] = []
  let finish = (): void => {}
  const hub = createHubWith(
    contract,
    {
      auth: z.string().optional(),
      context: ({ auth, request }) => ({
        user: `${auth ?? 'nobody'} with ${request?.headers.get('x-tenant')}`,
      }),
      onReport: (report) => void reports.push(report),
      onSession: () => (reason: string) => void ended.push(reason),
      ...options,
    },
    clock,
  )
  const router = createRouter(hub, {
    ticks: { join: anyone },
    room: {
      join: anyone,
      messages: {
        async say({ input, emit }) {
          said.push(input)
          await emit('message', { text: input, at: new Date(clock.now()) })
          return said.length
        },
        typing: () => {},
      },
    },
    whoami: ({ context }) => context.user,
    slow: () =>
      new Promise<string>((resolve) => {
        finish = () => resolve('done')
      }),
    async *count({ input }) {
      for (let n = 1; n <= input; n++) yield n
      return 'counted'
    },
  })
  const net = new CutFetch('http://host', (request) =>
    insideOf(router).fetch(request, new URL(request.url).pathname.slice('/realtime'.length)),
  )
  const client = createClient(contract, {
    url: 'http://host/realtime',
    transport: 'sse',
    fetch: net.fetch,
    headers: { 'x-tenant': 'acme' },
    auth: () => 'ann',
    clock,
    onReport: (report) => void reports.push(report),
  })
  return { clock, hub, router, net, client, reports, said, ended, finish: () => finish() }
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error) => (error instanceof ParleyError ? error.code : error))

test('events, calls, messages, streams and bytes work without a WebSocket', async () => {
  const { clock, hub, client, net, reports } = world()
  const seen: unknown[] = []
  const room = client.room({ id: 'a' })
  room.on('message', ({ text, at }) => seen.push(text, at instanceof Date))
  room.on('picture', (picture) => seen.push(picture))
  await clock.runUntil(() => room.status.getSnapshot().status === 'live')
  expect(await client.whoami()).toBe('ann with acme')
  expect(await Promise.all(['a', 'b', 'c'].map((text) => room.send('say', text)))).toEqual([1, 2, 3])
  await hub.channel.room({ id: 'a' }).emit('picture', new Uint8Array([1, 2, 3]))
  await clock.settle()
  expect(seen).toEqual(['a', true, 'b', true, 'c', true, new Uint8Array([1, 2, 3])])
  const counted: number[] = []
  const run = client.count(40)
  for await (const n of run) counted.push(n)
  expect([counted.length, await run.result]).toEqual([40, 'counted'])
  expect(reports).toEqual([])
  expect(net.requests.every(({ url }) => /^http:\/\/host\/realtime\/link$/.test(url))).toBe(true)
})

test('a link that is cut, again and again, loses no event and runs nothing twice', async () => {
  const { clock, hub, client, net, said } = world()
  const seen: number[] = []
  const gaps: unknown[] = []
  client.ticks.on('tick', ({ n }) => seen.push(n))
  client.ticks.onGap((gap) => gaps.push(gap))
  const room = client.room({ id: 'a' })
  await clock.runUntil(() => client.ticks.status.getSnapshot().status === 'live')
  const answers: Promise<unknown>[] = []
  for (let n = 1; n <= 300; n++) {
    void hub.channel.ticks.emit('tick', { n })
    if (n % 10 === 0) answers.push(codeOf(room.send('say', String(n))))
    if (n % 23 === 0) net.next = 40 * n
    if (n % 29 === 0) net.cut()
    await clock.advance(100)
  }
  await clock.runUntil(() => seen.length >= 300)
  expect(seen).toEqual(Array.from({ length: 300 }, (_, i) => i + 1))
  expect(gaps).toEqual([])
  const outcomes = await Promise.all(answers)
  expect(outcomes).toEqual(outcomes.map((_, i) => i + 1))
  expect(said).toEqual(outcomes.map((n) => String(Number(n) * 10)))
})

test('a call that runs while the link is cut is answered over the next one', async () => {
  const { clock, client, net, finish, ended } = world()
  const answer = codeOf(client.slow())
  await clock.advance(100)
  net.cut()
  await clock.advance(50)
  finish()
  await clock.advance(5_000)
  expect(await answer).toBe('done')
  expect(ended).toEqual([])
})

test('a POST whose answer is lost is sent again, and runs once', async () => {
  const { clock, client, net, said } = world()
  client.connection.open()
  await clock.runUntil(() => client.connection.getSnapshot().status === 'open')
  const answer = client.room({ id: 'a' }).send('say', 'once')
  // the answer to the POST never comes, although it was taken
  net.next = 'no answer'
  await clock.advance(100)
  expect(await answer).toBe(1)
  expect(said).toEqual(['once'])
})

test('a client that closes ends its session at once, and the server is left with nothing', async () => {
  const { clock, client, router, ended } = world()
  await client.whoami()
  client.connection.close()
  await clock.advance(100)
  expect(ended).toEqual(['1000'])
  expect(router.inspect()).toMatchObject({ connections: 0, sessions: 0, timers: 0 })
  expect(clock.pending()).toBe(0)
})

test('a refusal, and the end of a session by the application, are what they are over a WebSocket', async () => {
  const refused = world({
    context: () => {
      throw new ParleyError('FORBIDDEN', 'not you')
    },
  })
  expect(await codeOf(refused.client.whoami())).toBe('FORBIDDEN')
  expect(refused.client.connection.getSnapshot()).toMatchObject({
    status: 'closed',
    code: 'FORBIDDEN',
    final: true,
  })

  const { clock, client, router } = world({ identify: () => 'ann' })
  await client.whoami()
  router.disconnect({ member: 'ann' }, { reason: 'banned' })
  await clock.advance(100)
  expect(client.connection.getSnapshot()).toMatchObject({
    status: 'closed',
    code: 'DISCONNECTED',
    final: true,
  })
})

test('a stream that dies in silence is noticed, and another one goes on', async () => {
  const { clock, client, hub, net } = world()
  const seen: number[] = []
  client.ticks.on('tick', ({ n }) => seen.push(n))
  await clock.runUntil(() => client.ticks.status.getSnapshot().status === 'live')
  net.isDead = true
  void hub.channel.ticks.emit('tick', { n: 1 })
  await clock.advance(36_000)
  net.isDead = false
  await clock.runUntil(() => seen.length === 1)
  expect(seen).toEqual([1])
})

test('behind a proxy that holds responses back a client says so, and after three tries it stops', async () => {
  const { clock, client, net } = world()
  net.answer = () => new Response(new ReadableStream(), { headers: { 'content-type': 'text/event-stream' } })
  const states: unknown[] = []
  client.connection.subscribe(() => {
    const state = client.connection.getSnapshot()
    if (state.status === 'reconnecting') states.push(state.lastError.code)
    if (state.status === 'closed') states.push([state.code, state.final])
  })
  const answer = codeOf(client.whoami())
  await clock.advance(60_000)
  expect(states).toEqual(['BUFFERING_PROXY', 'BUFFERING_PROXY', ['BUFFERING_PROXY', true]])
  expect(await answer).toBe('BUFFERING_PROXY')
  net.answer = undefined
  client.connection.open()
  expect(await client.whoami()).toBe('ann with acme')
})
