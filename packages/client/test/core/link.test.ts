import type { ServerFrame } from '@parley/shared/internal'
import { expect, test } from 'vitest'
import { ClientLink } from '../../src/core/link.js'
import type { LinkOutput } from '../../src/core/link-output.js'

type Link = ClientLink<string, string>
type Output = LinkOutput<string, string>

const link = (): Link => new ClientLink({ contract: () => 'c', client: 'me' })
const welcome: Extract<ServerFrame<string>, { type: 'welcome' }> = {
  type: 'welcome',
  version: 1,
  contract: 'c',
  session: 's',
  resumed: false,
  epoch: 'e',
  frameBytes: 1_000,
  heartbeatMs: 25_000,
  heartbeatGraceMs: 10_000,
}
const kinds = (outputs: readonly Output[]) => outputs.map(({ type }) => type)

/** Opens the current attempt, at a time. */
function succeed(machine: Link, now: number): void {
  machine.authenticated(machine.attempt, undefined, 1, now)
  machine.opened(machine.attempt, now)
  machine.received(machine.attempt, welcome, now)
  expect(machine.state).toEqual({ status: 'open', contract: 'same' })
}

function openAt(now: number): Link {
  const machine = link()
  machine.open(now)
  succeed(machine, now)
  return machine
}

test('credentials, then a socket, then hello, then welcome', () => {
  const machine = link()
  expect(kinds(machine.open(0))).toEqual(['state', 'ask-auth'])
  expect(machine.open(0)).toEqual([]) // it is on its way
  expect(machine.authenticated(1, 'token', 7, 0)).toEqual([{ type: 'connect', attempt: 1 }])
  expect(machine.opened(1, 0)).toEqual([
    { type: 'send', frame: { type: 'hello', version: 1, contract: 'c', client: 'me', auth: 'token' } },
  ])
  expect(kinds(machine.received(1, welcome, 0))).toEqual(['state', 'up'])
})

test('nothing that an attempt of the past does touches the one of today', () => {
  const machine = openAt(0)
  machine.reconnect(1_000, 0)
  machine.elapsed(1_000, 0)
  expect(machine.attempt).toBe(2)
  const before = machine.state
  expect(machine.closed(1, 4401, '', 1_000, 0)).toEqual([])
  expect(machine.received(1, welcome, 1_000)).toEqual([])
  expect(machine.opened(1, 1_000)).toEqual([])
  expect(machine.authenticated(1, 'old', 9, 1_000)).toEqual([])
  expect(machine.authFailed(1, 'old', 1_000, 0)).toEqual([])
  expect(machine.broken(1, 'old')).toEqual([])
  expect(machine.impossible(1, { code: 'X', message: '' })).toEqual([])
  expect(machine.state).toBe(before)
})

test('a socket that reports its end twice is heard once', () => {
  const machine = openAt(0)
  expect(kinds(machine.closed(1, 1006, '', 100, 0))).toEqual(['down', 'state'])
  expect(machine.closed(1, 1006, '', 100, 0)).toEqual([])
})

test('the first wait after a loss is never 0, even for the luckiest', () => {
  const machine = openAt(0)
  machine.closed(1, 1006, '', 20_000, 0)
  expect(machine.state).toMatchObject({ status: 'reconnecting', delayMs: 500, attempt: 1 })
  expect(machine.next).toBe(20_500)
})

test('a connection that had held makes up for the failures before it, though no timer has run', () => {
  const machine = link()
  machine.open(0)
  for (let n = 0; n < 5; n += 1) {
    machine.authenticated(machine.attempt, undefined, 1, 0)
    machine.closed(machine.attempt, 1006, '', 0, 0.99)
    machine.elapsed(machine.next, 0)
  }
  succeed(machine, 1_000_000)
  machine.closed(machine.attempt, 1006, '', 1_010_000, 0)
  expect(machine.state).toMatchObject({ attempt: 1 })
})

test('attempts are not counted by what the application or the page asks for', () => {
  const machine = openAt(0)
  machine.closed(1, 1006, '', 20_000, 0.5)
  for (let n = 0; n < 10; n += 1) machine.woke(20_000, 0.5)
  expect(machine.state).toMatchObject({ attempt: 1, delayMs: 125 })
  machine.reconnect(20_000, 0.5)
  expect(machine.state).toMatchObject({ attempt: 1 })
})

test('a sign that the world changed never puts an attempt off', () => {
  const machine = openAt(0)
  machine.closed(1, 4000, '', 20_000, 0.1) // at once: in 25 ms
  expect(machine.woke(20_000, 0.9)).toEqual([])
  expect(machine.next).toBe(20_025)
})

test('a closed machine stays closed whatever comes, until it is opened', () => {
  const machine = openAt(0)
  expect(kinds(machine.close())).toEqual(['disconnect', 'down', 'over', 'state'])
  expect(machine.next).toBe(Number.POSITIVE_INFINITY)
  expect(machine.close()).toEqual([])
  expect(machine.woke(0, 0)).toEqual([])
  expect(machine.elapsed(1_000_000, 0)).toEqual([])
  expect(machine.closed(1, 1006, '', 0, 0)).toEqual([])
  expect(kinds(machine.open(0))).toEqual(['state', 'ask-auth'])
})

test('a session that the application closed is named when it opens again: the server may not have heard of it', () => {
  const machine = openAt(0)
  machine.close()
  machine.open(0)
  machine.authenticated(2, undefined, 1, 0)
  expect(machine.opened(2, 0)).toMatchObject([{ frame: { session: 's' } }])
})

test('a session of the past is not named after a final end', () => {
  const machine = openAt(0)
  machine.closed(1, 4401, '', 0, 0)
  machine.open(0)
  machine.authenticated(2, undefined, 1, 0)
  expect(machine.opened(2, 0)).not.toHaveProperty('0.frame.session')
})

test('a socket that does not open within 10 s is let go', () => {
  const machine = link()
  machine.open(0)
  machine.authenticated(1, undefined, 1, 4_000)
  expect(machine.next).toBe(14_000)
  expect(kinds(machine.elapsed(14_000, 0))).toEqual(['disconnect', 'state'])
  expect(machine.state).toMatchObject({ status: 'reconnecting', lastError: { code: 'TIMEOUT' } })
})

test('a server of another version is no server for this client', () => {
  const machine = link()
  machine.open(0)
  machine.authenticated(1, undefined, 1, 0)
  machine.opened(1, 0)
  machine.received(1, { ...welcome, version: 2 }, 0)
  expect(machine.state).toMatchObject({ status: 'closed', code: 'PROTOCOL', final: true })
})

test('frames for topics before welcome break the protocol, a ping does not', () => {
  const machine = link()
  machine.open(0)
  machine.authenticated(1, undefined, 1, 0)
  machine.opened(1, 0)
  expect(machine.received(1, { type: 'ping' }, 0)).toEqual([{ type: 'send', frame: { type: 'pong' } }])
  machine.received(1, { type: 'live', topic: 1, offset: 1 }, 0)
  expect(machine.state).toMatchObject({ status: 'closed', code: 'PROTOCOL' })
})

test.each([
  [1000, 'reconnecting'],
  [1001, 'reconnecting'],
  [1002, 'closed'],
  [1003, 'closed'],
  [1005, 'reconnecting'],
  [1006, 'reconnecting'],
  [1007, 'closed'],
  [1008, 'closed'],
  [1009, 'reconnecting'],
  [1010, 'closed'],
  [1011, 'reconnecting'],
  [1012, 'reconnecting'],
  [4000, 'reconnecting'],
  [4099, 'reconnecting'],
  [4100, 'reconnecting'],
  [4199, 'reconnecting'],
  [4400, 'closed'],
  [4499, 'closed'],
])('after a close with %i the client is %s', (code, status) => {
  const machine = openAt(0)
  machine.closed(1, code, '', 0, 0)
  expect(machine.state.status).toBe(status)
})

test('no advice keeps a client away for longer than an hour', () => {
  const machine = openAt(0)
  machine.closed(1, 4100, '{"code":"DRAINING","delayMs":1e12}', 0, 0)
  expect(machine.state).toMatchObject({ delayMs: 3_600_000 })
})

test('a delay that the server advised is kept, whatever wakes the page; the application may still ask', () => {
  const machine = openAt(0)
  machine.closed(1, 4101, JSON.stringify({ code: 'OVERLOADED', delayMs: 8_000 }), 20_000, 0)
  expect(machine.woke(21_000, 0)).toEqual([])
  expect(machine.next).toBe(28_000)
  machine.reconnect(22_000, 0.5)
  expect(machine.next).toBe(22_125)
  // an ordinary wait of the same connection is shortened again
  machine.elapsed(22_125, 0)
  succeed(machine, 22_125)
  machine.closed(machine.attempt, 1006, '', 23_000, 0.9)
  machine.woke(23_100, 0)
  expect(machine.next).toBe(23_100)
})
