import { call, defineContract, ParleyError } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { createClient } from '../src/client.js'
import { createSubscriber } from '../src/subscriber.js'
import { value } from './scripted-server.js'
import { contract, event, liveRoom, outcome, world } from './world.js'

test('taking handles opens nothing; the first use does', async () => {
  const { clock, server, client } = world()
  expect(client.room({ id: 'a' }).status.getSnapshot()).toEqual({ status: 'idle' })
  void client.news.events()
  await clock.advance(1_000)
  expect(server.link.counts().attempts).toBe(0)
  expect(client.connection.getSnapshot()).toEqual({ status: 'idle' })
  client.news.on('item', () => {})
  await clock.advance(0)
  expect(server.link.counts().attempts).toBe(1)
  expect(client.connection.getSnapshot()).toEqual({ status: 'open', contract: 'same' })
})

test('the same params give the same handle', () => {
  const { client } = world()
  expect(client.room({ id: 'a' })).toBe(client.room({ id: 'a' }))
  expect(client.room({ id: 'a' })).not.toBe(client.room({ id: 'b' }))
  expect(() => client.room({ id: 1 as unknown as string })).toThrow(ParleyError)
})

test('readers of one topic share one subscription', async () => {
  const { clock, server, client } = world()
  server.joinsAt = 10
  client.room({ id: 'a' }).on('message', () => {})
  client.room({ id: 'a' }).on('typing', () => {})
  await clock.advance(0)
  expect(server.all('sub')).toMatchObject([{ path: 'room', params: { id: 'a' }, from: 'now' }])
})

test('a subscription that was left before it was confirmed is nobody else’s', async () => {
  const { clock, server, client } = world({ lingerMs: 0 })
  const room = client.room({ id: 'a' })
  const stop = room.on('message', () => {})
  await server.until('sub')
  stop()
  await server.until('unsub')
  const texts: string[] = []
  room.on('message', ({ text }) => texts.push(text))
  await server.until('sub', 2)
  const [first, second] = server.all('sub')
  server.join(first!, 5)
  server.send(event(100 + first!.id, 6, { text: 'late' }))
  server.join(second!, 7)
  server.send(event(100 + second!.id, 8, { text: 'mine' }))
  await clock.advance(0)
  expect(texts).toEqual(['mine'])
})

test('an event reaches its listener decoded, with its position', async () => {
  const { clock, server, room, seen, topic } = await liveRoom()
  const typing: unknown[] = []
  room.on('typing', (name, { position }) => typing.push({ name, position }))
  server.send(event(topic, 12, { text: 'hi' }), { type: 'v', topic, name: 'typing', data: value('ann') })
  await clock.advance(0)
  expect(seen).toMatchObject([{ text: 'hi', position: 'e-12', replayed: false }])
  expect(typing).toEqual([{ name: 'ann', position: undefined }])
})

test('after a cut the topic goes on from where it was, and nothing comes twice', async () => {
  const { clock, server, seen, topic } = await liveRoom()
  server.send(event(topic, 12, { text: 'one' }))
  await clock.advance(0)
  server.joinsAt = undefined
  server.link.cut()
  await server.until('sub', 2)
  const again = server.last('sub')
  expect(again.from).toEqual({ epoch: 'e', offset: 12 })
  server.send({ type: 'joined', id: again.id, topic: 7, offset: 12 }, event(7, 12, { text: 'one' }))
  server.send(event(7, 13, { text: 'two' }), { type: 'live', topic: 7, offset: 13 })
  await clock.advance(0)
  expect(seen).toMatchObject([{ text: 'one' }, { text: 'two', replayed: true }])
})

test('offsets after an epoch frame belong to the new epoch', async () => {
  const { clock, server, seen, topic } = await liveRoom()
  server.send({ type: 'epoch', epoch: 'f' }, event(topic, 3, { text: 'new' }))
  await clock.advance(0)
  expect(seen).toMatchObject([{ text: 'new', position: 'f-3' }])
})

test('a reader that starts further back reads beside the stream, over the same connection', async () => {
  const { clock, server, room, topic } = await liveRoom()
  const got: unknown[] = []
  room.on('message', ({ text }, { replayed }) => got.push([text, replayed]), { from: { last: 2 } })
  await server.until('read')
  const read = server.last('read')
  expect(read).toMatchObject({ subscription: server.last('sub').id, from: { last: 2 } })
  expect(read.until).toEqual({ epoch: 'e', offset: 10 })
  const h = (offset: number, text: string) =>
    ({ type: 'h', read: read.id, offset, name: 'message', data: value({ text }) }) as const
  server.send(h(8, 'a'), event(topic, 11, { text: 'c' }), h(9, 'b'), { type: 'hend', read: read.id })
  await clock.advance(0)
  expect(got).toEqual([
    ['a', true],
    ['b', true],
    ['c', false],
  ])
})

test('a listener that throws, or rejects, has had the event, is reported, and harms no other', async () => {
  const { clock, server, room, seen, topic, reports } = await liveRoom()
  let calls = 0
  room.on('message', () => {
    calls += 1
    throw new Error('broken')
  })
  room.on('message', async () => {
    throw new Error('broken later')
  })
  const after: string[] = []
  room.on('message', ({ text }) => after.push(text))
  server.send(event(topic, 11, { text: 'x' }), event(topic, 12, { text: 'y' }))
  await clock.advance(0)
  expect(seen).toHaveLength(2)
  expect(after).toEqual(['x', 'y'])
  expect(calls).toBe(2)
  expect(reports.map(({ kind }) => kind)).toEqual(Array(4).fill('listener-failed'))
})

test('a listener that is removed inside a listener is not called any more', async () => {
  const { clock, server, room, topic } = await liveRoom()
  const order: string[] = []
  let removeSecond = () => {}
  room.on('message', () => {
    order.push('first')
    removeSecond()
  })
  removeSecond = room.on('message', () => order.push('second'))
  room.on('message', () => order.push('third'))
  server.send(event(topic, 11, { text: 'x' }))
  await clock.advance(0)
  expect(order).toEqual(['first', 'third'])
})

test('a listener that is added inside a listener begins after the event', async () => {
  const { clock, server, room, topic } = await liveRoom()
  const added: string[] = []
  let isAdded = false
  room.on('message', () => {
    if (!isAdded) room.on('message', ({ text }) => added.push(text))
    isAdded = true
  })
  server.send(event(topic, 11, { text: 'x' }), event(topic, 12, { text: 'y' }))
  await clock.advance(0)
  expect(added).toEqual(['y'])
})

test('a gap is told to onGap once, however many listeners stand before it', async () => {
  const { clock, server, room, topic, reports } = await liveRoom()
  room.on('message', () => {})
  const gaps: unknown[] = []
  room.onGap((gap) => gaps.push(gap))
  const hole = { after: { epoch: 'e', offset: 10 }, first: { epoch: 'e', offset: 50 } }
  server.send({ type: 'gap', topic, ...hole, reason: 'trimmed' })
  await clock.advance(0)
  expect(gaps).toEqual([{ after: 'e-10', first: 'e-50', reason: 'trimmed' }])
  expect(reports).toEqual([])
})

test('a gap that is wider for one listener than for another is told to onGap in both widths', async () => {
  const { clock, server, client } = world()
  const room = client.room({ id: 'a' })
  const gaps: string[] = []
  room.onGap(({ after, first }) => gaps.push(`${after} ${first}`))
  for (const from of ['e-7', 'e-10', 'e-7']) room.on('message', () => {}, { from })
  await server.until('sub')
  server.join(server.last('sub'), 7)
  const hole = { after: { epoch: 'e', offset: 7 }, first: { epoch: 'e', offset: 50 } }
  server.send({ type: 'gap', topic: 100 + server.last('sub').id, ...hole, reason: 'trimmed' })
  await clock.advance(0)
  expect(gaps).toEqual(['e-7 e-50', 'e-10 e-50'])
})

test('a gap that nobody listens for is reported', async () => {
  const { clock, server, topic, reports } = await liveRoom()
  const hole = { after: { epoch: 'e', offset: 10 }, first: { epoch: 'e', offset: 50 } }
  server.send({ type: 'gap', topic, ...hole, reason: 'expired' })
  await clock.advance(0)
  expect(reports).toMatchObject([{ kind: 'gap-unheard', path: 'room{"id":"a"}' }])
})

test('an event that cannot be read is a gap, and the next one comes', async () => {
  const { clock, server, room, seen, topic, reports } = await liveRoom()
  const gaps: unknown[] = []
  room.onGap((gap) => gaps.push(gap))
  const unreadable = { json: '"x"', meta: '{"values":[["custom","Money"]]}' }
  server.send({ type: 'e', topic, offset: 11, name: 'message', data: unreadable })
  server.send(event(topic, 12, { text: 'fine' }))
  await clock.advance(0)
  expect(gaps).toEqual([{ after: 'e-10', first: 'e-11', reason: 'incompatible' }])
  expect(seen).toMatchObject([{ text: 'fine' }])
  expect(reports).toMatchObject([{ kind: 'protocol' }])
})

test('an event that the contract does not have reaches nobody, and its position is kept', async () => {
  const { clock, server, room, topic } = await liveRoom()
  const names: unknown[] = []
  room.read(({ name }) => names.push(name))
  server.send(event(topic, 11, { text: 'x' }, 'later'), event(topic, 12, { text: 'y' }))
  server.send(event(topic, 13, { text: 'z' }, 'later'))
  await clock.advance(0)
  expect(names).toEqual(['message'])
  server.link.cut()
  await server.until('sub', 2)
  expect(server.last('sub').from).toEqual({ epoch: 'e', offset: 13 })
})

test('a refused topic is reported, with what the server says', async () => {
  const { clock, server, reports } = await liveRoom()
  server.send({ type: 'refused', id: server.last('sub').id, code: 'FORBIDDEN', message: 'not yours' })
  await clock.advance(0)
  expect(reports).toEqual([{ kind: 'refused', path: 'room{"id":"a"}', message: 'FORBIDDEN: not yours' }])
})

test('a reader that leaves while events are on their way to it tells the place before them', async () => {
  const { clock, server, room, topic } = await liveRoom()
  let leave: () => string | undefined = () => undefined
  const left: unknown[] = []
  room.on('message', () => left.push(leave()))
  leave = room.read(() => {})
  server.send(event(topic, 15, { text: 'x' }))
  await clock.advance(0)
  expect(left).toEqual(['e-10'])
})

test('whoever reads again as it hears of a refusal is not told of that refusal', async () => {
  const { clock, server, room } = await liveRoom()
  const again: Promise<unknown>[] = []
  room.status.subscribe(() => {
    if (room.status.getSnapshot().status !== 'refused' || again.length > 0) return
    again.push(outcome(room.ready()), outcome(room.events().next()))
  })
  server.send({ type: 'refused', id: server.last('sub').id, code: 'FORBIDDEN', message: 'no' })
  await server.until('sub', 2)
  await clock.advance(0)
  server.send(event(100 + server.last('sub').id, 11, { text: 'x' }))
  await clock.advance(0)
  expect(await Promise.all(again)).toMatchObject(['e-10', { value: { data: { text: 'x' } } }])
})

test('a refused topic says so, and an open() asks for it again from where its readers are', async () => {
  const { clock, server, client, room, topic } = await liveRoom()
  server.send(event(topic, 12, { text: 'x' }))
  await clock.advance(0)
  const step = outcome(room.events().next())
  server.send({ type: 'refused', id: server.last('sub').id, code: 'FORBIDDEN', message: 'no' })
  await clock.advance(0)
  expect(room.status.getSnapshot()).toEqual({ status: 'refused', code: 'FORBIDDEN' })
  expect(await step).toBe('FORBIDDEN')
  client.connection.open()
  await clock.advance(0)
  expect(server.all('sub').at(-1)?.from).toEqual({ epoch: 'e', offset: 12 })
  expect(room.status.getSnapshot()).toEqual({ status: 'live' })
})

test('ready() tells the position once the topic is live, and leaves no reader behind', async () => {
  const { clock, server, client } = world({ lingerMs: 1 })
  server.joinsAt = 10
  const ready = client.room({ id: 'a' }).ready()
  await clock.advance(0)
  expect(await ready).toBe('e-10')
  await server.until('unsub')
})

test('while the connection is away a joined room is joining', async () => {
  const { clock, server, room } = await liveRoom()
  expect(room.status.getSnapshot()).toEqual({ status: 'live' })
  server.link.cut()
  await clock.advance(0)
  expect(room.status.getSnapshot()).toEqual({ status: 'joining' })
  await server.until('sub', 2)
  await clock.advance(0)
  expect(room.status.getSnapshot()).toEqual({ status: 'live' })
})

test('a topic that was left while the connection was away is not asked for again', async () => {
  const { clock, server, client } = world()
  server.joinsAt = 10
  const stop = client.room({ id: 'a' }).on('message', () => {})
  client.news.on('item', () => {})
  await server.until('sub', 2)
  server.link.refuse(true)
  server.link.cut()
  await clock.advance(0)
  stop()
  await clock.advance(2_000)
  server.link.refuse(false)
  await server.until('hello', 2)
  await clock.advance(0)
  expect(server.all('sub').map(({ path }) => path)).toEqual(['room', 'news', 'news'])
})

test('events() yields events and gaps in their order, and break leaves the topic', async () => {
  const { clock, server, client } = world({ lingerMs: 0 })
  server.joinsAt = 10
  const got: unknown[] = []
  const loop = (async () => {
    for await (const { name, data, gap } of client.room({ id: 'a' }).events()) {
      got.push(gap ? gap.reason : [name, data])
      if (got.length === 3) break
    }
  })()
  await server.until('sub')
  await clock.advance(0)
  const topic = 100 + server.last('sub').id
  const hole = { after: { epoch: 'e', offset: 11 }, first: { epoch: 'e', offset: 50 } }
  server.send(event(topic, 11, { text: 'a' }), { type: 'gap', topic, ...hole, reason: 'trimmed' })
  server.send({ type: 'v', topic, name: 'typing', data: value('ann') })
  await clock.advance(0)
  await loop
  expect(got).toEqual([['message', { text: 'a' }], 'trimmed', ['typing', 'ann']])
  await server.until('unsub')
})

test('events() ends when its signal fires', async () => {
  const { clock, server, client } = world({ lingerMs: 0 })
  server.joinsAt = 10
  const controller = new AbortController()
  const step = client.room({ id: 'a' }).events({ signal: controller.signal }).next()
  await server.until('sub')
  controller.abort()
  expect(await step).toEqual({ done: true, value: undefined })
  await server.until('unsub')
  const late = client.room({ id: 'a' }).events({ signal: controller.signal })
  expect(await late.next()).toEqual({ done: true, value: undefined })
  await clock.advance(0)
  expect(server.all('sub')).toHaveLength(1)
})

test('a loop that falls too far behind gets a gap in place of what it missed, and goes on', async () => {
  const { clock, server, room, topic } = await liveRoom()
  const loop = room.events()
  const first = loop.next()
  const held = 1_024
  for (let n = 1; n <= held + 6; n += 1) server.send(event(topic, 10 + n, { text: String(n) }))
  await clock.advance(0)
  expect((await first).value).toMatchObject({ data: { text: '1' } })
  for (let n = 2; n <= held + 1; n += 1)
    expect((await loop.next()).value).toMatchObject({ data: { text: String(n) } })
  const last = 10 + held + 6
  expect((await loop.next()).value).toEqual({
    gap: { after: `e-${10 + held + 1}`, first: `e-${last}`, reason: 'overflow' },
  })
  server.send(event(topic, last + 1, { text: 'on' }))
  await clock.advance(0)
  expect((await loop.next()).value).toMatchObject({ data: { text: 'on' } })
})

test('a link or a url is needed, and what is neither is said', () => {
  expect(() => createClient(contract, {})).toThrow(/url: it is missing/)
  expect(() => createClient(contract, { url: '/x', transport: 'owl' as 'auto' })).toThrow(/there is no 'owl'/)
})

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])(
  'a `lingerMs` of %d, which no timer takes, is refused',
  (lingerMs) => {
    const url = 'ws://host'
    expect(() => createClient(contract, { url, lingerMs })).toThrow(/lingerMs/)
    expect(() => createSubscriber(contract, 'news', { url, lingerMs })).toThrow(/lingerMs/)
  },
)

test('a listener of the connection that throws is reported and harms no other', async () => {
  const { clock, client, reports, states } = world()
  client.connection.subscribe(() => {
    throw new Error('broken')
  })
  const after: string[] = []
  client.connection.subscribe(() => after.push(client.connection.getSnapshot().status))
  client.connection.open()
  await clock.advance(0)
  expect(after).toEqual(['connecting', 'open'])
  expect(states).toEqual(['connecting', 'open'])
  expect(reports.map(({ kind }) => kind)).toEqual(['listener-failed', 'listener-failed'])
})

test('a client that cannot open a socket at all says so to whoever waits, and does not try again', async () => {
  const clock = virtualClock()
  const reports: string[] = []
  const client = createClient(contract, {
    url: 'ftp://host/',
    clock,
    onReport: ({ message }) => reports.push(message),
  })
  expect(await outcome(client.rooms.list())).toBe('BAD_OPTIONS')
  expect(client.connection.getSnapshot()).toMatchObject({
    status: 'closed',
    code: 'BAD_OPTIONS',
    final: true,
  })
  expect(reports).toHaveLength(1)
  expect(clock.pending()).toBe(0)
})

test('ready() and events() of a closed client say so at once; a listener waits until it is opened again', async () => {
  const { clock, server, client } = world()
  server.joinsAt = 10
  client.connection.close()
  await expect(client.news.ready()).rejects.toMatchObject({ code: 'CLOSED' })
  expect(() => client.news.events()).toThrow(expect.objectContaining({ code: 'CLOSED' }))
  client.news.on('item', () => {})
  client.connection.open()
  await server.until('sub')
  const ready = client.news.ready()
  await clock.advance(0)
  expect(await ready).toMatch(/-10$/)
})

test('a loop that begins only after the client was closed throws, and waits for nothing', async () => {
  const { client } = world()
  const loop = client.news.events()
  client.connection.close()
  await expect(loop.next()).rejects.toMatchObject({ code: 'CLOSED' })
  expect(await loop.next()).toEqual({ done: true, value: undefined })
})

test('a client that is closed while a topic lingers, or waits to read again, has no timer left', async () => {
  const { clock, server, client, room } = await liveRoom()
  client.news.on('item', () => {})()
  room.on('message', () => {}, { from: 'first' })
  await server.until('read')
  server.send({ type: 'err', id: server.last('read').id, code: 'INTERNAL', message: 'the log is away' })
  await clock.advance(0)
  client.connection.close()
  await clock.advance(0)
  expect(clock.pending()).toBe(0)
  expect(client.news.status.getSnapshot()).toEqual({ status: 'idle' })
})

test('a group with a name that every object inherits is a group like any other', () => {
  const odd = defineContract({ valueOf: { go: call({}) } })
  const client = createClient(odd, { url: 'ws://host' })
  expect(client.valueOf.go).toBeTypeOf('function')
  expect(Object.keys(Object.prototype.valueOf)).toEqual([])
})
