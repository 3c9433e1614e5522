/**
 * Clients whose server goes, with another one beside it over the same log: make before break. Both ends are the real
 * ones, joined over links that break, in virtual time.
 */
import { createClient } from '@parley/client'
import { anyone, createRouter, type Log } from '@parley/server'
import { createHubWith, insideOf, openMemoryLog } from '@parley/server/internal'
import { call, channel, defineContract, ParleyError, stream, volatile } from '@parley/shared'
import { breakableLink, type VirtualClock, virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { acceptFor } from './field/accept.js'
import { keptOpen } from './support/kept-open.js'

const contract = defineContract({
  ticks: channel({ events: { tick: z.number(), flash: volatile(z.number()) } }),
  room: channel({
    params: z.object({ id: z.string() }),
    events: { said: z.number() },
    messages: { say: z.number() },
  }),
  slow: call({ input: z.object({ n: z.number(), ms: z.number() }), output: z.number() }),
  /** Takes its time on the first server. */
  look: call({ input: z.number(), output: z.number(), idempotent: true }),
  count: stream({ input: z.number(), yields: z.number(), output: z.string() }),
})

/** Two servers, or more, over one log; clients reach the one that `route` names. */
function world({ delayMs = 20, seed = 1, nodes = 2 } = {}) {
  const clock = virtualClock({ seed })
  const log = keptOpen(openMemoryLog({ clock }).log)
  const ran: string[] = []
  const servers = Array.from({ length: nodes }, (_, node) => makeServer(clock, log, node, ran))
  const at = { route: 0 }
  const connect = () => {
    const link = breakableLink((end) => servers[at.route]!.accept(end), clock, { delayMs })
    const client = createClient(contract, { transport: link, clock, onReport: () => {} })
    const states: string[] = []
    client.connection.subscribe(() => states.push(client.connection.getSnapshot().status))
    return { link, client, states }
  }
  return { clock, ran, servers, at, connect }
}

function makeServer(clock: VirtualClock, log: Log, node: number, ran: string[]) {
  const hub = createHubWith(contract, { log, onReport: () => {} }, clock)
  const wait = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve))
  const router = createRouter(hub, {
    ticks: { join: anyone },
    room: {
      join: anyone,
      messages: {
        say: async ({ input, emit }) => {
          ran.push(`${node}: ${input}`)
          await wait(300)
          await emit('said', input)
        },
      },
    },
    slow: async ({ input }) => {
      ran.push(`${node}: slow ${input.n}`)
      await wait(input.ms)
      return input.n
    },
    look: async ({ input }) => {
      ran.push(`${node}: look ${input}`)
      if (node === 0) await wait(input)
      return input
    },
    count: async function* ({ input }) {
      for (let n = 1; n <= input; n += 1) {
        await wait(200)
        yield n
      }
      return `counted by ${node}`
    },
  })
  return { hub, router, accept: acceptFor(insideOf(router)) }
}

/** Emits a number every 100 ms, from whichever server `on` gives. */
function startTicks(clock: VirtualClock, on: () => ReturnType<typeof makeServer>): { stop(): number } {
  let n = 0
  let going = true
  const next = (): void => {
    if (!going) return
    n += 1
    on()
      .hub.channel.ticks.emit('tick', n)
      .catch(() => {})
    clock.after(100, next)
  }
  next()
  return {
    stop() {
      going = false
      return n
    },
  }
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1)
const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error) => (error instanceof ParleyError ? error.code : error))

function settled<T>(promise: Promise<T>): { value: T | undefined } {
  const found: { value: T | undefined } = { value: undefined }
  promise.then((value) => {
    found.value = value
  })
  return found
}

test('a client whose server goes reads on from the next one: each event once, in order, and never without a connection', async () => {
  const { clock, servers, at, connect } = world()
  const { client, states } = connect()
  const seen: number[] = []
  const statuses: string[] = []
  client.ticks.on('tick', (n) => seen.push(n), { from: 'first' })
  client.ticks.status.subscribe(() => statuses.push(client.ticks.status.getSnapshot().status))
  await clock.runUntil(() => client.ticks.status.getSnapshot().status === 'live')
  const ticks = startTicks(clock, () => servers[Math.floor(clock.random() * 2)]!)
  await clock.advance(3_000)
  at.route = 1
  const counts = settled(servers[0]!.router.drain())
  await clock.advance(10_000)
  expect(counts.value).toEqual({ moved: 1, closed: 0, cut: 0 })
  expect(servers[0]!.router.inspect()).toMatchObject({ connections: 0, sessions: 0, readers: 0 })
  expect(servers[1]!.router.inspect()).toMatchObject({ connections: 1, sessions: 1, readers: 1 })
  const last = ticks.stop()
  await clock.advance(1_000)
  expect(seen).toEqual(upTo(last))
  expect(states).toEqual(['connecting', 'open'])
  expect(statuses).toEqual(['catching-up', 'live']) // and not `joining` on the way
})

test('what a client waits for on the server that goes is answered there, and messages keep their order over both', async () => {
  const { clock, servers, at, ran, connect } = world()
  const { client, states } = connect()
  const room = client.room({ id: 'a' })
  const said: number[] = []
  room.on('said', (n) => said.push(n))
  await clock.runUntil(() => room.status.getSnapshot().status === 'live')
  const answers: unknown[] = []
  void client.slow({ n: 1, ms: 6_000 }).then((n) => answers.push(n))
  const sent = upTo(10).map((n) => room.send('say', n))
  await clock.advance(500)
  at.route = 1
  const counts = settled(servers[0]!.router.drain())
  await clock.advance(2_500)
  expect(servers[1]!.router.inspect().connections).toBe(1)
  sent.push(room.send('say', 11), room.send('say', 12))
  void client.slow({ n: 2, ms: 100 }).then((n) => answers.push(n))
  await clock.advance(10_000)
  await Promise.all(sent)
  expect(answers).toEqual([2, 1]) // a call does not wait for one elsewhere
  expect(ran.filter((one) => !one.includes('slow'))).toEqual([
    ...upTo(10).map((n) => `0: ${n}`),
    '1: 11',
    '1: 12',
  ])
  expect(said).toEqual(upTo(12))
  expect(ran.filter((one) => one.includes('slow'))).toEqual(['0: slow 1', '1: slow 2'])
  expect(counts.value).toEqual({ moved: 1, closed: 0, cut: 0 })
  expect(states).toEqual(['connecting', 'open'])
})

test('a stream goes on where it runs until it is through', async () => {
  const { clock, servers, at, connect } = world()
  const { client } = connect()
  const values: number[] = []
  const run = client.count(20)
  const reading = (async () => {
    for await (const value of run) values.push(value)
    return run.result
  })()
  await clock.advance(500)
  at.route = 1
  const counts = settled(servers[0]!.router.drain())
  await clock.advance(10_000)
  expect(values).toEqual(upTo(20))
  expect(await reading).toBe('counted by 0')
  expect(counts.value).toEqual({ moved: 1, closed: 0, cut: 0 })
})

test('what may run again, and is not answered when its server ends, is asked of the next one, whatever that answered meanwhile', async () => {
  const { clock, servers, at, ran, connect } = world()
  const { client, states } = connect()
  const late = outcome(client.look(30_000, { withinMs: 60_000 }))
  await clock.advance(500)
  at.route = 1
  void servers[0]!.router.drain({ within: 8_000 })
  await clock.advance(5_000)
  const early = outcome(client.look(1))
  await clock.advance(1_000) // it has acknowledged that by now
  expect(ran).toEqual(['0: look 30000', '1: look 1'])
  await clock.advance(10_000)
  expect([await early, await late]).toEqual([1, 30_000])
  expect(ran).toEqual(['0: look 30000', '1: look 1', '1: look 30000'])
  expect(states).toEqual(['connecting', 'open'])
})

test('what still runs at the end of the time has an unknown outcome, and nobody waits for it any longer', async () => {
  const { clock, servers, at, connect } = world()
  const { client, states } = connect()
  const stuck = settled(outcome(client.slow({ n: 1, ms: 60_000 }, { withinMs: 120_000 })))
  await clock.advance(1_000)
  at.route = 1
  const counts = settled(servers[0]!.router.drain({ within: 10_000 }))
  await clock.advance(9_900)
  expect(stuck.value).toBeUndefined()
  await clock.advance(1_000)
  expect(stuck.value).toBe('OUTCOME_UNKNOWN')
  expect(counts.value).toEqual({ moved: 0, closed: 1, cut: 1 })
  expect(states).toEqual(['connecting', 'open'])
})

test('where there is no other server a client stays until it is closed, and comes back to the one that starts again', async () => {
  const { clock, servers, at, connect } = world()
  const { client, link, states } = connect()
  const seen: number[] = []
  client.ticks.on('tick', (n) => seen.push(n), { from: 'first' })
  await clock.advance(15_000)
  const ticks = startTicks(clock, () => servers[at.route]!)
  await clock.advance(1_000)
  link.refuse(true) // it listens no more
  const counts = settled(servers[0]!.router.drain({ within: 10_000 }))
  await clock.advance(8_500)
  expect(states).toEqual(['connecting', 'open'])
  expect(link.counts().attempts).toBeGreaterThan(2)
  const answer = client.slow({ n: 7, ms: 1 })
  await clock.advance(400)
  expect(await answer).toBe(7)
  await clock.advance(1_200)
  expect(counts.value).toEqual({ moved: 0, closed: 1, cut: 0 })
  expect(client.connection.getSnapshot().status).toBe('reconnecting')
  at.route = 1
  link.refuse(false)
  await clock.advance(3_000)
  const last = ticks.stop()
  await clock.advance(1_000)
  expect(client.connection.getSnapshot().status).toBe('open')
  expect(seen).toEqual(upTo(last))
})

test('a server that starts again while clients ask without a pause leaves no outcome unknown, and runs nothing twice', async () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const { clock, servers, at, ran, connect } = world({ seed })
    const { client, link } = connect()
    const outcomes: unknown[] = []
    let n = 0
    let going = true
    const ask = async (): Promise<void> => {
      while (going) {
        n += 1
        outcomes.push(await outcome(client.slow({ n, ms: Math.floor(clock.random() * 10) })))
      }
    }
    const asking = Promise.all([ask(), ask()])
    await clock.advance(5_000)
    const counts = settled(servers[0]!.router.drain({ within: 3_000 }))
    link.refuse(true)
    await clock.advance(4_000)
    expect(counts.value).toEqual({ moved: 0, closed: 1, cut: 0 })
    at.route = 1
    link.refuse(false)
    await clock.advance(5_000)
    going = false
    await clock.advance(1_000)
    await asking
    expect(outcomes.filter((each) => typeof each !== 'number')).toEqual([])
    expect(outcomes).toHaveLength(n)
    expect(ran).toHaveLength(n)
    expect(ran.filter((one) => one.startsWith('1')).length).toBeGreaterThan(50)
  }
})

test('a balancer that leads clients back to the server that goes makes none of them run in a circle, or lose a thing', async () => {
  const { clock, servers, connect } = world()
  const { client, link, states } = connect()
  const seen: number[] = []
  client.ticks.on('tick', (n) => seen.push(n), { from: 'first' })
  await clock.advance(15_000)
  const ticks = startTicks(clock, () => servers[0]!)
  const answers = upTo(20).map((n) => client.slow({ n, ms: n * 1_000 }, { withinMs: 60_000 }))
  await clock.advance(1_000)
  const counts = settled(servers[0]!.router.drain())
  await clock.advance(25_000)
  expect(counts.value).toBeUndefined()
  expect(link.counts().attempts).toBeLessThan(10)
  expect(await Promise.all(answers)).toEqual(upTo(20))
  expect(states).toEqual(['connecting', 'open'])
  const last = ticks.stop()
  await clock.advance(2_000)
  expect(seen).toEqual(upTo(last))
})

test('a rolling restart of three servers, with links that break meanwhile: nothing lost, repeated, or run twice', async () => {
  let moved = 0
  for (let seed = 1; seed <= 5; seed += 1) {
    const { clock, servers, at, ran, connect } = world({ seed, nodes: 4, delayMs: 60 })
    const people = upTo(5).map(() => {
      const { client, link } = connect()
      const seen: number[] = []
      client.ticks.on('tick', (n) => seen.push(n), { from: 'first' })
      const asked: Promise<unknown>[] = []
      return { client, link, seen, asked }
    })
    await clock.advance(15_000)
    const ticks = startTicks(clock, () => servers[at.route]!)
    let n = 0
    for (const route of [1, 2, 3]) {
      const before = servers[route - 1]!
      at.route = route
      const counts = settled(before.router.drain({ within: 20_000 }))
      while (counts.value === undefined) {
        const one = people[Math.floor(clock.random() * people.length)]!
        if (clock.random() < 0.02) one.link.cut()
        n += 1
        const ms = Math.floor(clock.random() * 3_000)
        one.asked.push(outcome(one.client.slow({ n, ms })))
        await clock.advance(200)
      }
      moved += counts.value.moved
      await before.hub.close()
    }
    const last = ticks.stop()
    await clock.advance(30_000)
    const outcomes = await Promise.all(people.flatMap(({ asked }) => asked))
    // a cut on the way to another server leaves the outcome of what ran on the one before unknown, and says so
    for (const each of outcomes) expect(typeof each === 'number' || each === 'OUTCOME_UNKNOWN').toBe(true)
    expect(new Set(ran).size).toBe(ran.length)
    expect(new Set(ran.map((one) => one.replace(/^\d: /, ''))).size).toBe(ran.length)
    for (const { seen } of people) expect(seen).toEqual(upTo(last))
  }
  expect(moved).toBeGreaterThan(40)
})
