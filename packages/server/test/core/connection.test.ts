import { type ClientFrame, Fault, limits, type Received } from '@parley/shared/internal'
import { expect, test } from 'vitest'
import { ConnectionMachine, type ConnectionOrder } from '../../src/core/connection.js'

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

function opened(now = 0): ConnectionMachine {
  const connection = new ConnectionMachine(limits, now)
  connection.received(hello, now)
  connection.admitted(welcome)
  return connection
}

const call = (id: number): ClientFrame<Received> => ({ type: 'call', id, path: 'rooms.list', withinMs: 0 })

/** Orders in short: `join 3`, `close PROTOCOL`. */
function short(orders: readonly ConnectionOrder[]): string[] {
  return orders.map((order) => {
    switch (order.type) {
      case 'send':
        return 'code' in order.frame
          ? `${order.frame.type} ${order.frame.id} ${order.frame.code}`
          : order.frame.type
      case 'close':
        return `close ${order.code}`
      case 'admit':
        return 'admit'
      case 'request':
        return `request ${order.frame.type}`
      default:
        return `${order.type} ${order.id}`
    }
  })
}

test('hello is asked about, and welcomed once it was admitted', () => {
  const connection = new ConnectionMachine(limits, 0)
  expect(short(connection.received(hello, 0))).toEqual(['admit'])
  expect(short(connection.admitted(welcome))).toEqual(['welcome'])
  expect(connection.state).toBe('open')
})

test.each([
  ['a call before hello', [call(1)]],
  ['a call before welcome', [hello, call(1)]],
  ['a second hello before welcome', [hello, hello]],
  ['another protocol version', [{ ...hello, version: 2 }]],
  ['a client id that is none', [{ ...hello, client: 'x' }]],
  ['a frame that is none', [new Fault('PROTOCOL', 'not JSON')]],
] as [string, (ClientFrame<Received> | Fault)[]][])('%s ends the connection', (_title, frames) => {
  const connection = new ConnectionMachine(limits, 0)
  const last = frames.map((frame) => connection.received(frame, 0)).at(-1)
  expect(short(last!)).toEqual(['close PROTOCOL'])
  expect(connection.state).toBe('closed')
  expect(connection.received(hello, 1)).toEqual([])
})

test('a second hello on an open connection ends it', () => {
  expect(short(opened().received(hello, 0))).toEqual(['close PROTOCOL'])
})

test('an admission that arrives after the end changes nothing', () => {
  const connection = new ConnectionMachine(limits, 0)
  connection.received(hello, 0)
  connection.closed()
  expect(connection.admitted(welcome)).toEqual([])
})

test('more subscriptions than allowed are refused', () => {
  const connection = new ConnectionMachine({ ...limits, subscriptionsPerConnection: 1 }, 0)
  connection.received(hello, 0)
  connection.admitted(welcome)
  const sub = (id: number): ClientFrame<Received> => ({
    type: 'sub',
    id,
    path: 'a',
    params: undefined,
    from: 'now',
  })
  expect(short(connection.received(sub(1), 0))).toEqual(['join 1'])
  expect(short(connection.received(sub(2), 0))).toEqual(['refused 2 OVERLOADED'])
  expect(short(connection.received({ type: 'unsub', id: 1 }, 0))).toEqual(['leave 1'])
  expect(short(connection.received(sub(3), 0))).toEqual(['join 3'])
})

test('a bounded read needs a subscription and a place to start', () => {
  const connection = opened()
  const read: ClientFrame<Received> = {
    type: 'read',
    id: 2,
    subscription: 1,
    from: 'first',
    until: { epoch: 'e', offset: 1 },
  }
  expect(short(connection.received(read, 0))).toEqual(['err 2 NOT_FOUND'])
  connection.received({ type: 'sub', id: 1, path: 'a', params: undefined, from: 'now' }, 0)
  expect(short(connection.received(read, 0))).toEqual(['read 2'])
  expect(short(connection.received({ type: 'cancel', id: 2 }, 0))).toEqual(['cancel-read 2'])
  expect(short(connection.received({ ...read, from: 'now' }, 0))).toEqual(['close PROTOCOL'])
})

test('a connection that says no hello in time is closed', () => {
  const connection = new ConnectionMachine(limits, 0)
  expect(connection.elapsed(limits.helloMs - 1)).toEqual([])
  expect(short(connection.elapsed(limits.helloMs))).toEqual(['close HELLO_TIMEOUT'])
})

test('a client that the application does not answer for in time is closed, and may come back', () => {
  const connection = new ConnectionMachine(limits, 0)
  connection.received(hello, 0)
  connection.received({ type: 'ping' }, limits.helloMs - 1)
  expect(short(connection.elapsed(limits.helloMs))).toEqual(['close HELLO_TIMEOUT'])
  expect(connection.admitted(welcome)).toEqual([])
})

test('a silent client is pinged once after the heartbeat, and let go after the grace', () => {
  const connection = opened(0)
  const { heartbeatMs, heartbeatGraceMs } = limits
  expect(connection.elapsed(heartbeatMs - 1)).toEqual([])
  expect(short(connection.elapsed(heartbeatMs))).toEqual(['ping'])
  expect(connection.elapsed(heartbeatMs + 1_000)).toEqual([])
  expect(short(connection.elapsed(heartbeatMs + heartbeatGraceMs))).toEqual(['close HEARTBEAT'])
})

test('any frame counts as a sign of life', () => {
  const connection = opened(0)
  connection.elapsed(limits.heartbeatMs)
  connection.received({ type: 'pong' }, limits.heartbeatMs + 5_000)
  expect(connection.elapsed(limits.heartbeatMs + limits.heartbeatGraceMs)).toEqual([])
  expect(short(connection.elapsed(limits.heartbeatMs * 2 + 5_000))).toEqual(['ping'])
})

test('a ping is answered, also before hello', () => {
  const connection = new ConnectionMachine(limits, 0)
  expect(short(connection.received({ type: 'ping' }, 0))).toEqual(['pong'])
  expect(connection.state).toBe('greeting')
})

test('a number that is in use ends the connection', () => {
  const connection = opened()
  const sub = { type: 'sub', id: 1, path: 'a', params: undefined, from: 'now' } as const
  connection.received(sub, 0)
  expect(short(connection.received({ ...sub, path: 'b' }, 0))).toEqual(['close PROTOCOL'])
})

test('what a client asks for goes on to its session, a cancelled read excepted', () => {
  const connection = opened()
  expect(short(connection.received(call(1), 0))).toEqual(['request call'])
  expect(short(connection.received({ type: 'cancel', id: 1 }, 0))).toEqual(['request cancel'])
  expect(short(connection.received({ type: 'ack', upTo: 1, waiting: [] }, 0))).toEqual(['request ack'])
})

test('after its end it orders nothing', () => {
  const connection = opened()
  connection.closed()
  expect(connection.received(call(1), 0)).toEqual([])
  expect(connection.elapsed(1_000_000)).toEqual([])
})
