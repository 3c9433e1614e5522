/** What a run promises: its order among others, its deadline, its emits, and its one answer. */
import { call, channel, defineContract, type Report, type Schema } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createHubWith, type HubOptions } from '../src/hub.js'
import { anyone, createRouter, type Emit, type Log, memoryLog } from '../src/index.js'
import { insideOf } from '../src/router.js'
import { connect, greet } from './peer.js'

/** Of a vendor that lets its exceptions out. */
const buggy: Schema<{ id: string }, { id: string }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate(value) {
      const params = value as { id: string }
      if (params.id === 'bad') throw new Error('a bug in a schema')
      return { value: params }
    },
  },
}

const contract = defineContract(
  {
    room: channel({
      params: z.object({ id: z.string() }),
      events: { said: z.object({ text: z.string() }) },
      messages: { say: z.object({ text: z.string() }) },
    }),
    odd: channel({
      params: buggy,
      events: { said: z.object({ text: z.string() }) },
      messages: { say: z.object({}) },
    }),
    quick: channel({ messages: { say: z.object({ text: z.string() }) } }),
    wait: call({}),
  },
  { version: '1' },
)

type Say = (run: {
  readonly text: string
  readonly signal: AbortSignal
  readonly emit: Emit<{ said: { text: string } }>
}) => unknown

interface Options extends HubOptions<undefined, undefined> {
  readonly say?: Say
  readonly join?: (id: string, request: Request | undefined) => boolean | Promise<boolean>
}

function setUp({ say = () => {}, join = () => true, ...options }: Options = {}) {
  const clock = virtualClock()
  const reports: Report[] = []
  const ran: string[] = []
  const gates: (() => void)[] = []
  const gate = () => new Promise<void>((open) => gates.push(open))
  const hub = createHubWith(contract, { onReport: (report) => reports.push(report), ...options }, clock)
  const router = createRouter(hub, {
    room: {
      join: ({ params, request }) => join(params.id, request),
      messages: {
        say: async ({ input, signal, emit }) => {
          ran.push(`start ${input.text}`)
          if (input.text.startsWith('wait')) await gate()
          await say({ text: input.text, signal, emit })
          ran.push(`end ${input.text}`)
        },
      },
    },
    odd: { join: anyone, messages: { say: () => {} } },
    quick: { join: anyone, messages: { say: ({ input }) => (input.text === 'wait' ? gate() : undefined) } },
    wait: async ({ signal }) => {
      await gate()
      signal.throwIfAborted()
    },
  })
  const enter = async () => {
    const peer = connect(router)
    greet(peer, 'ann')
    await clock.advance(0)
    return peer
  }
  return { clock, reports, ran, gates, hub, router, enter }
}

const general = { id: 'general' }

test('a message whose join does not answer is past its deadline like any other, and holds nothing up', async () => {
  const asked: ((may: boolean) => void)[] = []
  const { enter, clock, ran } = setUp({
    join: () => (asked.length > 0 ? true : new Promise((resolve) => asked.push(resolve))),
  })
  const ann = await enter()
  ann.say('send', 1, 'room', general, 'say', 500, { text: 'first' })
  ann.say('send', 2, 'room', general, 'say', 500, { text: 'second' })
  await clock.advance(500)
  expect(ann.of('err')).toMatchObject([['err', 1, { code: 'TIMEOUT' }]])
  expect(ann.of('ok')).toEqual([['ok', 2]])
  asked[0]!(true)
  await clock.advance(0)
  // what was answered for already must not begin after what came behind it
  expect(ran).toEqual(['start second', 'end second'])
})

test('a message that is given up while join is asked is answered at once, and never runs', async () => {
  const asked: ((may: boolean) => void)[] = []
  const { enter, clock, ran, reports } = setUp({ join: () => new Promise((resolve) => asked.push(resolve)) })
  const ann = await enter()
  ann.say('send', 1, 'room', general, 'say', 0, { text: 'first' })
  await clock.advance(0)
  ann.say('cancel', 1)
  await clock.advance(0)
  expect(ann.of('err')).toMatchObject([['err', 1, { code: 'ABORTED' }]])
  asked[0]!(true)
  await clock.advance(0)
  expect(ran).toEqual([])
  expect(reports).toEqual([])
})

test('the next message waits for the handler of one that was given up, up to its deadline', async () => {
  const { enter, clock, ran, gates } = setUp()
  const ann = await enter()
  ann.say('sub', 9, 'room', general, null)
  ann.say('send', 1, 'room', general, 'say', 500, { text: 'wait 1' })
  ann.say('send', 2, 'room', general, 'say', 500, { text: '2' })
  await clock.advance(0)
  ann.say('cancel', 1)
  await clock.advance(100)
  expect(ann.of('err')).toMatchObject([['err', 1, { code: 'ABORTED' }]])
  expect(ran).toEqual(['start wait 1'])
  gates[0]!()
  await clock.advance(0)
  expect(ran).toEqual(['start wait 1', 'end wait 1', 'start 2', 'end 2'])

  ann.say('send', 3, 'room', general, 'say', 500, { text: 'wait 3' })
  ann.say('send', 4, 'room', general, 'say', 500, { text: '4' })
  await clock.advance(0)
  ann.say('cancel', 3)
  await clock.advance(500)
  expect(ran.slice(4)).toEqual(['start wait 3', 'start 4', 'end 4'])
})

test('calls that were given up and go on running count as in flight', async () => {
  const { enter, clock, gates } = setUp({ limits: { callsInFlight: 2 } })
  const ann = await enter()
  for (let id = 1; id <= 3; id++) {
    ann.say('call', id, 'wait', 0)
    await clock.advance(0)
    ann.say('cancel', id)
    await clock.advance(0)
  }
  expect(ann.of('err').map(([, id, { code }]) => [id, code])).toEqual([
    [1, 'ABORTED'],
    [2, 'ABORTED'],
    [3, 'OVERLOADED'],
  ])
  expect(gates).toHaveLength(2)
})

test('a handler that obeys its signal is no failure to report', async () => {
  const { enter, clock, gates, reports } = setUp()
  const ann = await enter()
  ann.say('call', 1, 'wait', 0)
  await clock.advance(0)
  ann.say('cancel', 1)
  gates[0]!()
  await clock.advance(0)
  expect(reports).toEqual([])
})

test('an emit that follows one not waited for is stored before the answer, too', async () => {
  const { enter, clock } = setUp({
    say: ({ emit }) => void emit('said', { text: 'first' }).then(() => emit('said', { text: 'second' })),
  })
  const ann = await enter()
  ann.say('sub', 1, 'room', general, null)
  await clock.advance(0)
  ann.say('send', 2, 'room', general, 'say', 0, { text: 'x' })
  await clock.advance(0)
  expect(ann.frames.slice(-3).map(([tag]) => tag)).toEqual(['e', 'e', 'ok'])
})

test('an emit after the run was answered is refused', async () => {
  const late: Emit<{ said: { text: string } }>[] = []
  const { enter, clock } = setUp({ say: ({ emit }) => late.push(emit) })
  const ann = await enter()
  ann.say('send', 1, 'room', general, 'say', 0, { text: 'x' })
  await clock.advance(0)
  expect(ann.of('ok')).toEqual([['ok', 1]])
  expect(() => late[0]!('said', { text: 'late' })).toThrow(expect.objectContaining({ code: 'ABORTED' }))
})

test('an emit of a handler that fails is reported where it could not be stored', async () => {
  const log = memoryLog()
  const broken: Log = {
    append: () => Promise.reject(new Error('disk full')),
    publish: (item) => log.publish(item),
    read: (topic, from, bounds) => log.read(topic, from, bounds),
    tail: (listener) => log.tail(listener),
    close: () => log.close(),
  }
  const { enter, clock, reports } = setUp({
    log: broken,
    say: ({ emit }) => {
      emit('said', { text: 'x' })
      throw new Error('a bug')
    },
  })
  const ann = await enter()
  ann.say('send', 1, 'room', general, 'say', 0, { text: 'x' })
  await clock.advance(0)
  expect(reports.map(({ kind, error }) => [kind, (error as Error).message])).toEqual([
    ['handler-failed', 'a bug'],
    ['emit-failed', 'disk full'],
  ])
})

test('a params schema that throws is a bug of the server: told with an id, and nobody else notices', async () => {
  const { enter, clock, reports, router } = setUp()
  const ann = await enter()
  ann.say('sub', 1, 'odd', { id: 'bad' }, null)
  ann.say('send', 2, 'odd', { id: 'bad' }, 'say', 0, {})
  ann.say('send', 3, 'odd', { id: 'good' }, 'say', 0, {})
  await clock.advance(0)
  const request = new Request('http://localhost/events/odd?id=bad')
  const response = await insideOf(router).fetch(request, '/events/odd')
  expect(response.status).toBe(500)
  const { error } = (await response.json()) as { error: { id: string } }
  const [, , refusedCode, refusedMessage] = ann.of('refused')[0]!
  expect(refusedCode).toBe('INTERNAL')
  expect(ann.of('err')).toMatchObject([['err', 2, { code: 'INTERNAL', id: reports[1]!.id }]])
  expect(ann.of('ok')).toEqual([['ok', 3]])
  expect(reports.map(({ kind, path }) => [kind, path])).toEqual([
    ['handler-failed', 'odd'],
    ['handler-failed', 'odd'],
    ['handler-failed', 'odd'],
  ])
  expect(refusedMessage).toContain(reports[0]!.id)
  expect(error.id).toBe(reports[2]!.id)
})

test('join is given the request of a POST and of an SSE route', async () => {
  const seen: (string | undefined)[] = []
  const { router } = setUp({
    join: (_, request) => {
      seen.push(request?.method)
      return false
    },
  })
  const ask = (method: string, path: string) => {
    const url = `http://localhost${path}?id=general`
    const headers = { 'content-type': 'application/json' }
    const init = method === 'POST' ? { method, headers, body: '{"text":"x"}' } : { method }
    return insideOf(router).fetch(new Request(url, init), path)
  }
  expect((await ask('GET', '/events/room')).status).toBe(403)
  expect((await ask('POST', '/message/room/say')).status).toBe(403)
  expect(seen).toEqual(['GET', 'POST'])
})

test('a handler finds every channel of the hub in its `topics`, each bound to its run', async () => {
  const clock = virtualClock()
  const nested = defineContract({
    news: channel({ events: { item: z.object({ n: z.number() }) } }),
    deep: {
      inner: { room: channel({ params: z.object({ id: z.string() }), events: { said: z.object({}) } }) },
    },
    act: call({}),
  })
  const hub = createHubWith(nested, {}, clock)
  const kept: (() => unknown)[] = []
  const router = createRouter(hub, {
    news: { join: anyone },
    deep: { inner: { room: { join: anyone } } },
    act: async ({ topics }) => {
      const { news, deep } = topics
      await deep.inner.room({ id: 'a' }).emit('said', {})
      news.emit('item', { n: 1 })
      kept.push(() => topics.news.emit('item', { n: 2 }))
      expect(() => topics.deep.inner.room({ id: 5 as never })).toThrow(/Params of 'deep.inner.room'/)
    },
  })
  const ann = connect(router)
  greet(ann, 'ann')
  await clock.advance(0)
  ann.say('sub', 1, 'news', null, null)
  ann.say('sub', 2, 'deep.inner.room', { id: 'a' }, null)
  await clock.advance(0)
  ann.say('call', 3, 'act', 0)
  await clock.advance(0)
  expect(ann.frames.slice(-3)).toEqual([
    ['e', 2, 1, 'said', {}],
    ['e', 1, 2, 'item', { n: 1 }],
    ['ok', 3],
  ])
  expect(kept[0]).toThrow(expect.objectContaining({ code: 'ABORTED' }))
})

test('two spellings of one topic are one topic: their messages run one at a time', async () => {
  const { enter, clock, ran, gates } = setUp()
  const ann = await enter()
  ann.say('send', 1, 'room', general, 'say', 0, { text: 'wait 1' })
  ann.say('send', 2, 'room', { more: true, id: 'general' }, 'say', 0, { text: '2' })
  ann.say('send', 3, 'room', { id: 'other' }, 'say', 0, { text: 'elsewhere' })
  await clock.advance(0)
  expect(ran).toEqual(['start wait 1', 'start elsewhere', 'end elsewhere'])
  gates[0]!()
  await clock.advance(0)
  expect(ran.slice(3)).toEqual(['end wait 1', 'start 2', 'end 2'])
})

test('a long row of messages behind one that waited runs to its end', async () => {
  const { enter, clock, gates } = setUp({ limits: { messagesWaiting: 20_000 } })
  const ann = await enter()
  ann.say('sub', 30_000, 'quick', null, null)
  await clock.advance(0)
  ann.say('send', 1, 'quick', null, 'say', 0, { text: 'wait' })
  for (let id = 2; id <= 20_000; id++) ann.say('send', id, 'quick', null, 'say', 0, { text: '' })
  gates[0]!()
  await clock.advance(0)
  expect(ann.of('ok')).toHaveLength(20_000)
})
