import { limits } from '@parley/shared/internal'
import { expect, test } from 'vitest'
import { type RequestFrame, SessionMachine, type SessionOrder } from '../../src/core/session.js'

const send = (id: number, topic = 'general'): RequestFrame => ({
  type: 'send',
  id,
  path: 'room',
  params: { id: topic },
  name: 'say',
  withinMs: 0,
})
const call = (id: number): RequestFrame => ({ type: 'call', id, path: 'rooms.list', withinMs: 0 })
const ack = (upTo: number, ...waiting: number[]): RequestFrame => ({ type: 'ack', upTo, waiting })

/** Orders in short: `run 3`, `ok 3`, `err 3 ABORTED`. */
function short(orders: readonly SessionOrder[]): string[] {
  return orders.map((order) => {
    switch (order.type) {
      case 'run':
        return `run ${order.run.id}`
      case 'answer':
        return order.answer.type === 'ok'
          ? `ok ${order.answer.id}`
          : `err ${order.answer.id} ${order.answer.code}`
      case 'abort':
        return `abort ${order.id}`
      default:
        return order.type
    }
  })
}

/** It has its answer, and nothing of it goes on. */
function settle(session: SessionMachine, id: number): string[] {
  return short([...session.answered({ type: 'ok', id }), ...session.over(id)])
}

test('messages of one topic run one at a time, in the order sent; those of another topic and calls beside them', () => {
  const session = new SessionMachine(limits)
  expect(short(session.received(send(1)))).toEqual(['run 1'])
  expect(short(session.received(send(2)))).toEqual([])
  expect(short(session.received(send(3)))).toEqual([])
  expect(short(session.received(send(4, 'other')))).toEqual(['run 4'])
  expect(short(session.received(call(5)))).toEqual(['run 5'])
  expect(short(session.received(call(6)))).toEqual(['run 6'])
  expect(short(session.over(1))).toEqual(['run 2'])
  expect(short(session.over(4))).toEqual([])
  expect(short(session.over(2))).toEqual(['run 3'])
  expect(short(session.over(3))).toEqual([])
  expect(short(session.received(send(7)))).toEqual(['run 7'])
})

test('the order of the params does not make another topic of it', () => {
  const session = new SessionMachine(limits)
  const two = (id: number, params: Record<string, string>): RequestFrame => ({
    type: 'send',
    id,
    path: 'room',
    params,
    name: 'say',
    withinMs: 0,
  })
  expect(short(session.received(two(1, { a: '1', b: '2' })))).toEqual(['run 1'])
  expect(short(session.received(two(2, { b: '2', a: '1' })))).toEqual([])
})

test('a message that waits and is given up never runs; one that runs is told to stop', () => {
  const session = new SessionMachine(limits)
  session.received(send(1))
  session.received(send(2))
  session.received(send(3))
  expect(short(session.received({ type: 'cancel', id: 2 }))).toEqual(['err 2 ABORTED'])
  expect(short(session.received({ type: 'cancel', id: 1 }))).toEqual(['abort 1'])
  expect(short(session.over(1))).toEqual(['run 3'])
  expect(short(session.received({ type: 'cancel', id: 99 }))).toEqual([])
})

test('a volatile message runs in its turn and is answered by nothing', () => {
  const session = new SessionMachine(limits)
  session.received(send(1))
  const cast: RequestFrame = {
    type: 'cast',
    path: 'room',
    params: { id: 'general' },
    name: 'typing',
  }
  expect(session.received(cast)).toEqual([])
  const [next] = session.over(1)
  expect(next).toMatchObject({ type: 'run', run: { name: 'typing' } })
  expect((next as Extract<SessionOrder, { type: 'run' }>).run.id).toBeLessThan(0)
})

test('more calls than allowed are refused one by one, and the connection lives on', () => {
  const session = new SessionMachine({ ...limits, callsInFlight: 2 })
  session.received(call(1))
  session.received(call(2))
  expect(short(session.received(call(3)))).toEqual(['err 3 OVERLOADED'])
  session.over(1)
  expect(short(session.received(call(4)))).toEqual(['run 4'])
})

test('more messages than allowed are refused, volatile ones dropped and counted', () => {
  const session = new SessionMachine({ ...limits, messagesWaiting: 1 })
  session.received(send(1))
  expect(short(session.received(send(2)))).toEqual(['err 2 OVERLOADED'])
  session.received({ type: 'cast', path: 'room', params: undefined, name: 'typing' })
  expect(session.volatileDropped).toBe(1)
})

test('a number that comes again while it runs does not run again, and gets the one answer', () => {
  const session = new SessionMachine(limits)
  expect(short(session.received(call(1)))).toEqual(['run 1'])
  expect(session.received(call(1))).toEqual([])
  expect(settle(session, 1)).toEqual(['ok 1'])
  expect(short(session.received(call(1)))).toEqual(['ok 1'])
})

test('a message that comes again while it waits keeps its place', () => {
  const session = new SessionMachine(limits)
  for (const id of [1, 2, 3]) session.received(send(id))
  for (const id of [1, 2, 3]) expect(session.received(send(id))).toEqual([])
  expect(settle(session, 1)).toEqual(['ok 1', 'run 2'])
  expect(settle(session, 2)).toEqual(['ok 2', 'run 3'])
  expect(settle(session, 3)).toEqual(['ok 3'])
})

test('an answer is kept until it is acknowledged, and its number never runs again after that', () => {
  const session = new SessionMachine(limits)
  session.received(call(1))
  session.received(call(2))
  settle(session, 1)
  expect(session.bytes).toBeGreaterThan(0)
  expect(session.received(ack(2, 2))).toEqual([])
  expect(session.bytes).toBe(0)
  expect(short(session.received(call(1)))).toEqual(['broken'])
  expect(settle(session, 2)).toEqual(['ok 2'])
  expect(short(session.received(call(2)))).toEqual(['ok 2'])
})

test('the highest number that came is known, whatever became of it', () => {
  const session = new SessionMachine({ ...limits, callsInFlight: 1 })
  expect(session.taken).toBe(0)
  for (const frame of [call(2), send(5), call(7), send(3)]) session.received(frame)
  expect(session.taken).toBe(7)
})

test('a refusal is an answer like any other', () => {
  const session = new SessionMachine({ ...limits, callsInFlight: 1 })
  session.received(call(1))
  expect(short(session.received(call(2)))).toEqual(['err 2 OVERLOADED'])
  settle(session, 1)
  expect(short(session.received(call(2)))).toEqual(['err 2 OVERLOADED'])
})

test('what the client does not wait for any more is given up, and its answer is not kept', () => {
  const session = new SessionMachine(limits)
  session.received(call(1))
  session.received(send(2))
  session.received(send(3))
  session.received(call(4))
  expect(short(session.received(ack(3, 2)))).toEqual(['abort 1', 'err 3 ABORTED'])
  session.answered({ type: 'err', id: 1, code: 'ABORTED', message: '' })
  expect(session.bytes).toBe(0)
  expect(settle(session, 2)).toEqual(['ok 2'])
})

test('an acknowledgement that arrives late takes nothing back', () => {
  const session = new SessionMachine(limits)
  session.received(call(1))
  settle(session, 1)
  session.received(ack(5))
  session.received(ack(1, 1))
  session.received(ack(6, 1))
  expect(short(session.received(call(1)))).toEqual(['broken'])
})

test('an answer that had to go for lack of room is an unknown outcome, and no second run', () => {
  const session = new SessionMachine({ ...limits, sessionBytes: 1_000 })
  for (let id = 1; id <= 10; id++) {
    session.received(call(id))
    settle(session, id)
  }
  expect(session.bytes).toBeLessThanOrEqual(1_000)
  expect(short(session.received(call(1)))).toEqual(['err 1 OUTCOME_UNKNOWN'])
  expect(short(session.received(call(10)))).toEqual(['ok 10'])
})

test('a client that acknowledges nothing makes nobody remember without bound, and nothing run again', () => {
  const session = new SessionMachine({ ...limits, sessionBytes: 300 })
  for (let id = 1; id <= 10_000; id++) {
    session.received(call(id))
    settle(session, id)
  }
  for (const id of [1, 4_000, 9_998])
    expect(short(session.received(call(id)))).toEqual([`err ${id} OUTCOME_UNKNOWN`])
})

test('one answer of any size is kept', () => {
  const session = new SessionMachine({ ...limits, sessionBytes: 1_000 })
  session.received(call(1))
  session.answered({ type: 'ok', id: 1, output: { json: JSON.stringify('x'.repeat(5_000)) } })
  expect(short(session.received(call(1)))).toEqual(['ok 1'])
})

test('when the session ends everything that runs is told to stop, and nothing runs after it', () => {
  const session = new SessionMachine(limits)
  session.received(call(1))
  session.received(send(2))
  session.received(send(3))
  expect(short(session.ended())).toEqual(['abort 1', 'abort 2'])
  expect(session.over(2)).toEqual([])
  expect(session.pending).toBe(0)
})

test('messages that wait are weighed: above the bound one more is refused, and each is let off with its turn', () => {
  const session = new SessionMachine({ ...limits, sessionBytes: 1_000 })
  const say = (id: number, length: number): RequestFrame => ({
    ...(send(id) as Extract<RequestFrame, { type: 'send' }>),
    input: { json: 'x'.repeat(length), blobs: [new Uint8Array(10)] },
  })
  expect(short(session.received(say(1, 5_000)))).toEqual(['run 1']) // whatever it weighs: it does not wait
  expect(session.bytes).toBe(0)
  expect(short(session.received(say(2, 600)))).toEqual([])
  expect(short(session.received(say(3, 600)))).toEqual(['err 3 OVERLOADED'])
  expect(short(session.received(say(4, 200)))).toEqual([])
  const waiting = session.bytes
  expect(waiting).toBeGreaterThan(800)
  session.received({ type: 'cancel', id: 4 })
  session.over(1)
  expect(waiting - session.bytes).toBeGreaterThan(300) // the answers to 3 and 4 weigh as well
  session.received(ack(4, 2))
  session.ended()
  expect(session.bytes).toBeLessThan(100)
})

test('the numbers of an acknowledgement weigh: a session whose client waits for a million holds that much', () => {
  const session = new SessionMachine(limits)
  session.received(ack(10_000, ...Array.from({ length: 5_000 }, (_, at) => 2 * at + 1)))
  expect(session.bytes).toBeGreaterThan(100_000)
  session.received(ack(10_001))
  expect(session.bytes).toBe(0)
})
