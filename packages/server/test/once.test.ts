/** What must not run twice, from its frame or POST to its one outcome. */
import { call, channel, defineContract, type ParleyError, type Report, volatile } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createHubWith } from '../src/hub.js'
import { createHub, createRouter, memoryLog } from '../src/index.js'
import { insideOf } from '../src/router.js'
import { onceLog } from './once-log.js'
import { connect, greet } from './peer.js'

const Order = z.object({ item: z.string() })

const contract = defineContract({
  shop: channel({
    events: { sold: z.object({ item: z.string() }), hint: volatile(z.string()) },
    messages: {
      order: call({ input: Order, output: z.object({ number: z.number() }), once: '1h' }),
    },
  }),
  pay: call({
    input: Order,
    output: z.object({ number: z.number(), at: z.date() }),
    errors: { SOLD_OUT: { data: z.object({ until: z.date() }), status: 410 } },
    once: '24h',
  }),
  list: call({ output: z.number() }),
})

interface Options {
  readonly mayOrder?: () => boolean
}

/** A server, and its successors over the same log. */
function setUp({ mayOrder = () => true }: Options = {}) {
  const clock = virtualClock()
  const remembering = onceLog({ clock })
  const ran: string[] = []
  const reports: Report[] = []
  const emitted: unknown[] = []
  const gates: (() => void)[] = []
  let number = 0

  const start = () => {
    const hub = createHubWith(
      contract,
      {
        auth: z.string().optional(),
        context: ({ auth }) => ({ user: auth }),
        identify: ({ user }) => user,
        log: remembering.log,
        onReport: (report) => reports.push(report),
      },
      clock,
    )
    const act = async (item: string, signal: AbortSignal): Promise<number> => {
      ran.push(item)
      if (item.startsWith('wait')) {
        await new Promise<void>((open) => {
          gates.push(open)
          signal.addEventListener('abort', () => ran.push(`stopped by ${signal.reason.code}`))
        })
      }
      return ++number
    }
    const router = createRouter(hub, {
      shop: {
        join: mayOrder,
        messages: {
          order: async ({ input, signal, emit, others }) => {
            emitted.push(await emit('sold', input))
            await others.emit('hint', `someone buys ${input.item}`)
            return { number: await act(input.item, signal) }
          },
        },
      },
      pay: async ({ input, signal, topics, errors }) => {
        emitted.push(await topics.shop.emit('sold', input))
        topics.shop.emit('hint', `${input.item} goes`) // not awaited: it belongs to the run all the same
        const paid = await act(input.item, signal)
        if (input.item === 'odd') await topics.shop.emit('sold', { item: 5 as never })
        if (input.item === 'gone') throw errors.SOLD_OUT({ until: new Date(5) })
        if (input.item === 'bug') throw new Error('a secret of the database')
        if (input.item === 'wait, late') {
          try {
            await topics.shop.emit('sold', { item: 'too late' })
          } catch (error) {
            emitted.push((error as ParleyError).code)
          }
        }
        return { number: paid, at: new Date(7) }
      },
      list: () => number,
    })
    const enter = async (client: string, member?: string) => {
      const peer = connect(router)
      greet(peer, client, member)
      await clock.advance(0)
      return peer
    }
    const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
      const request = new Request(`http://localhost/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      })
      const response = await insideOf(router).fetch(request, `/${path}`)
      const text = await response.text()
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
    }
    return { hub, router, enter, post }
  }
  /** The items that readers were shown so far. */
  const sold = async () => {
    const topic = { key: 'shop', retention: { last: 99, forMs: 1e9, bytes: 1e9 } }
    const page = await remembering.log.read(topic, 'first', { limit: 99, bytes: 1e9 })
    return page.entries.map(({ data }) => JSON.parse(data.json).item)
  }
  return { clock, remembering, ran, reports, emitted, gates, sold, start }
}

const pay = (item: string, id = 1) => ['call', id, 'pay', 0, { item }]
const order = (item: string, id = 1) => ['send', id, 'shop', null, 'order', 0, { item }]
const paid = (number: number, id = 1) => [
  'ok',
  id,
  { number, at: '1970-01-01T00:00:00.007Z' },
  expect.anything(),
]
const error = (code: string, id = 1) => ['err', id, expect.objectContaining({ code })]

describe('a call with `once` that comes again', () => {
  test('is answered with its result and does not run, though session and server are new', async () => {
    const { start, clock, ran, sold, remembering } = setUp()
    const first = await start().enter('ann', 'Ann')
    first.say(...pay('book'))
    await clock.advance(0)
    expect(first.of('ok')).toEqual([paid(1)])
    const second = await start().enter('ann', 'Ann')
    second.say(...pay('book'))
    await clock.advance(0)
    expect(second.of('ok')).toEqual([paid(1)])
    expect(ran).toEqual(['book'])
    expect(await sold()).toEqual(['book'])
    expect(remembering.keptMs).toBe(86_400_000)
  })

  test.each([
    [
      'gone',
      [
        'err',
        1,
        { code: 'SOLD_OUT', message: 'SOLD_OUT' },
        { until: '1970-01-01T00:00:00.005Z' },
        expect.anything(),
      ],
    ],
    ['bug', ['err', 1, { code: 'INTERNAL', message: expect.anything(), id: expect.anything() }]],
  ])(
    'is answered with the failure that it ended with, and nothing of %j was emitted',
    async (item, answer) => {
      const { start, clock, ran, sold } = setUp()
      const first = await start().enter('ann')
      first.say(...pay(item))
      await clock.advance(0)
      expect(first.of('err')).toEqual([answer])
      const second = await start().enter('ann')
      second.say(...pay(item))
      await clock.advance(0)
      expect(second.of('err')).toEqual(first.of('err')) // down to the id of the report
      expect(ran).toEqual([item])
      expect(await sold()).toEqual([])
    },
  )

  test('while it runs waits for its one result, in whatever session', async () => {
    const { start, clock, ran, gates } = setUp()
    const server = start()
    const first = await server.enter('ann')
    first.say(...pay('wait'))
    await clock.advance(0)
    const second = await server.enter('ann')
    second.say(...pay('wait'))
    await clock.advance(0)
    expect(second.frames).toHaveLength(1) // welcome
    gates[0]!()
    await clock.advance(0)
    expect(second.of('ok')).toEqual([paid(1)])
    expect(ran).toEqual(['wait'])
  })

  test('after the server died within it has an unknown outcome, for ever', async () => {
    const { start, clock, ran, sold } = setUp()
    const first = await start().enter('ann')
    first.say(...pay('wait'))
    await clock.advance(0)
    for (let n = 0; n < 2; n++) {
      const next = await start().enter('ann') // the run of the server before is as good as dead: nothing joins it
      next.say(...pay('wait'))
      await clock.advance(0)
      expect(next.of('err')).toEqual([error('OUTCOME_UNKNOWN')])
    }
    expect(ran).toEqual(['wait'])
    expect(await sold()).toEqual([])
  })

  test('with another input, or for something else, is refused as a conflict', async () => {
    const { start, clock, ran } = setUp()
    const server = start()
    const first = await server.enter('ann')
    first.say(...pay('book'))
    await clock.advance(0)
    for (const other of [pay('pen'), order('book')]) {
      const peer = await server.enter('ann')
      peer.say(...other)
      await clock.advance(0)
      expect(peer.of('err')).toEqual([error('CONFLICT')])
    }
    const alive = await server.enter('ann')
    alive.say(...pay('wait', 2))
    const other = await server.enter('ann')
    other.say(...pay('wait, not', 2))
    await clock.advance(0)
    expect(other.of('err')).toEqual([error('CONFLICT', 2)])
    expect(ran).toEqual(['book', 'wait'])
  })

  test('as another member is not run for that one, who is told nothing of its outcome', async () => {
    const { start, clock, ran } = setUp()
    const server = start()
    const first = await server.enter('ann', 'Ann')
    first.say(...pay('book'))
    await clock.advance(0)
    for (const member of ['Bob', undefined]) {
      const peer = await server.enter('ann', member)
      peer.say(...pay('book'))
      await clock.advance(0)
      expect(peer.of('err')).toEqual([error('OUTCOME_UNKNOWN')])
    }
    expect(ran).toEqual(['book'])
  })

  test('from another client, or under another number, is another call', async () => {
    const { start, clock, ran } = setUp()
    const server = start()
    const ann = await server.enter('ann', 'Ann')
    const other = await server.enter('ann2', 'Ann')
    ann.say(...pay('book'))
    ann.say(...pay('book', 2))
    other.say(...pay('book'))
    await clock.advance(0)
    expect(ann.of('ok')).toEqual([paid(1), paid(2, 2)])
    expect(other.of('ok')).toEqual([paid(3)])
    expect(ran).toEqual(['book', 'book', 'book'])
  })

  test('runs if it was refused before: what did not run is not remembered', async () => {
    let may = false
    const { start, clock, ran, remembering } = setUp({ mayOrder: () => may })
    const server = start()
    const first = await server.enter('ann')
    first.say(...order('book'))
    first.say('call', 2, 'pay', 0, { item: 5 })
    await clock.advance(0)
    expect(first.of('err')).toEqual([error('VALIDATION', 2), error('FORBIDDEN')])
    expect(remembering.records.size).toBe(0)
    may = true
    const second = await server.enter('ann')
    second.say(...order('book'))
    second.say(...pay('pen', 2))
    await clock.advance(0)
    expect(
      second
        .of('ok')
        .map(([, id]) => id)
        .sort(),
    ).toEqual([1, 2])
    expect(ran.sort()).toEqual(['book', 'pen'])
  })

  test('is answered though the right to run it is gone: it has run', async () => {
    let may = true
    const { start, clock, ran, remembering } = setUp({ mayOrder: () => may })
    const first = await start().enter('ann')
    first.say(...order('book'))
    await clock.advance(0)
    may = false
    const second = await start().enter('ann')
    second.say(...order('book'))
    await clock.advance(0)
    expect(second.of('ok')).toEqual([['ok', 1, { number: 1 }]])
    expect(ran).toEqual(['book'])
    expect(remembering.keptMs).toBe(3_600_000)
  })
})

describe('a handler with `once`', () => {
  test('starts once its intent is stored, and not before', async () => {
    const { start, clock, ran, remembering } = setUp()
    let stored = () => {}
    remembering.before.begin = () => new Promise((resolve) => (stored = resolve))
    const ann = await start().enter('ann')
    ann.say(...pay('book'))
    await clock.advance(0)
    expect(ran).toEqual([])
    stored()
    await clock.advance(0)
    expect(ran).toEqual(['book'])
  })

  test('does not start where its intent could not be stored', async () => {
    const { start, clock, ran, remembering, reports } = setUp()
    remembering.before.begin = () => Promise.reject(new Error('the disk is full'))
    const ann = await start().enter('ann')
    ann.say(...pay('book'))
    await clock.advance(0)
    expect(ann.of('err')).toEqual([error('INTERNAL')])
    expect(reports).toMatchObject([
      { kind: 'handler-failed', path: 'pay', error: { message: 'the disk is full' } },
    ])
    delete remembering.before.begin
    ann.say(...pay('book', 2))
    const again = await start().enter('ann')
    again.say(...pay('book'))
    await clock.advance(0)
    expect(again.of('ok')).toHaveLength(1)
    expect(ran).toEqual(['book', 'book'])
  })

  test('may wait for what it emits, which has no position yet, and is shown with its result', async () => {
    const { start, clock, emitted, gates, sold } = setUp()
    const server = start()
    const [ann, reader] = [await server.enter('ann'), await server.enter('reader')]
    reader.say('sub', 1, 'shop', null, null)
    ann.say(...pay('wait'))
    await clock.advance(0)
    expect(emitted).toEqual([undefined])
    expect(await sold()).toEqual([])
    server.hub.channel.shop.emit('sold', { item: 'at once' }) // is not the run's
    await clock.advance(0)
    expect(await sold()).toEqual(['at once'])
    gates[0]!()
    await clock.advance(0)
    expect(await sold()).toEqual(['at once', 'wait'])
    const [topic] = reader.of('joined').map(([, , number]) => number)
    expect(
      reader.frames.slice(-3).map(([tag, , ...rest]) => [tag, ...rest.slice(tag === 'e' ? 1 : 0)]),
    ).toEqual([
      ['e', 'sold', { item: 'at once' }],
      ['e', 'sold', { item: 'wait' }],
      ['v', 'hint', 'wait goes'],
    ])
    expect(reader.of('e').every(([, number]) => number === topic)).toBe(true)
  })

  test('is told at once of an emit that does not fit', async () => {
    const { start, clock, reports, sold } = setUp()
    const ann = await start().enter('ann')
    ann.say(...pay('odd'))
    await clock.advance(0)
    expect(ann.of('err')).toEqual([error('INTERNAL')])
    expect(reports).toMatchObject([{ kind: 'handler-failed', error: { code: 'VALIDATION' } }])
    expect(await sold()).toEqual([])
  })

  test('past its deadline is told to stop; that is the outcome, and nothing that it emitted is kept', async () => {
    const { start, clock, ran, emitted, gates, sold } = setUp()
    const ann = await start().enter('ann')
    ann.say(...pay('wait, late'))
    await clock.advance(10_000)
    expect(ann.of('err')).toEqual([error('TIMEOUT')])
    expect(ran).toEqual(['wait, late', 'stopped by TIMEOUT'])
    gates[0]!()
    await clock.advance(0)
    expect(emitted).toEqual([undefined, 'ABORTED'])
    const second = await start().enter('ann')
    second.say(...pay('wait, late'))
    await clock.advance(0)
    expect(second.of('err')).toEqual([error('TIMEOUT')])
    expect(ran).toHaveLength(2)
    expect(await sold()).toEqual([])
  })

  test('past its deadline before its intent is stored never starts, and that is its outcome', async () => {
    const { start, clock, ran, remembering } = setUp()
    let stored = () => {}
    remembering.before.begin = () => new Promise((resolve) => (stored = resolve))
    const ann = await start().enter('ann')
    ann.say(...pay('book'))
    await clock.advance(10_000)
    stored()
    await clock.advance(0)
    expect(ann.of('err')).toEqual([error('TIMEOUT')])
    const second = await start().enter('ann')
    second.say(...pay('book'))
    await clock.advance(0)
    expect(second.of('err')).toEqual([error('TIMEOUT')])
    expect(ran).toEqual([])
  })

  test('that returned in time has its result, however long that takes to be stored', async () => {
    const { start, clock, remembering, sold } = setUp()
    let stored = () => {}
    remembering.before.finish = () => new Promise((resolve) => (stored = resolve))
    const ann = await start().enter('ann')
    ann.say(...pay('book'))
    await clock.advance(20_000)
    expect(ann.of('ok')).toEqual([])
    expect(ann.of('err')).toEqual([])
    stored()
    await clock.advance(0)
    expect(ann.of('ok')).toEqual([paid(1)])
    expect(await sold()).toEqual(['book'])
  })

  test('whose result cannot be stored has an unknown outcome, also when it is asked for again', async () => {
    const { start, clock, ran, remembering, reports, sold } = setUp()
    remembering.before.finish = () => Promise.reject(new Error('the disk is full'))
    const server = start()
    const ann = await server.enter('ann')
    ann.say(...pay('book'))
    await clock.advance(0)
    expect(ann.of('err')).toEqual([error('OUTCOME_UNKNOWN')])
    expect(reports).toMatchObject([
      { kind: 'log-failed', path: 'pay', error: { message: 'the disk is full' } },
    ])
    delete remembering.before.finish
    const second = await server.enter('ann')
    second.say(...pay('book'))
    await clock.advance(0)
    expect(second.of('err')).toEqual([error('OUTCOME_UNKNOWN')])
    expect(ran).toEqual(['book'])
    expect(await sold()).toEqual([])
  })

  test('goes on to its end when its caller gives up, and who asks again is told its result', async () => {
    const { start, clock, ran, gates } = setUp()
    const server = start()
    const ann = await server.enter('ann')
    ann.say(...pay('wait'))
    await clock.advance(0)
    ann.say('cancel', 1)
    await clock.advance(0)
    expect(ann.of('err')).toEqual([error('ABORTED')])
    ann.leave()
    gates[0]!()
    await clock.advance(0)
    const second = await server.enter('ann')
    second.say(...pay('wait'))
    await clock.advance(0)
    expect(second.of('ok')).toEqual([paid(1)])
    expect(ran).toEqual(['wait'])
  })
})

test('messages with `once` keep their order among the others of their topic', async () => {
  const { start, clock, ran, gates } = setUp()
  const ann = await start().enter('ann')
  ann.say(...order('wait'))
  ann.say(...order('book', 2))
  await clock.advance(0)
  expect(ran).toEqual(['wait'])
  gates[0]!()
  await clock.advance(0)
  expect(ann.of('ok')).toEqual([
    ['ok', 1, { number: 1 }],
    ['ok', 2, { number: 2 }],
  ])
})

test('createHub refuses `once` over a log that forgets, naming the log, each call and how to mend it', () => {
  const over = (log?: ReturnType<typeof memoryLog>) => () => createHub(contract, { ...(log && { log }) })
  const mend = /sqliteLog\(path\)/
  for (const create of [over(), over(memoryLog())]) {
    expect(create).toThrow(
      expect.objectContaining({ code: 'BAD_OPTIONS', message: expect.stringMatching(mend) }),
    )
    expect(create).toThrow("'pay', 'shop.order' must not run twice (`once`), and memoryLog() cannot")
  }
  expect(over({ ...onceLog({}).log, name: 'myLog', once: undefined as never })).toThrow('and myLog cannot')
})

describe('a call with `once` over HTTP', () => {
  const ann = { authorization: 'Bearer Ann', 'idempotency-key': 'order-1' }

  test('runs once for its key, though the server is new', async () => {
    const { start, ran, sold } = setUp()
    const first = await start().post('call/pay', { item: 'book' }, ann)
    expect(first).toEqual({ status: 200, body: { number: 1, at: '1970-01-01T00:00:00.007Z' } })
    expect(await start().post('call/pay', { item: 'book' }, ann)).toEqual(first)
    expect(ran).toEqual(['book'])
    expect(await sold()).toEqual(['book'])
  })

  test('gives a declared error again with its status and its data', async () => {
    const { start, ran } = setUp()
    const first = await start().post('call/pay', { item: 'gone' }, ann)
    expect(first).toMatchObject({
      status: 410,
      body: { error: { data: { until: '1970-01-01T00:00:00.005Z' } } },
    })
    expect(await start().post('call/pay', { item: 'gone' }, ann)).toEqual(first)
    expect(ran).toEqual(['gone'])
  })

  test('is 409 where nobody knows what came of it, and where the key was for something else', async () => {
    const { start, clock, ran } = setUp()
    void start().post('call/pay', { item: 'wait' }, ann)
    await clock.advance(0)
    const died = await start().post('call/pay', { item: 'wait' }, ann)
    expect(died).toMatchObject({ status: 409, body: { error: { code: 'OUTCOME_UNKNOWN' } } })
    for (const path of ['call/pay', 'message/shop/order']) {
      const other = await start().post(path, { item: 'book' }, ann)
      expect(other).toMatchObject({ status: 409, body: { error: { code: 'CONFLICT' } } })
    }
    expect(ran).toEqual(['wait'])
  })

  test('has keys of its own for each member', async () => {
    const { start, ran } = setUp()
    const server = start()
    await server.post('call/pay', { item: 'book' }, ann)
    await server.post('call/pay', { item: 'book' }, { ...ann, authorization: 'Bearer Bob' })
    expect(ran).toEqual(['book', 'book'])
  })

  test('without a key is refused, with the name of the header; an anonymous key, with the reason', async () => {
    const { start, ran } = setUp()
    const refused = (message: RegExp) => ({
      status: 400,
      body: { error: { code: 'BAD_REQUEST', message: expect.stringMatching(message) } },
    })
    const { post } = start()
    const bare = await post('call/pay', { item: 'book' }, { authorization: 'Bearer Ann' })
    expect(bare).toMatchObject(refused(/'pay' must not run twice: send an Idempotency-Key header/))
    const anonymous = await post('call/pay', { item: 'book' }, { 'idempotency-key': 'order-1' })
    expect(anonymous).toMatchObject(refused(/needs a member/))
    const odd = await post('call/pay', { item: 'book' }, { ...ann, 'idempotency-key': 'two words' })
    expect(odd).toMatchObject(refused(/visible ASCII/))
    expect(ran).toEqual([])
  })

  test('goes on to its end when the caller is gone, and the next one is told its result', async () => {
    const { start, clock, ran, gates } = setUp()
    const { router, post } = start()
    const leave = new AbortController()
    const request = new Request('http://localhost/call/pay', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...ann },
      body: '{"item":"wait"}',
      signal: leave.signal,
    })
    const first = insideOf(router).fetch(request, '/call/pay')
    await clock.advance(0)
    leave.abort()
    expect((await first).status).toBe(499)
    gates[0]!()
    await clock.advance(0)
    expect(await post('call/pay', { item: 'wait' }, ann)).toMatchObject({ status: 200, body: { number: 1 } })
    expect(ran).toEqual(['wait'])
  })
})
