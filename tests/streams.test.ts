/** Streams, with both real ends joined over a link that breaks, in virtual time. */
import { createClient } from '@parley/client'
import { createRouter } from '@parley/server'
import { createHubWith } from '@parley/server/internal'
import { call, defineContract, ParleyError, type Report, stream } from '@parley/shared'
import type { Limits } from '@parley/shared/internal'
import { breakableLink, virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'

const contract = defineContract({
  count: stream({ input: z.number(), yields: z.number(), output: z.string() }),
  paced: stream({ input: z.object({ to: z.number(), everyMs: z.number() }), yields: z.number() }),
  chunks: stream({ input: z.number(), yields: z.instanceof(Uint8Array), output: z.date() }),
  fragile: stream({
    input: z.string().min(2),
    yields: z.number(),
    errors: { FULL: z.object({ at: z.number() }) },
  }),
  stubborn: stream({ yields: z.number() }),
  echo: call({ input: z.string(), output: z.string() }),
})

interface Options {
  readonly delayMs?: number
  readonly seed?: number
  readonly limits?: Partial<Limits>
}

function world({ delayMs = 0, seed = 1, limits = {} }: Options = {}) {
  const clock = virtualClock({ seed })
  const reports: Report[] = []
  const clientReports: Report[] = []
  /** What the generators made, and how each ended. */
  const made: number[] = []
  const ended: string[] = []
  const begun: string[] = []
  const pause = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve))
  const hub = createHubWith(
    contract,
    { onReport: (report) => reports.push(report), limits: { frameBytes: 100_000, ...limits } },
    clock,
  )
  const router = createRouter(hub, {
    count: async function* ({ input, signal }) {
      begun.push('count')
      try {
        for (let n = 1; n <= input; n++) {
          made.push(n)
          yield n
        }
        return `counted to ${input}`
      } finally {
        ended.push(signal.aborted ? 'aborted' : 'done')
      }
    },
    paced: async function* ({ input: { to, everyMs }, signal }) {
      begun.push('paced')
      try {
        for (let n = 1; n <= to; n++) {
          await pause(everyMs)
          signal.throwIfAborted()
          made.push(n)
          yield n
        }
      } finally {
        ended.push(signal.aborted ? 'aborted' : 'done')
      }
    },
    chunks: async function* ({ input }) {
      for (let n = 0; n < input; n++) yield new Uint8Array(1_000).fill(n)
      return new Date(0)
    },
    fragile: async function* ({ input, errors }) {
      yield 1
      yield 2
      if (input === 'declared') throw errors.FULL({ at: 2 })
      throw new Error('a bug')
    },
    stubborn: async function* () {
      yield 1
      await new Promise(() => {})
    },
    echo: ({ input }) => input,
  })
  const link = breakableLink(router.link({ context: undefined }), clock, { delayMs })
  const client = createClient(contract, {
    transport: link,
    clock,
    onReport: (report) => clientReports.push(report),
  })
  return { clock, hub, router, link, client, reports, clientReports, made, ended, begun, pause }
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

/** What a loop gets: its values, then `done` or the code of what it throws. */
function loop(run: AsyncIterable<unknown>, between?: () => Promise<void>) {
  const seen: unknown[] = []
  const whole = (async () => {
    try {
      for await (const value of run) {
        seen.push(value)
        await between?.()
      }
      seen.push('done')
    } catch (error) {
      seen.push(error instanceof ParleyError ? error.code : error)
    }
  })()
  return { seen, whole }
}

/** The value of a promise, or the code of what it rejects with; `undefined` while it is open. */
function outcome(promise: Promise<unknown>): { value: unknown } {
  const out: { value: unknown } = { value: undefined }
  promise.then(
    (value) => {
      out.value = value ?? 'nothing'
    },
    (error) => {
      out.value = error instanceof ParleyError ? error.code : error
    },
  )
  return out
}

test('a loop gets every value in order, and the result is what the handler returned', async () => {
  const { clock, client, router } = world({ delayMs: 5 })
  const run = client.count(200)
  const { seen } = loop(run)
  const result = outcome(run.result)
  await clock.runUntil(() => seen.length === 201)
  expect(seen).toEqual([...upTo(200), 'done'])
  expect(result.value).toBe('counted to 200')
  await clock.advance(1_000)
  expect(router.inspect().running).toBe(0)
})

test('the result alone brings a stream to its end', async () => {
  const { clock, client, made } = world()
  const result = outcome(client.count(500).result)
  await clock.advance(1_000)
  expect([result.value, made.length]).toEqual(['counted to 500', 500])
})

test('a generator runs no further than the loop takes its values, but for a window', async () => {
  const { clock, client, made } = world()
  const run = client.count(10_000)
  const iterator = run[Symbol.asyncIterator]()
  await clock.advance(60_000)
  expect(made).toHaveLength(32)
  for (let n = 1; n <= 100; n++) {
    const { value } = await iterator.next()
    expect(value).toBe(n)
    await clock.advance(100)
    expect(made.length).toBeLessThanOrEqual(n + 32)
  }
  expect(made.length).toBeGreaterThan(100)
})

test('a slow loop gets everything, and is what the generator waits for', async () => {
  const { clock, client, made, pause } = world()
  const { seen } = loop(client.count(100), () => pause(50))
  let mostAhead = 0
  while (seen.at(-1) !== 'done') {
    await clock.advance(50)
    mostAhead = Math.max(mostAhead, made.length - seen.length)
  }
  expect(seen).toEqual([...upTo(100), 'done'])
  expect(mostAhead).toBeLessThanOrEqual(32)
})

test('credit is given in batches, not for each value', async () => {
  const { clock, client, link } = world()
  await clock.settle()
  const before = link.counts().delivered
  const { seen } = loop(client.count(800))
  await clock.runUntil(() => seen.length === 801)
  const up = link.counts().delivered - before - 800
  expect(up).toBeLessThan(150)
})

test('a server that keeps less than the window is not waited for without end', async () => {
  const { clock, client, made } = world({ limits: { streamValues: 3 } })
  const iterator = client.count(10)[Symbol.asyncIterator]()
  await clock.advance(1_000)
  expect(made).toHaveLength(3)
  const rest = { [Symbol.asyncIterator]: () => iterator }
  const { seen } = loop(rest)
  await clock.runUntil(() => seen.length === 11)
  expect(seen).toEqual([...upTo(10), 'done'])
})

test.each([
  ['before it is asked for', 0],
  ['while the request is under way', 15],
  ['while values come', 200],
  ['again and again', 60],
])('a cut %s loses nothing, repeats nothing, and the generator begins once', async (title, afterMs) => {
  const { clock, client, link, made, begun } = world({ delayMs: 20, seed: afterMs + 1 })
  const { seen } = loop(client.paced({ to: 150, everyMs: 10 }))
  await clock.advance(afterMs)
  link.cut()
  for (let cut = 0; title === 'again and again' && cut < 12; cut++) {
    await clock.advance(afterMs + cut * 70)
    link.cut()
  }
  await clock.runUntil(() => seen.length === 151)
  expect(seen).toEqual([...upTo(150), 'done'])
  expect([made, begun]).toEqual([upTo(150), ['paced']])
})

test('wherever it is cut, however fast its loop, a stream comes whole', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const { clock, client, link, made, pause } = world({
      delayMs: 15,
      seed,
      limits: { streamValues: 1 + (seed % 9) },
    })
    const { seen } = loop(client.count(120), () => pause(clock.random() < 0.8 ? 0 : 20))
    for (let cut = 0; cut < 8; cut++) {
      await clock.advance(clock.random() * 400)
      if (clock.random() < 0.5) link.halfOpen()
      link.cut()
    }
    await clock.runUntil(() => seen.length === 121)
    expect(seen).toEqual([...upTo(120), 'done'])
    expect(made).toEqual(upTo(120))
  }
})

test('a stream goes on through a change of the connection that the client makes itself', async () => {
  const { clock, client, link, begun } = world({ delayMs: 20 })
  const { seen } = loop(client.paced({ to: 60, everyMs: 10 }))
  await clock.runUntil(() => seen.length === 10)
  client.connection.reconnect()
  await clock.runUntil(() => seen.length === 61)
  expect(seen).toEqual([...upTo(60), 'done'])
  expect(begun).toEqual(['paced'])
  expect(link.counts().opened).toBe(2)
})

test('a stream that ends while the client is away is whole once it is back', async () => {
  const { clock, client, link, ended } = world({ delayMs: 5 })
  const run = client.paced({ to: 20, everyMs: 50 })
  const { seen } = loop(run)
  const result = outcome(run.result)
  await clock.runUntil(() => seen.length === 5)
  link.refuse(true)
  link.cut()
  await clock.runUntil(() => ended.length > 0)
  expect(seen.length).toBeLessThan(20)
  link.refuse(false)
  await clock.runUntil(() => seen.at(-1) === 'done')
  expect(seen).toEqual([...upTo(20), 'done'])
  expect(result.value).toBe('nothing')
})

test('a link that is dead in silence holds a stream up, and no more', async () => {
  const { clock, client, link } = world()
  const { seen } = loop(client.paced({ to: 50, everyMs: 100 }))
  await clock.runUntil(() => seen.length === 10)
  link.halfOpen()
  await clock.runUntil(() => seen.at(-1) === 'done', 120_000)
  expect(seen).toEqual([...upTo(50), 'done'])
})

test('leaving the loop ends the handler, at once, and its place is free', async () => {
  const { clock, client, ended, router } = world()
  const run = client.paced({ to: 1_000, everyMs: 10 })
  const result = outcome(run.result)
  let taken = 0
  void (async () => {
    for await (const _ of run) if (++taken === 3) break
  })()
  await clock.runUntil(() => ended.length === 1)
  expect([taken, ended, result.value]).toEqual([3, ['aborted'], 'ABORTED'])
  expect(router.inspect().running).toBe(0)
})

test('a signal ends the handler, also one that has fired before', async () => {
  const { clock, client, ended, begun } = world()
  const abort = new AbortController()
  const { seen } = loop(client.paced({ to: 1_000, everyMs: 10 }, { signal: abort.signal }))
  await clock.runUntil(() => seen.length === 2)
  abort.abort()
  await clock.advance(10)
  expect([seen, ended]).toEqual([[1, 2, 'ABORTED'], ['aborted']])
  expect(await loop(client.count(3, { signal: abort.signal })).whole).toBeUndefined()
  await clock.advance(100)
  expect(begun).toEqual(['paced'])
})

test('one that is given up while the client is away is told to the server when it is back', async () => {
  const { clock, client, link, ended } = world()
  const run = client.paced({ to: 1_000, everyMs: 10 })
  const { seen } = loop(run)
  await clock.runUntil(() => seen.length === 2)
  link.refuse(true)
  link.cut()
  await clock.advance(0)
  run.cancel()
  await clock.settle()
  expect(seen.at(-1)).toBe('ABORTED')
  link.refuse(false)
  await clock.runUntil(() => ended.length === 1)
  expect(ended).toEqual(['aborted'])
})

test('one that is given up before there is a connection never runs', async () => {
  const { clock, client, link, begun } = world()
  link.refuse(true)
  const run = client.count(3)
  const result = outcome(run.result)
  run.cancel()
  link.refuse(false)
  await clock.advance(60_000)
  expect([result.value, begun]).toEqual(['ABORTED', []])
})

test('with its session a stream is lost, and the loop is told after the values that came', async () => {
  const { clock, client, link, begun, ended } = world()
  const run = client.paced({ to: 1_000, everyMs: 1_000 })
  const iterator = run[Symbol.asyncIterator]()
  const result = outcome(run.result)
  await clock.advance(3_500)
  link.refuse(true)
  link.cut()
  await clock.advance(125_000)
  expect(ended).toEqual(['aborted'])
  link.refuse(false)
  await clock.runUntil(() => result.value !== undefined)
  expect(result.value).toBe('OUTCOME_UNKNOWN')
  const { seen } = loop({ [Symbol.asyncIterator]: () => iterator })
  await clock.advance(10_000)
  expect(seen).toEqual([1, 2, 3, 'OUTCOME_UNKNOWN'])
  expect(begun).toEqual(['paced'])
})

test('a client that is closed fails its streams and ends their handlers', async () => {
  const { clock, client, ended, router } = world()
  const { seen } = loop(client.paced({ to: 1_000, everyMs: 10 }))
  await clock.runUntil(() => seen.length === 2)
  client.connection.close()
  await clock.advance(100)
  expect(seen.at(-1)).toBe('OUTCOME_UNKNOWN')
  expect(ended).toEqual(['aborted'])
  expect(router.inspect()).toMatchObject({ sessions: 0, running: 0 })
  const late = loop(client.count(3))
  await clock.settle()
  expect(late.seen).toEqual(['CLOSED'])
})

test('a session that the application ends takes its streams with it', async () => {
  const { clock, hub, client, ended } = world()
  const { seen } = loop(client.paced({ to: 1_000, everyMs: 10 }))
  await clock.runUntil(() => seen.length === 2)
  await hub.close()
  await clock.advance(10) // so long it waits for something else
  expect(ended).toEqual(['aborted'])
})

test('declared errors, undeclared ones and wrong input are told apart, after the values that came', async () => {
  const { clock, client, reports } = world()
  const run = client.fragile('declared')
  const loops = [loop(run), loop(client.fragile('bug')), loop(client.fragile('x'))]
  const failure = run.result.catch((error) => error)
  await clock.advance(100)
  expect(loops.map(({ seen }) => seen)).toEqual([[1, 2, 'FULL'], [1, 2, 'INTERNAL'], ['VALIDATION']])
  expect((await failure).data).toEqual({ at: 2 })
  expect(reports.map(({ kind, path }) => `${kind} ${path}`)).toEqual(['handler-failed fragile'])
})

test('more streams at once than a session may have are refused, and calls go on beside them', async () => {
  const { clock, client } = world()
  const runs = Array.from({ length: 17 }, () => client.paced({ to: 2, everyMs: 100 }))
  const seen = runs.map((run) => loop(run).seen)
  const echoed = client.echo('beside')
  await clock.advance(0)
  expect(await echoed).toBe('beside')
  await clock.advance(1_000)
  expect(seen.slice(0, 16)).toEqual(Array.from({ length: 16 }, () => [1, 2, 'done']))
  expect(seen[16]).toEqual(['OVERLOADED'])
  await clock.advance(1_000)
  const again = loop(client.count(2))
  await clock.advance(100)
  expect(again.seen).toEqual([1, 2, 'done'])
})

test('a handler that heeds nothing keeps its place, and the operator hears of it', async () => {
  const { clock, client, reports } = world({ limits: { streams: 1 } })
  const run = client.stubborn()
  const { seen } = loop(run)
  await clock.runUntil(() => seen.length === 1)
  run.cancel()
  await clock.advance(10_000)
  expect(seen).toEqual([1, 'ABORTED'])
  expect(reports.map(({ kind, path }) => `${kind} ${path}`)).toEqual(['stream-stuck stubborn'])
  const next = loop(client.count(1))
  await clock.advance(100)
  expect(next.seen).toEqual(['OVERLOADED'])
})

test('bytes and dates travel as values and as a result', async () => {
  const { clock, client, link } = world({ delayMs: 3 })
  const run = client.chunks(60)
  const { seen } = loop(run)
  const result = outcome(run.result)
  await clock.advance(5)
  link.cut()
  await clock.runUntil(() => seen.length === 61)
  expect(seen.slice(0, 60)).toEqual(Array.from({ length: 60 }, (_, n) => new Uint8Array(1_000).fill(n)))
  expect(result.value).toEqual(new Date(0))
})

test('input that cannot travel, or is too large, fails the stream and nothing else', async () => {
  const { clock, client } = world()
  await clock.settle()
  const unsent = loop(client.fragile((() => {}) as never))
  await clock.advance(0)
  const large = loop(client.fragile('x'.repeat(200_000)))
  await clock.advance(100)
  expect([unsent.seen, large.seen]).toEqual([['NOT_SERIALIZABLE'], ['TOO_LARGE']])
  const echoed = client.echo('still there')
  await clock.advance(0)
  expect(await echoed).toBe('still there')
})

test('a stream that is quiet for long is waited for, without probes of the link', async () => {
  const { clock, client, link } = world()
  const { seen } = loop(client.paced({ to: 1, everyMs: 600_000 }))
  await clock.advance(1_000)
  const before = link.counts().delivered
  await clock.advance(590_000)
  expect(link.counts().delivered - before).toBeLessThan(120) // a ping and a pong for each heartbeat
  await clock.advance(20_000)
  expect(seen).toEqual([1, 'done'])
})

test('a client in the same process streams without a network', async () => {
  const { clock, router, hub } = world()
  const client = createClient(contract, { transport: router.link({ context: undefined }), clock })
  const run = client.count(100)
  const { seen } = loop(run)
  await clock.runUntil(() => seen.length === 101)
  expect([seen.at(-1), await run.result]).toEqual(['done', 'counted to 100'])
  client.connection.close()
  await hub.close()
  expect(clock.pending()).toBe(0)
})
