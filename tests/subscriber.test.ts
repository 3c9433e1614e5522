/** The two ends of an SSE route: `createEmitter` and `createSubscriber`, in one process and over a socket. */
import { createSubscriber, type Subscriber } from '@parley/client'
import { createEmitter, memoryLog } from '@parley/server'
import { channel, defineContract, type Report, volatile } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { CutFetch } from './support/cut-fetch.js'

const ticks = channel({
  events: { tick: z.object({ n: z.number(), at: z.date() }), hint: volatile(z.string()) },
})
const address = 'http://emitter.test/events'

/** Contracts are not shared between tests, because emitters of one contract and path share their topics. */
function freshContract() {
  return defineContract({
    ticks,
    few: channel({ events: { tick: z.number() }, replay: { last: 3 } }),
    stats: channel({ events: { users: z.number(), rooms: z.number() }, replay: 'latest' }),
    inbox: channel({ params: z.object({ user: z.string() }), events: { mail: z.string() } }),
  })
}

const at = new Date('2026-01-01T00:00:00Z')

const open: { close(): void }[] = []
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})

function setUp() {
  const contract = freshContract()
  const reports: Report[] = []
  const onReport = (report: Report) => void reports.push(report)
  const emitter = createEmitter(contract, 'ticks', { onReport })
  const wire = new CutFetch(address, (request) => emitter.respond(request))
  const clock = virtualClock()
  const subscriber = createSubscriber(contract, 'ticks', { url: address, fetch: wire.fetch, clock, onReport })
  open.push(emitter, subscriber)
  let n = 0
  const emit = async (count = 1) => {
    for (let i = 0; i < count; i++) await emitter.emit('tick', { n: ++n, at })
  }
  return { contract, emitter, wire, clock, subscriber, reports, emit }
}

const isLive = (subscriber: Pick<Subscriber<object>, 'status'>) => () =>
  subscriber.status.getSnapshot().status === 'live'

test('what is emitted arrives with its types, in order, once', async () => {
  const { emitter, clock, subscriber, emit } = setUp()
  const seen: unknown[] = []
  subscriber.on('tick', (tick) => seen.push(tick))
  subscriber.on('hint', (hint, { position }) => seen.push([hint, position]))
  await clock.runUntil(isLive(subscriber))
  await emit(2)
  await emitter.emit('hint', 'psst')
  await clock.runUntil(() => seen.length === 3)
  expect(seen).toEqual([{ n: 1, at }, { n: 2, at }, ['psst', undefined]])
})

test('nothing is lost, repeated or out of order over a thousand connects and cuts, and nothing is left behind', async () => {
  const { emitter, wire, clock, subscriber, reports, emit } = setUp()
  const seen: number[] = []
  const late: number[] = []
  subscriber.on('tick', ({ n }) => seen.push(n))
  await clock.runUntil(isLive(subscriber))
  const clean = emitter.inspect()
  for (let i = 0; i < 1_000; i++) {
    const phase = i % 4
    await emit()
    if (phase === 0) wire.next = 'no head'
    if (phase === 1) wire.next = 60 // in the head
    if (phase === 2) wire.next = 200 // in the replay
    wire.cut()
    await emit()
    await clock.runUntil(isLive(subscriber), 300_000) // attempts are up to half a minute apart by now
  }
  await clock.runUntil(() => seen.length === 2_000)
  expect(seen).toEqual(Array.from({ length: 2_000 }, (_, i) => i + 1))
  expect(wire.requests.length).toBeGreaterThan(1_500)
  expect(emitter.inspect()).toEqual(clean)
  const stop = subscriber.on('tick', ({ n }) => late.push(n), { from: { last: 5 } })
  await clock.runUntil(() => late.length === 5)
  stop()
  expect(emitter.inspect()).toEqual(clean)
  subscriber.close()
  await clock.settle()
  expect(emitter.inspect()).toMatchObject({ topics: 0, readers: 0, queuedBytes: 0 })
  expect(reports).toEqual([])
})

test('a stream that was cut before its first event resumes from where it began', async () => {
  const { wire, clock, subscriber, emit } = setUp()
  await emit(3)
  const seen: number[] = []
  subscriber.on('tick', ({ n }) => seen.push(n))
  await clock.runUntil(isLive(subscriber))
  wire.cut()
  await emit(2)
  await clock.runUntil(isLive(subscriber))
  await clock.runUntil(() => seen.length === 2)
  expect(seen).toEqual([4, 5])
  expect(wire.requests.at(-1)?.headers.get('last-event-id')).toMatch(/-3$/)
})

test('two readers begin at different positions, share one stream, and each gets its own past', async () => {
  const { emitter, wire, clock, subscriber, emit } = setUp()
  await emit(5)
  const now: number[] = []
  const back: [number, boolean][] = []
  const all: number[] = []
  subscriber.on('tick', ({ n }) => now.push(n))
  await clock.runUntil(isLive(subscriber))
  subscriber.on('tick', ({ n }, { replayed }) => back.push([n, replayed]), { from: { last: 2 } })
  subscriber.on('tick', ({ n }) => all.push(n), { from: 'first' })
  await emit(1)
  await clock.runUntil(() => all.length === 6)
  await emit(1)
  await clock.runUntil(() => now.length === 2 && all.length === 7)
  expect(now).toEqual([6, 7])
  expect(back).toEqual([
    [4, true],
    [5, true],
    [6, false],
    [7, false],
  ])
  expect(all).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(wire.requests).toHaveLength(3)
  expect(emitter.inspect().readers).toBe(1)
})

test('what the log no longer has is a gap, in its place', async () => {
  const contract = freshContract()
  const emitter = createEmitter(contract, 'few')
  const wire = new CutFetch(address, (request) => emitter.respond(request))
  const clock = virtualClock()
  const few = createSubscriber(contract, 'few', { url: address, fetch: wire.fetch, clock })
  open.push(emitter, few)
  const seen: unknown[] = []
  few.read((item) => seen.push(item.gap?.reason ?? item.data))
  await clock.runUntil(isLive(few))
  await emitter.emit('tick', 1)
  await clock.runUntil(() => seen.length === 1)
  wire.cut()
  await clock.settle()
  for (let n = 2; n < 10; n++) await emitter.emit('tick', n)
  await clock.runUntil(() => seen.length === 5)
  expect(seen).toEqual([1, 'trimmed', 7, 8, 9])
})

test('a channel that keeps the newest value of each name gives it to whoever comes, and no more after a cut', async () => {
  const contract = freshContract()
  const emitter = createEmitter(contract, 'stats')
  const wire = new CutFetch(address, (request) => emitter.respond(request))
  const clock = virtualClock()
  const stats = createSubscriber(contract, 'stats', { url: address, fetch: wire.fetch, clock })
  open.push(emitter, stats)
  for (const n of [1, 2, 3]) await emitter.emit('users', n)
  await emitter.emit('rooms', 7)
  const seen: unknown[] = []
  stats.read(({ name, data }) => seen.push([name, data]))
  await clock.runUntil(isLive(stats))
  expect(seen).toEqual([
    ['users', 3],
    ['rooms', 7],
  ])
  wire.cut()
  await emitter.emit('users', 4)
  await clock.runUntil(() => seen.length === 3)
  expect(seen.at(-1)).toEqual(['users', 4])
})

test('params choose the topic by the query of a route', async () => {
  const contract = freshContract()
  const emitter = createEmitter(contract, 'inbox')
  const wire = new CutFetch(address, (request) =>
    emitter({ user: new URL(request.url).searchParams.get('user') ?? '' }).respond(request),
  )
  const clock = virtualClock()
  const options = { url: address, fetch: wire.fetch, clock }
  const ann = createSubscriber(contract, 'inbox', { ...options, params: { user: 'ann & co' } })
  open.push(emitter, ann)
  const seen: string[] = []
  ann.on('mail', (mail) => seen.push(mail))
  await clock.runUntil(isLive(ann))
  await emitter({ user: 'bob' }).emit('mail', 'for bob')
  await emitter({ user: 'ann & co' }).emit('mail', 'for ann')
  await clock.runUntil(() => seen.length === 1)
  expect(seen).toEqual(['for ann'])
})

test('a server that began anew says so: its log does not know the position', async () => {
  const contract = freshContract()
  const first = createEmitter(contract, 'ticks', { log: memoryLog() })
  let emitter = first
  const wire = new CutFetch(address, (request) => emitter.respond(request))
  const clock = virtualClock()
  const subscriber = createSubscriber(contract, 'ticks', { url: address, fetch: wire.fetch, clock })
  open.push(subscriber)
  const seen: unknown[] = []
  subscriber.read((item) => seen.push(item.gap?.reason ?? item.name))
  await clock.runUntil(isLive(subscriber))
  await first.emit('tick', { n: 1, at })
  await clock.runUntil(() => seen.length === 1)
  first.close()
  emitter = createEmitter(contract, 'ticks', { log: memoryLog() })
  open.push(emitter)
  await clock.runUntil(() => isLive(subscriber)() && seen.length === 2)
  await emitter.emit('tick', { n: 2, at })
  await clock.runUntil(() => seen.length === 3)
  expect(seen).toEqual(['tick', 'reset', 'tick'])
})

test('over a real socket: events arrive, a cut is survived, and leaving lets the server go', async () => {
  const contract = freshContract()
  const emitter = createEmitter(contract, 'ticks')
  const server = Bun.serve({ port: 0, fetch: (request) => emitter.respond(request) })
  // the retry loop in virtual time, so that no test waits for it
  const clock = virtualClock()
  const aborters: AbortController[] = []
  const subscriber = createSubscriber(contract, 'ticks', {
    url: `http://127.0.0.1:${server.port}/`,
    clock,
    fetch: (url, init) => {
      const cut = new AbortController()
      aborters.push(cut)
      return fetch(url, { ...init, signal: AbortSignal.any([cut.signal, init.signal!]) })
    },
  })
  open.push(emitter, subscriber, { close: () => void server.stop(true) })

  const seen: number[] = []
  const came = (n: number) =>
    new Promise<void>((resolve) => {
      const stop = subscriber.on('tick', (tick) => {
        if (tick.n !== n) return
        stop()
        resolve()
      })
    })
  subscriber.on('tick', ({ n }) => seen.push(n))
  await subscriber.ready()
  const two = came(2)
  for (const n of [1, 2]) await emitter.emit('tick', { n, at })
  await two
  const four = came(4)
  const away = new Promise<void>((resolve) => {
    const stop = subscriber.status.subscribe(() => {
      stop()
      resolve()
    })
  })
  aborters.at(-1)?.abort()
  await away
  expect(subscriber.status.getSnapshot()).toEqual({ status: 'joining' })
  for (const n of [3, 4]) await emitter.emit('tick', { n, at })
  await clock.advance(2_500)
  await four
  expect(seen).toEqual([1, 2, 3, 4])
  const gone = new Promise<void>((resolve) => {
    const check = () => (emitter.inspect().readers === 0 ? resolve() : setImmediate(check))
    check()
  })
  subscriber.close()
  await gone
})
