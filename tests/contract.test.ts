/** What a contract promises about values and their metadata, seen at both ends of a link and of an SSE route. */
import { createClient, createSubscriber } from '@parley/client'
import { anyone, createEmitter, createHub, createRouter } from '@parley/server'
import { call, channel, defineContract, type Schema, volatile } from '@parley/shared'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { knowsMoney, Money } from '../packages/shared/test/codec/money.js'

/** The events of a topic, as they come; the first is resolved to by `next`. */
function heard<T>() {
  const values: T[] = []
  let told: (() => void) | undefined
  return {
    values,
    take: (value: T) => {
      values.push(value)
      told?.()
    },
    async until(count: number): Promise<readonly T[]> {
      while (values.length < count) {
        await new Promise<void>((resolve) => {
          told = resolve
        })
      }
      return values
    },
  }
}

test('`times` adds the moment to what a reader is told, over both transports, and nothing does without it', async () => {
  const contract = defineContract({
    timed: channel({ events: { tick: z.number(), hint: volatile(z.number()) }, times: true }),
    plain: channel({ events: { tick: z.number() } }),
  })
  const hub = createHub(contract)
  const router = createRouter(hub, { timed: { join: anyone }, plain: { join: anyone } })
  const client = createClient(contract, { transport: router.link({ context: undefined }) })
  const over = (topic: { respond(request: Request): Promise<Response> }) => ({
    url: 'http://localhost/events',
    fetch: (url: string, init: RequestInit) => topic.respond(new Request(url, init)),
  })
  const timedSse = createSubscriber(contract, 'timed', over(hub.channel.timed))
  const plainSse = createSubscriber(contract, 'plain', over(hub.channel.plain))
  onTestFinished(async () => {
    timedSse.close()
    plainSse.close()
    client.connection.close()
    await hub.close()
  })
  const timed = heard<object>()
  const plain = heard<object>()
  client.timed.on('tick', (_, details) => timed.take(details))
  timedSse.on('tick', (_, details) => timed.take(details))
  client.plain.on('tick', (_, details) => plain.take(details))
  plainSse.on('tick', (_, details) => plain.take(details))
  await Promise.all([client.timed, client.plain, timedSse, plainSse].map((one) => one.ready()))

  const before = Date.now()
  await hub.channel.timed.emit('tick', 1)
  await hub.channel.plain.emit('tick', 1)
  const after = Date.now()

  const moments = (await timed.until(2)).map((details) => (details as { at: number }).at)
  for (const at of moments) {
    expect(at).toBeGreaterThanOrEqual(before)
    expect(at).toBeLessThanOrEqual(after)
  }
  expect(moments[0]).toBe(moments[1])
  for (const details of await plain.until(2)) expect(details).not.toHaveProperty('at')
})

test('transforms and defaults run once, on the server, whichever way a value goes', async () => {
  const runs: string[] = []
  const louder = (what: string) =>
    z.string().transform((text) => {
      runs.push(what)
      return `${text}!`
    })
  const kind = z.string().default('chat')
  const contract = defineContract({
    room: channel({
      events: { said: z.object({ text: louder('event'), kind }) },
      messages: { say: z.object({ text: louder('message'), kind }) },
    }),
    greet: call({ input: louder('input'), output: louder('output') }),
  })
  const hub = createHub(contract)
  const inputs: unknown[] = []
  const router = createRouter(hub, {
    room: { join: anyone, messages: { say: ({ input }) => inputs.push(input) } },
    greet: ({ input }) => `hello ${input}`,
  })
  const client = createClient(contract, { transport: router.link({ context: undefined }) })
  onTestFinished(async () => {
    client.connection.close()
    await hub.close()
  })
  const events = heard<unknown>()
  client.room.on('said', events.take)
  await client.room.ready()

  await hub.channel.room.emit('said', { text: 'an event' })
  await client.room.send('say', { text: 'a message' })
  expect(await client.greet('Ada')).toBe('hello Ada!!')
  expect(await events.until(1)).toEqual([{ text: 'an event!', kind: 'chat' }])
  expect(inputs).toEqual([{ text: 'a message!', kind: 'chat' }])
  expect(runs).toEqual(['event', 'message', 'input', 'output'])
})

test('any Standard Schema serves, in every place that takes one', async () => {
  const words = schemaOf((value) => typeof value === 'string', 'expected words')
  const contract = defineContract(
    {
      room: channel({
        params: schemaOf<{ id: string }>(
          (value) => typeof (value as { id: unknown }).id === 'string',
          'expected an id',
        ),
        events: { said: words },
        messages: { say: call({ input: words, output: words, errors: { MUTED: words } }) },
      }),
    },
    { version: '1' },
  )
  const hub = createHub(contract, { auth: words, context: ({ auth }) => ({ name: auth }) })
  const router = createRouter(hub, {
    room: {
      join: anyone,
      messages: {
        say: async ({ input, errors, emit }) => {
          if (input === 'rude') throw errors.MUTED('for a day')
          await emit('said', input)
          return `you said ${input}`
        },
      },
    },
  })
  const client = createClient(contract, { transport: router.link({ context: { name: 'Ada' } }) })
  onTestFinished(async () => {
    client.connection.close()
    await hub.close()
  })
  const events = heard<string>()
  const room = client.room({ id: 'general' })
  room.on('said', events.take)
  await room.ready()
  expect(await room.send('say', 'hello')).toBe('you said hello')
  expect(await events.until(1)).toEqual(['hello'])
  expect((await room.send.safe('say', 'rude')).error).toMatchObject({ code: 'MUTED', data: 'for a day' })
  expect((await room.send.safe('say', 7 as never)).error).toMatchObject({
    code: 'VALIDATION',
    issues: [{ path: [], message: 'expected words' }],
  })
  expect(() => hub.channel.room({ id: 'general' }).emit('said', 7 as never)).toThrow('expected words')
})

/** The least that a library has to offer (https://standardschema.dev). */
function schemaOf<T = string>(fits: (value: unknown) => boolean, message: string): Schema<T, T> {
  const validate = (value: unknown) => (fits(value) ? { value: value as T } : { issues: [{ message }] })
  return { '~standard': { version: 1, vendor: 'by hand', validate } }
}

test('a type that both sides registered with superjson travels, over a link and over SSE', async () => {
  const superjson = knowsMoney
  const contract = defineContract({
    prices: channel({ events: { price: z.instanceof(Money) } }),
    double: call({ input: z.instanceof(Money), output: z.instanceof(Money) }),
  })
  const hub = createHub(contract, { superjson })
  const router = createRouter(hub, {
    prices: { join: anyone },
    double: ({ input }) => new Money(input.cents * 2),
  })
  const client = createClient(contract, { transport: router.link({ context: undefined }), superjson })
  const emitter = createEmitter(contract, 'prices', { superjson })
  const subscriber = createSubscriber(contract, 'prices', {
    url: 'http://localhost/prices',
    fetch: (url, init) => emitter.respond(new Request(url, init)),
    superjson,
  })
  onTestFinished(async () => {
    subscriber.close()
    emitter.close()
    client.connection.close()
    await hub.close()
  })
  expect(await client.double(new Money(21))).toEqual(new Money(42))
  const prices = heard<Money>()
  client.prices.on('price', prices.take)
  subscriber.on('price', prices.take)
  await Promise.all([client.prices.ready(), subscriber.ready()])
  await hub.channel.prices.emit('price', new Money(5))
  await emitter.emit('price', new Money(5))
  for (const price of await prices.until(2)) expect(price).toEqual(new Money(5))
})
