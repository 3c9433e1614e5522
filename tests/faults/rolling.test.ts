/** Servers that are replaced while they are used, over real sockets: nothing may be lost, repeated or run twice. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@parley/client'
import { anyone, createHub, createRouter, memoryLog } from '@parley/server'
import { serve } from '@parley/server/bun'
import { call, channel, defineContract, ParleyError } from '@parley/shared'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { contract as demoContract } from '../../examples/demo/contract.js'
import { startExample } from '../examples/running.js'
import { keptOpen } from '../support/kept-open.js'
import { Counting, faultless } from './counting.js'

const contract = defineContract({
  ticks: channel({ events: { tick: z.number() }, replay: { last: 10_000 } }),
  room: channel({
    events: { said: z.string() },
    messages: { say: call({ input: z.string(), output: z.string() }) },
    replay: { last: 10_000 },
  }),
})

/** What somebody sent, one after the other, and what came of it. */
class Sender {
  readonly answered: string[] = []
  readonly unknown: string[] = []
  sent = 0
  #going = true
  readonly #done: Promise<void>

  /** @param pauseMs Between an answer and the next one: what a channel keeps must last for those who are away. */
  constructor(name: string, pauseMs: number, send: (text: string) => Promise<unknown>) {
    this.#done = this.#run(name, pauseMs, send)
  }

  async #run(name: string, pauseMs: number, send: (text: string) => Promise<unknown>): Promise<void> {
    for (; this.#going; await new Promise((resolve) => setTimeout(resolve, pauseMs))) {
      this.sent += 1
      const text = `${name} ${this.sent}`
      try {
        await send(text)
        this.answered.push(text)
      } catch (error) {
        const code = error instanceof ParleyError ? error.code : ''
        if (code === 'CLOSED' && !this.#going) return
        if (code !== 'OUTCOME_UNKNOWN') throw error
        this.unknown.push(text)
      }
    }
  }

  /** Resolves once the last one was answered. */
  stop(): Promise<void> {
    this.#going = false
    return this.#done
  }
}

/** Each text that came, and how often. */
class Texts {
  readonly counts = new Map<string, number>()

  take(text: string): void {
    this.counts.set(text, (this.counts.get(text) ?? 0) + 1)
  }

  faults(answered: readonly string[]) {
    const lost = answered.filter((text) => !this.counts.has(text)).length
    return { lost, repeated: [...this.counts.values()].filter((count) => count > 1).length }
  }
}

const print = (what: string, figures: Readonly<Record<string, number>>): void =>
  console.log(
    `${what}: ${Object.entries(figures)
      .map(([name, n]) => `${name} ${n}`)
      .join(', ')}`,
  )

const names = ['ada', 'bob', 'cid', 'dan', 'eve', 'fay', 'gus', 'hal']

test('two servers on one port, one after the other replaced under load: clients never are without a connection', async () => {
  const log = keptOpen(memoryLog())
  const runs = new Texts()
  const start = (port: number) => {
    const hub = createHub(contract, { log })
    const router = createRouter(hub, {
      ticks: { join: anyone },
      room: {
        join: anyone,
        messages: {
          say: async ({ input, emit }) => {
            runs.take(input)
            await emit('said', input)
            return input
          },
        },
      },
    })
    return { hub, serving: serve(router, { port, hostname: '127.0.0.1', reusePort: true }) }
  }
  let server = start(0)
  const { url, port } = { url: server.serving.url, port: server.serving.server.port! }
  onTestFinished(() => server.serving.stop())

  let n = 0
  const ticking = setInterval(() => {
    n += 1
    void server.hub.channel.ticks.emit('tick', n)
  }, 5)
  const people = names.map((name) => {
    const client = createClient(contract, { url })
    const states: string[] = []
    client.connection.subscribe(() => states.push(client.connection.getSnapshot().status))
    const ticks = new Counting()
    const said = new Texts()
    client.ticks.on('tick', (tick) => ticks.take(tick), { from: 'first' })
    client.room.on('said', (text) => said.take(text), { from: 'first' })
    client.room.onGap(() => said.take('a gap'))
    client.ticks.onGap(() => {
      ticks.gaps += 1
    })
    return {
      client,
      states,
      ticks,
      said,
      sender: new Sender(name, 0, (text) => client.room.send('say', text)),
    }
  })
  onTestFinished(() => {
    clearInterval(ticking)
    for (const { client } of people) client.connection.close()
  })
  await expect.poll(() => people.every(({ sender }) => sender.answered.length > 5)).toBe(true)
  for (let restart = 0; restart < 2; restart += 1) {
    const before = server
    server = start(port)
    await before.serving.stop({ within: 10_000 })
  }
  clearInterval(ticking)
  await Promise.all(people.map(({ sender }) => sender.stop()))
  const answered = people.flatMap(({ sender }) => sender.answered)
  await Promise.all(people.map(({ ticks }) => ticks.until(n)))
  await expect.poll(() => people.map(({ said }) => said.faults(answered).lost)).toEqual(names.map(() => 0))
  const unknown = people.flatMap(({ sender }) => sender.unknown)
  print('replaced on one port', {
    sent: people.reduce((sum, { sender }) => sum + sender.sent, 0),
    answered: answered.length,
    unknown: unknown.length,
    run: [...runs.counts.values()].reduce((sum, count) => sum + count, 0),
    delivered: people.reduce((sum, { said, ticks }) => sum + said.counts.size + ticks.delivered, 0),
    lost: people.reduce((sum, { said, ticks }) => sum + said.faults(answered).lost + ticks.lostOf(n), 0),
    repeated: people.reduce((sum, { said, ticks }) => sum + said.faults([]).repeated + ticks.repeated, 0),
  })
  expect(unknown).toEqual([])
  expect(runs.faults(answered)).toEqual({ lost: 0, repeated: 0 })
  for (const { states, ticks, said } of people) {
    expect(states).toEqual(['connecting', 'open'])
    expect(ticks.faults(n)).toEqual(faultless)
    expect(said.faults(answered)).toEqual({ lost: 0, repeated: 0 })
  }
}, 240_000)

test('the demo, stopped and started again under load: the pages lose nothing and get nothing twice', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-rolling-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = 'examples/demo/start.ts'
  const data = join(folder, 'events.db')
  let demo = await startExample(file, { data })
  onTestFinished(async () => {
    await demo.stop()
  })
  const { url } = demo
  const { port } = new URL(url)
  const people = names.map((name) => {
    const client = createClient(demoContract, {
      url: `${url}/realtime`,
      auth: () => name,
      onReport: () => {},
    })
    const room = client.room({ id: 'general' })
    const numbers: number[] = []
    const said = new Texts()
    let gaps = 0
    client.ticks.on('tick', ({ n }) => numbers.push(n), { from: { last: 1 } })
    room.on('message', ({ text }) => said.take(text), { from: 'first' })
    for (const topic of [client.ticks, room]) topic.onGap(() => (gaps += 1))
    const sender = new Sender(name, 200, (text) => room.send('say', { text }))
    return { client, numbers, said, sender, gaps: () => gaps }
  })
  onTestFinished(() => {
    for (const { client } of people) client.connection.close()
  })
  const goesOn = async (): Promise<void> => {
    const before = people.map(({ sender }) => sender.answered.length)
    await expect
      .poll(() => people.every(({ sender }, i) => sender.answered.length > before[i]! + 3))
      .toBe(true)
  }
  await goesOn()
  for (let restart = 0; restart < 1; restart += 1) {
    const { code } = await demo.stop('SIGTERM')
    expect(code).toBe(0)
    demo = await startExample(file, { data, port })
    await goesOn()
  }
  await Promise.all(people.map(({ sender }) => sender.stop()))
  const answered = people.flatMap(({ sender }) => sender.answered)
  const unknown = people.flatMap(({ sender }) => sender.unknown)
  await expect.poll(() => people.map(({ said }) => said.faults(answered).lost)).toEqual(names.map(() => 0))
  const repeatedOf = (numbers: readonly number[]) => numbers.length - new Set(numbers).size
  const lostOf = (numbers: readonly number[]) => numbers.at(-1)! - numbers[0]! + 1 - new Set(numbers).size
  print('the demo restarted', {
    sent: people.reduce((sum, { sender }) => sum + sender.sent, 0),
    answered: answered.length,
    unknown: unknown.length,
    run: new Set(people.flatMap(({ said }) => [...said.counts.keys()])).size,
    delivered: people.reduce((sum, { said, numbers }) => sum + said.counts.size + numbers.length, 0),
    lost: people.reduce((sum, { said, numbers }) => sum + said.faults(answered).lost + lostOf(numbers), 0),
    repeated: people.reduce(
      (sum, { said, numbers }) => sum + said.faults([]).repeated + repeatedOf(numbers),
      0,
    ),
  })
  for (const { numbers, said, gaps } of people) {
    expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index))
    expect(said.faults(answered)).toEqual({ lost: 0, repeated: 0 })
    expect(gaps()).toBe(0)
  }
}, 240_000)
