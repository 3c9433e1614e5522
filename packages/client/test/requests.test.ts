import { ParleyError } from '@parley/shared'
import { expect, test } from 'vitest'
import { value } from './scripted-server.js'
import { liveRoom, outcome, world } from './world.js'

test('a call is answered with its decoded output', async () => {
  const { clock, server, client } = world()
  const created = client.rooms.create({ name: 'x' })
  await server.until('call')
  const { id, path, withinMs, input } = server.last('call')
  expect({ path, withinMs, json: input?.json }).toEqual({
    path: 'rooms.create',
    withinMs: 10_000,
    json: { name: 'x' },
  })
  const at = new Date(0)
  server.send({ type: 'ok', id, output: value({ id: 'r1', at }) })
  await clock.advance(0)
  expect(await created).toEqual({ id: 'r1', at })
})

test('a declared error is a ParleyError with its data, thrown or as a value', async () => {
  const { clock, server, client } = world()
  const safe = client.rooms.create.safe({ name: 'x' })
  await server.until('call')
  const answer = { type: 'err', code: 'NAME_TAKEN', message: 'taken' } as const
  server.send({ ...answer, id: server.last('call').id, data: value({ suggestion: 'y' }) })
  await clock.advance(0)
  const { data, error } = await safe
  expect(data).toBeUndefined()
  expect(error).toBeInstanceOf(ParleyError)
  expect(error).toMatchObject({ code: 'NAME_TAKEN', data: { suggestion: 'y' } })
})

test('issues and the id of a report come with the error', async () => {
  const { clock, server, client } = world()
  const failed = client.rooms.create.safe({ name: 'x' })
  await server.until('call')
  const issues = [{ path: ['name'], message: 'too short' }]
  const { id } = server.last('call')
  server.send({ type: 'err', id, code: 'VALIDATION', message: 'no', issues, report: 'r-7' })
  await clock.advance(0)
  expect((await failed).error).toMatchObject({ code: 'VALIDATION', issues, id: 'r-7' })
})

test('a message is acknowledged, with an output or without, and a volatile one returns at once', async () => {
  const { clock, server, client } = world()
  const room = client.room({ id: 'a' })
  const said = room.send('say', { text: 'hi' })
  const reacted = room.send('react', '+1')
  await server.until('send', 2)
  expect(room.send('typing', 'ann')).toBeUndefined()
  await server.until('cast')
  const [say, react] = server.all('send')
  expect(say).toMatchObject({ path: 'room', params: { id: 'a' }, name: 'say' })
  server.send({ type: 'ok', id: say!.id, output: value({ id: 'm1' }) }, { type: 'ok', id: react!.id })
  await clock.advance(0)
  expect(await said).toEqual({ id: 'm1' })
  expect(await reacted).toBeUndefined()
})

test('a name that the channel does not have is told at once', async () => {
  const { client } = world()
  const room = client.room({ id: 'a' })
  expect(() => room.on('nope' as 'message', () => {})).toThrow(/no event 'nope'; it has message, typing/)
  const { error } = await room.send.safe('nope' as 'react', 'x')
  expect(error).toMatchObject({ code: 'NOT_FOUND' })
})

test('what was sent while away waits, and goes out in order once back', async () => {
  const { clock, server, client } = world()
  server.link.refuse(true)
  const room = client.room({ id: 'a' })
  const sent = ['1', '2', '3'].map((text) => room.send('say', { text }))
  expect(room.send('typing', 'ann')).toBeUndefined() // volatile: dropped
  await clock.advance(4_000)
  server.link.refuse(false)
  await server.until('send', 3)
  const frames = server.all('send')
  expect(frames.map(({ input }) => input?.json)).toEqual([{ text: '1' }, { text: '2' }, { text: '3' }])
  for (const { id } of frames) server.send({ type: 'ok', id, output: value({ id: String(id) }) })
  await clock.advance(0)
  expect(await Promise.all(sent)).toHaveLength(3)
  expect(server.all('cast')).toEqual([])
})

test('what was handed over and not answered has an unknown outcome where the session is gone, and is never sent again', async () => {
  const { clock, server, client } = world()
  const created = outcome(client.rooms.create({ name: 'x' }))
  await server.until('call')
  server.link.cut()
  await server.until('hello', 2)
  await clock.advance(0)
  expect(await created).toBe('OUTCOME_UNKNOWN')
  await clock.advance(20_000)
  expect(server.all('call')).toHaveLength(1)
})

test('where the session goes on it is sent again under its number, and then the server hears what is waited for', async () => {
  const { clock, server, client } = world()
  const created = outcome(client.rooms.create({ name: 'x' }))
  await server.until('call')
  const { id } = server.last('call')
  server.welcome = { resumed: true }
  server.link.cut()
  await server.until('ack')
  expect(server.all('call').map((call) => call.id)).toEqual([id, id])
  expect(server.frames.slice(-2).map(({ type }) => type)).toEqual(['call', 'ack'])
  expect(server.last('ack')).toMatchObject({ upTo: id, waiting: [id] })
  server.send({ type: 'ok', id, output: value({ id: 'r' }) })
  await clock.advance(0)
  expect(await created).toEqual({ id: 'r' })
})

test('what a listener sends as it hears of a cut was never handed over: it waits, and goes out', async () => {
  const { clock, server, room } = await liveRoom()
  let sent: Promise<unknown> | undefined
  room.status.subscribe(() => {
    if (room.status.getSnapshot().status === 'joining') sent ??= outcome(room.send('react', 'x'))
  })
  server.link.cut()
  await server.until('send')
  server.send({ type: 'ok', id: server.last('send').id })
  await clock.advance(0)
  expect(await sent).toBeUndefined()
})

test('an idempotent call is sent again after a cut', async () => {
  const { clock, server, client } = world()
  const listed = client.rooms.list()
  await server.until('call')
  server.link.cut()
  await server.until('call', 2)
  server.send({ type: 'ok', id: server.last('call').id, output: value(['a']) })
  await clock.advance(0)
  expect(await listed).toEqual(['a'])
})

test('a call that waits has its own deadline, and the server is told what is left of it', async () => {
  const { clock, server, client } = world()
  server.link.refuse(true)
  const short = outcome(client.rooms.create({ name: 'short' }, { withinMs: 2_000 }))
  const long = outcome(client.rooms.create({ name: 'long' }, { withinMs: 20_000 }))
  await clock.advance(5_000)
  expect(await short).toBe('TIMEOUT')
  server.link.refuse(false)
  await server.until('call')
  const { withinMs, at } = server.all('call')[0]!
  expect(withinMs).toBeLessThanOrEqual(20_000 - 5_000)
  await clock.advance(20_000)
  expect(await long).toBe('TIMEOUT')
  expect(server.all('cancel')).toMatchObject([{ id: server.last('call').id, at: at + withinMs }])
})

test('what waits too long for a connection is rejected, typed', async () => {
  const { clock, server, client } = world()
  server.link.refuse(true)
  const sent = outcome(client.room({ id: 'a' }).send('say', { text: 'x' }))
  await clock.advance(29_999)
  let isOver = false
  void sent.then(() => {
    isOver = true
  })
  await clock.settle()
  expect(isOver).toBe(false)
  await clock.advance(1)
  expect(await sent).toBe('OUTBOX_FULL')
})

test('the outbox is bounded while away, and not while the connection is open', async () => {
  const { server, client, clock } = world()
  server.link.refuse(true)
  const outcomes = Array.from({ length: 257 }, () => outcome(client.room({ id: 'a' }).send('react', 'x')))
  expect(await outcomes[256]).toBe('OUTBOX_FULL')
  server.link.refuse(false)
  await server.until('send', 256)
  void Promise.all(Array.from({ length: 300 }, () => outcome(client.room({ id: 'a' }).send('react', 'x'))))
  await clock.advance(0)
  expect(server.all('send')).toHaveLength(556)
})

test('a frame larger than the server takes is refused here, and the connection lives on', async () => {
  const { clock, server, client } = world()
  client.connection.open()
  await clock.advance(0)
  const text = 'x'.repeat(20_000)
  expect(await outcome(client.room({ id: 'a' }).send('say', { text }))).toBe('TOO_LARGE')
  expect(() => client.room({ id: 'a' }).send('typing', text)).toThrow(/20\d\d\d bytes/)
  expect(client.connection.getSnapshot().status).toBe('open')
  expect(server.connections).toBe(1)
})

test('a signal gives a request up: the server is told, and an answer that was under way changes nothing', async () => {
  const { clock, server, client } = world()
  const controller = new AbortController()
  const created = outcome(client.rooms.create({ name: 'x' }, { signal: controller.signal }))
  await server.until('call')
  controller.abort()
  expect(await created).toBe('ABORTED')
  await server.until('cancel')
  server.send({ type: 'ok', id: server.last('call').id, output: value({}) })
  await clock.advance(0)
  expect(client.connection.getSnapshot().status).toBe('open')
  expect(await outcome(client.rooms.create({ name: 'x' }, { signal: controller.signal }))).toBe('ABORTED')
  expect(server.all('call')).toHaveLength(1)
})

test('input that cannot travel is refused at once', async () => {
  const { client } = world()
  expect(await outcome(client.rooms.create({ name: (() => {}) as unknown as string }))).toBe(
    'NOT_SERIALIZABLE',
  )
})

test('a client that was closed has no timer left, whatever it had asked before', async () => {
  const { clock, server, client } = world()
  const created = client.rooms.create({ name: 'x' })
  await server.until('call')
  server.send({ type: 'ok', id: server.last('call').id, output: value({ id: 'r1', at: new Date(0) }) })
  await clock.advance(0)
  await created
  client.connection.close()
  await clock.advance(0)
  expect(clock.pending()).toBe(0)
})

test('what was given up while away is never sent', async () => {
  const { clock, server, client } = world()
  server.link.refuse(true)
  const controller = new AbortController()
  const gone = outcome(client.rooms.create({ name: 'gone' }, { signal: controller.signal }))
  const stays = outcome(client.rooms.create({ name: 'stays' }))
  controller.abort()
  expect(await gone).toBe('ABORTED')
  server.link.refuse(false)
  await server.until('call')
  await clock.advance(20_000)
  expect(server.all('call').map(({ input }) => input?.json)).toEqual([{ name: 'stays' }])
  expect(await stays).toBe('TIMEOUT')
})

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
  'a deadline of %d ms, which no frame can carry, is refused',
  async (withinMs) => {
    const { client } = world()
    expect(await outcome(client.rooms.create({ name: 'x' }, { withinMs }))).toBe('BAD_OPTIONS')
  },
)
