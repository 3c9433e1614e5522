import { type ClientFrame, Fault, limits, type Received } from '@parley/shared/internal'
import { expect, test } from 'vitest'
import { Session, type SessionOrder } from '../../src/core/session.js'

const client = 'abcdefghijklmnopqrstuv'
const hello: ClientFrame<Received> = { type: 'hello', version: 1, contract: 'c', client }
const welcome = {
  type: 'welcome',
  version: 1,
  contract: 'c',
  session: 's',
  resumed: false,
  epoch: 'e',
  frameBytes: 1,
  heartbeatMs: 1,
  heartbeatGraceMs: 1,
} as const

function opened(now = 0): Session {
  const session = new Session(limits, now)
  session.received(hello, now)
  session.admitted(welcome)
  return session
}

const send = (id: number, topic = 'general'): ClientFrame<Received> => ({
  type: 'send',
  id,
  path: 'room',
  params: { id: topic },
  name: 'say',
  withinMs: 0,
})
const call = (id: number): ClientFrame<Received> => ({ type: 'call', id, path: 'rooms.list', withinMs: 0 })

/** Orders in short: `run 3`, `close PROTOCOL`. */
function short(orders: readonly SessionOrder[]): string[] {
  return orders.map((order) => {
    switch (order.type) {
      case 'run':
        return `run ${order.run.id}`
      case 'send':
        return 'code' in order.frame
          ? `${order.frame.type} ${order.frame.id} ${order.frame.code}`
          : order.frame.type
      case 'close':
        return `close ${order.code}`
      case 'admit':
        return 'admit'
      default:
        return `${order.type} ${order.id}`
    }
  })
}

test('hello is asked about, and welcomed once it was admitted', () => {
  const session = new Session(limits, 0)
  expect(short(session.received(hello, 0))).toEqual(['admit'])
  expect(short(session.admitted(welcome))).toEqual(['welcome'])
  expect(session.state).toBe('open')
})

test.each([
  ['a call before hello', [call(1)]],
  ['a call before welcome', [hello, call(1)]],
  ['a second hello before welcome', [hello, hello]],
  ['another protocol version', [{ ...hello, version: 2 }]],
  ['a client id that is none', [{ ...hello, client: 'x' }]],
  ['a frame that is none', [new Fault('PROTOCOL', 'not JSON')]],
] as [string, (ClientFrame<Received> | Fault)[]][])('%s ends the connection', (_title, frames) => {
  const session = new Session(limits, 0)
  const last = frames.map((frame) => session.received(frame, 0)).at(-1)
  expect(short(last!)).toEqual(['close PROTOCOL'])
  expect(session.state).toBe('closed')
  expect(session.received(hello, 1)).toEqual([])
})

test('a second hello on an open connection ends it', () => {
  expect(short(opened().received(hello, 0))).toEqual(['close PROTOCOL'])
})

test('a refusal that arrives after the end changes nothing', () => {
  const session = new Session(limits, 0)
  session.received(hello, 0)
  session.closed()
  expect(session.admitted(welcome)).toEqual([])
  expect(session.refused('UNAUTHENTICATED', 'no')).toEqual([])
})

test('messages of one topic run one at a time, in the order sent; those of another topic and calls beside them', () => {
  const session = opened()
  expect(short(session.received(send(1), 0))).toEqual(['run 1'])
  expect(short(session.received(send(2), 0))).toEqual([])
  expect(short(session.received(send(3), 0))).toEqual([])
  expect(short(session.received(send(4, 'other'), 0))).toEqual(['run 4'])
  expect(short(session.received(call(5), 0))).toEqual(['run 5'])
  expect(short(session.received(call(6), 0))).toEqual(['run 6'])
  expect(short(session.settled(1))).toEqual(['run 2'])
  expect(short(session.settled(4))).toEqual([])
  expect(short(session.settled(2))).toEqual(['run 3'])
  expect(short(session.settled(3))).toEqual([])
  expect(short(session.received(send(7), 0))).toEqual(['run 7'])
})

test('the order of the params does not make another topic of it', () => {
  const session = opened()
  const two = (id: number, params: Record<string, string>): ClientFrame<Received> => ({
    type: 'send',
    id,
    path: 'room',
    params,
    name: 'say',
    withinMs: 0,
  })
  expect(short(session.received(two(1, { a: '1', b: '2' }), 0))).toEqual(['run 1'])
  expect(short(session.received(two(2, { b: '2', a: '1' }), 0))).toEqual([])
})

test('a message that waits and is given up never runs; one that runs is told to stop', () => {
  const session = opened()
  session.received(send(1), 0)
  session.received(send(2), 0)
  session.received(send(3), 0)
  expect(short(session.received({ type: 'cancel', id: 2 }, 0))).toEqual(['err 2 ABORTED'])
  expect(short(session.received({ type: 'cancel', id: 1 }, 0))).toEqual(['abort 1'])
  expect(short(session.settled(1))).toEqual(['run 3'])
  expect(short(session.received({ type: 'cancel', id: 99 }, 0))).toEqual([])
})

test('a volatile message runs in its turn and is answered by nothing', () => {
  const session = opened()
  session.received(send(1), 0)
  const cast: ClientFrame<Received> = {
    type: 'cast',
    path: 'room',
    params: { id: 'general' },
    name: 'typing',
  }
  expect(session.received(cast, 0)).toEqual([])
  const [next] = session.settled(1)
  expect(next).toMatchObject({ type: 'run', run: { name: 'typing' } })
  expect((next as Extract<SessionOrder, { type: 'run' }>).run.id).toBeLessThan(0)
})

test('more calls than allowed are refused one by one, and the connection lives on', () => {
  const session = new Session({ ...limits, callsInFlight: 2 }, 0)
  session.received(hello, 0)
  session.admitted(welcome)
  session.received(call(1), 0)
  session.received(call(2), 0)
  expect(short(session.received(call(3), 0))).toEqual(['err 3 OVERLOADED'])
  session.settled(1)
  expect(short(session.received(call(4), 0))).toEqual(['run 4'])
})

test('more messages than allowed are refused, volatile ones dropped and counted', () => {
  const session = new Session({ ...limits, messagesWaiting: 1 }, 0)
  session.received(hello, 0)
  session.admitted(welcome)
  session.received(send(1), 0)
  expect(short(session.received(send(2), 0))).toEqual(['err 2 OVERLOADED'])
  session.received({ type: 'cast', path: 'room', params: undefined, name: 'typing' }, 0)
  expect(session.volatileDropped).toBe(1)
})

test('more subscriptions than allowed are refused', () => {
  const session = new Session({ ...limits, subscriptionsPerConnection: 1 }, 0)
  session.received(hello, 0)
  session.admitted(welcome)
  const sub = (id: number): ClientFrame<Received> => ({
    type: 'sub',
    id,
    path: 'a',
    params: undefined,
    from: 'now',
  })
  expect(short(session.received(sub(1), 0))).toEqual(['join 1'])
  expect(short(session.received(sub(2), 0))).toEqual(['refused 2 OVERLOADED'])
  expect(short(session.received({ type: 'unsub', id: 1 }, 0))).toEqual(['leave 1'])
  expect(short(session.received(sub(3), 0))).toEqual(['join 3'])
})

test('a number that is in use ends the connection: a call would run twice', () => {
  const session = opened()
  session.received(call(1), 0)
  expect(short(session.received(send(1), 0))).toEqual(['close PROTOCOL'])
})

test('a bounded read needs a subscription and a place to start', () => {
  const session = opened()
  const read: ClientFrame<Received> = {
    type: 'read',
    id: 2,
    subscription: 1,
    from: 'first',
    until: { epoch: 'e', offset: 1 },
  }
  expect(short(session.received(read, 0))).toEqual(['err 2 NOT_FOUND'])
  session.received({ type: 'sub', id: 1, path: 'a', params: undefined, from: 'now' }, 0)
  expect(short(session.received(read, 0))).toEqual(['read 2'])
  expect(short(session.received({ type: 'cancel', id: 2 }, 0))).toEqual(['cancel-read 2'])
  expect(short(session.received({ ...read, from: 'now' }, 0))).toEqual(['close PROTOCOL'])
})

test('a connection that says no hello in time is closed', () => {
  const session = new Session(limits, 0)
  expect(session.elapsed(limits.helloMs - 1)).toEqual([])
  expect(short(session.elapsed(limits.helloMs))).toEqual(['close HELLO_TIMEOUT'])
})

test('a client that the application does not answer for in time is closed, and may come back', () => {
  const session = new Session(limits, 0)
  session.received(hello, 0)
  session.received({ type: 'ping' }, limits.helloMs - 1)
  expect(short(session.elapsed(limits.helloMs))).toEqual(['close HELLO_TIMEOUT'])
  expect(session.admitted(welcome)).toEqual([])
})

test('a silent client is pinged once after the heartbeat, and let go after the grace', () => {
  const session = opened(0)
  const { heartbeatMs, heartbeatGraceMs } = limits
  expect(session.elapsed(heartbeatMs - 1)).toEqual([])
  expect(short(session.elapsed(heartbeatMs))).toEqual(['ping'])
  expect(session.elapsed(heartbeatMs + 1_000)).toEqual([])
  expect(short(session.elapsed(heartbeatMs + heartbeatGraceMs))).toEqual(['close HEARTBEAT'])
})

test('any frame counts as a sign of life', () => {
  const session = opened(0)
  session.elapsed(limits.heartbeatMs)
  session.received({ type: 'pong' }, limits.heartbeatMs + 5_000)
  expect(session.elapsed(limits.heartbeatMs + limits.heartbeatGraceMs)).toEqual([])
  expect(short(session.elapsed(limits.heartbeatMs * 2 + 5_000))).toEqual(['ping'])
})

test('a ping is answered, also before hello', () => {
  const session = new Session(limits, 0)
  expect(short(session.received({ type: 'ping' }, 0))).toEqual(['pong'])
  expect(session.state).toBe('greeting')
})

test('when the connection is gone everything that runs is told to stop, and nothing runs after it', () => {
  const session = opened()
  session.received(call(1), 0)
  session.received(send(2), 0)
  session.received(send(3), 0)
  expect(short(session.closed())).toEqual(['abort 1', 'abort 2'])
  expect(session.settled(2)).toEqual([])
  expect(session.pending).toBe(0)
})
