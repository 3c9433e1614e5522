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

/** Opens a line, at a time. */
function succeed(machine: Link, line: number, now: number, changes: Partial<typeof welcome> = {}): Output[] {
  machine.feed(line, (it) => it.authenticated(undefined, 1, now), now)
  machine.feed(line, (it) => it.opened(now), now)
  const outputs = machine.feed(line, (it) => it.received({ ...welcome, ...changes }, now), now)
  expect(machine.state).toEqual({ status: 'open', contract: 'same' })
  return outputs
}

/** The socket of a line closes. */
function closed(
  machine: Link,
  line: number,
  code: number,
  reason: string,
  now: number,
  chance = 0,
): Output[] {
  return machine.feed(line, (it) => it.closed(code, reason), now, chance)
}

function openAt(now: number): Link {
  const machine = link()
  machine.open(now)
  succeed(machine, 1, now)
  return machine
}

test('credentials, then a socket, then hello, then welcome', () => {
  const machine = link()
  expect(kinds(machine.open(0))).toEqual(['state', 'ask-auth'])
  expect(machine.open(0)).toEqual([]) // it is on its way
  expect(machine.feed(1, (it) => it.authenticated('token', 7, 0), 0)).toEqual([{ type: 'connect', line: 1 }])
  const hello = { type: 'hello', version: 1, contract: 'c', client: 'me', auth: 'token' }
  expect(machine.feed(1, (it) => it.opened(0), 0)).toEqual([{ type: 'send', line: 1, frame: hello }])
  expect(kinds(machine.feed(1, (it) => it.received(welcome, 0), 0))).toEqual(['state', 'up'])
})

test('nothing that an attempt of the past does touches the one of today', () => {
  const machine = openAt(0)
  machine.reconnect(1_000, 0)
  machine.elapsed(1_000, 0)
  expect(machine.line(1)).toBeUndefined()
  expect(machine.line(2)).toBeDefined()
  const before = machine.state
  expect(closed(machine, 1, 4401, '', 1_000, 0)).toEqual([])
  expect(machine.feed(1, (it) => it.received(welcome, 1_000), 1_000)).toEqual([])
  expect(machine.feed(1, (it) => it.opened(1_000), 1_000)).toEqual([])
  expect(machine.feed(1, (it) => it.authenticated('old', 9, 1_000), 1_000)).toEqual([])
  expect(machine.feed(1, (it) => it.authFailed('old', 1_000), 1_000)).toEqual([])
  expect(machine.feed(1, (it) => it.broken('old'), 1_000)).toEqual([])
  expect(machine.feed(1, (it) => it.impossible({ code: 'X', message: '' }), 1_000)).toEqual([])
  expect(machine.state).toBe(before)
})

test('a socket that reports its end twice is heard once', () => {
  const machine = openAt(0)
  expect(kinds(closed(machine, 1, 1006, '', 100, 0))).toEqual(['down', 'state'])
  expect(closed(machine, 1, 1006, '', 100, 0)).toEqual([])
})

test('the first wait after a loss is never 0, even for the luckiest', () => {
  const machine = openAt(0)
  closed(machine, 1, 1006, '', 20_000, 0)
  expect(machine.state).toMatchObject({ status: 'reconnecting', delayMs: 500, attempt: 1 })
  expect(machine.next).toBe(20_500)
})

test('a connection that had held makes up for the failures before it, though no timer has run', () => {
  const machine = link()
  machine.open(0)
  for (let line = 1; line <= 5; line += 1) {
    machine.feed(line, (it) => it.authenticated(undefined, 1, 0), 0)
    closed(machine, line, 1006, '', 0, 0.99)
    machine.elapsed(machine.next, 0)
  }
  succeed(machine, 6, 1_000_000)
  closed(machine, 6, 1006, '', 1_010_000, 0)
  expect(machine.state).toMatchObject({ attempt: 1 })
})

test('attempts are not counted by what the application or the page asks for', () => {
  const machine = openAt(0)
  closed(machine, 1, 1006, '', 20_000, 0.5)
  for (let n = 0; n < 10; n += 1) machine.woke(20_000, 0.5)
  expect(machine.state).toMatchObject({ attempt: 1, delayMs: 125 })
  machine.reconnect(20_000, 0.5)
  expect(machine.state).toMatchObject({ attempt: 1 })
})

test('a sign that the world changed never puts an attempt off', () => {
  const machine = openAt(0)
  closed(machine, 1, 4000, '', 20_000, 0.1) // at once: in 25 ms
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
  expect(closed(machine, 1, 1006, '', 0, 0)).toEqual([])
  expect(kinds(machine.open(0))).toEqual(['state', 'ask-auth'])
})

test('a session that the application closed is named when it opens again: the server may not have heard of it', () => {
  const machine = openAt(0)
  machine.close()
  machine.open(0)
  machine.feed(2, (it) => it.authenticated(undefined, 1, 0), 0)
  expect(machine.feed(2, (it) => it.opened(0), 0)).toMatchObject([{ frame: { session: 's' } }])
})

test('a session of the past is not named after a final end', () => {
  const machine = openAt(0)
  closed(machine, 1, 4401, '', 0, 0)
  machine.open(0)
  machine.feed(2, (it) => it.authenticated(undefined, 1, 0), 0)
  expect(machine.feed(2, (it) => it.opened(0), 0)).not.toHaveProperty('0.frame.session')
})

test('a socket that does not open within 10 s is let go', () => {
  const machine = link()
  machine.open(0)
  machine.feed(1, (it) => it.authenticated(undefined, 1, 4_000), 4_000)
  expect(machine.next).toBe(14_000)
  expect(kinds(machine.elapsed(14_000, 0))).toEqual(['disconnect', 'state'])
  expect(machine.state).toMatchObject({ status: 'reconnecting', lastError: { code: 'TIMEOUT' } })
})

test('a server of another version is no server for this client', () => {
  const machine = link()
  machine.open(0)
  machine.feed(1, (it) => it.authenticated(undefined, 1, 0), 0)
  machine.feed(1, (it) => it.opened(0), 0)
  machine.feed(1, (it) => it.received({ ...welcome, version: 2 }, 0), 0)
  expect(machine.state).toMatchObject({ status: 'closed', code: 'PROTOCOL', final: true })
})

test('frames for topics before welcome break the protocol, a ping does not', () => {
  const machine = link()
  machine.open(0)
  machine.feed(1, (it) => it.authenticated(undefined, 1, 0), 0)
  machine.feed(1, (it) => it.opened(0), 0)
  expect(machine.feed(1, (it) => it.received({ type: 'ping' }, 0), 0)).toEqual([
    { type: 'send', line: 1, frame: { type: 'pong' } },
  ])
  machine.feed(1, (it) => it.received({ type: 'live', topic: 1, offset: 1 }, 0), 0)
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
  closed(machine, 1, code, '', 0, 0)
  expect(machine.state.status).toBe(status)
})

test('what the server says that it has taken is passed on with the end of the line', () => {
  const machine = openAt(0)
  const reason = '{"code":"DRAINING","delayMs":500,"taken":17}'
  expect(closed(machine, 1, 4100, reason, 0)).toMatchObject([{ type: 'down', line: 1, taken: 17 }, {}])
})

test('no advice keeps a client away for longer than an hour', () => {
  const machine = openAt(0)
  closed(machine, 1, 4100, '{"code":"DRAINING","delayMs":1e12}', 0, 0)
  expect(machine.state).toMatchObject({ delayMs: 3_600_000 })
})

test('a delay that the server advised is kept, whatever wakes the page; the application may still ask', () => {
  const machine = openAt(0)
  closed(machine, 1, 4101, JSON.stringify({ code: 'OVERLOADED', delayMs: 8_000 }), 20_000, 0)
  expect(machine.woke(21_000, 0)).toEqual([])
  expect(machine.next).toBe(28_000)
  machine.reconnect(22_000, 0.5)
  expect(machine.next).toBe(22_125)
  // an ordinary wait of the same connection is shortened again
  machine.elapsed(22_125, 0)
  succeed(machine, 2, 22_125)
  closed(machine, 2, 1006, '', 23_000, 0.9)
  machine.woke(23_100, 0)
  expect(machine.next).toBe(23_100)
})

// --- from one line to another ----------------------------------------------------------------------------------

const move = (machine: Link, line: number, inMs: number, now: number): Output[] =>
  machine.feed(line, (it) => it.received({ type: 'move', inMs }, now), now)

/** A machine whose line 1 is open, and has held. */
function held(): Link {
  const machine = openAt(0)
  machine.elapsed(10_000, 0)
  return machine
}

/** A machine whose line 1 is open, and whose line 2 is being tried for, as the server asked. */
function moving(): Link {
  const machine = held()
  move(machine, 1, 3_000, 20_000)
  expect(machine.next).toBe(23_000)
  expect(machine.elapsed(23_000, 0)).toEqual([{ type: 'ask-auth', line: 2 }])
  return machine
}

/** Lets line 2 say hello. */
function hello(machine: Link): void {
  machine.feed(2, (it) => it.authenticated(undefined, 1, 23_000), 23_000)
  expect(machine.feed(2, (it) => it.opened(23_000), 23_000)).toMatchObject([{ frame: { session: 's' } }])
}

test('a server that asks a client to move gets it to open the next line, while the one of today goes on', () => {
  const machine = moving()
  const event = { type: 'e', topic: 1, offset: 1, name: 'n', data: 'x' } as const
  hello(machine)
  expect(machine.feed(1, (it) => it.received(event, 23_000), 23_000)).toMatchObject([
    { type: 'frame', line: 1 },
  ])
  const outputs = succeed(machine, 2, 23_000, { session: 't' })
  expect(outputs).toMatchObject([{ type: 'up', line: 2 }]) // and no other state is shown on the way
  expect(machine.feed(1, (it) => it.received({ type: 'ok', id: 9 }, 23_000), 23_000)).toMatchObject([
    { type: 'frame', line: 1 },
  ])
  expect(machine.idle(2)).toEqual([])
  expect(machine.idle(1)).toEqual([
    { type: 'disconnect', line: 1, code: 1000, why: '' },
    { type: 'down', line: 1 },
  ])
  expect(machine.idle(1)).toEqual([])
})

test('a line whose session went on to the next one goes at once, and not as one that is done', () => {
  const machine = moving()
  expect(succeed(machine, 2, 23_000, { resumed: true })).toMatchObject([
    { type: 'up', line: 2 },
    { type: 'disconnect', line: 1, code: 4000 },
    { type: 'down', line: 1 },
  ])
})

test('that the session was taken over by the next line ends nobody, though it is heard of before the welcome', () => {
  const machine = moving()
  hello(machine)
  expect(closed(machine, 1, 4409, '', 23_100)).toEqual([])
  expect(machine.state.status).toBe('open')
  expect(succeed(machine, 2, 23_200, { resumed: true })).toMatchObject([
    { type: 'up', line: 2 },
    { type: 'down', line: 1 },
  ])
})

test('a next line that took the session over and then failed leaves a client that comes back', () => {
  const machine = moving()
  hello(machine)
  closed(machine, 1, 4409, '', 23_100)
  expect(kinds(closed(machine, 2, 1006, '', 23_200))).toEqual(['down', 'state'])
  expect(machine.state.status).toBe('reconnecting')
})

test('a take-over by a line that was given up before it was welcomed ends nobody', () => {
  const machine = moving()
  hello(machine)
  expect(kinds(machine.elapsed(33_000, 0))).toEqual(['disconnect']) // it took too long
  closed(machine, 1, 4409, '', 33_100)
  expect(machine.state.status).toBe('reconnecting')
})

test('a first hello that comes late, and begins a session that ends the one of today, ends nobody', () => {
  const machine = link()
  machine.open(0)
  machine.feed(1, (it) => it.authenticated(undefined, 1, 0), 0)
  machine.feed(1, (it) => it.opened(0), 0)
  machine.elapsed(10_000, 0) // it took too long
  machine.elapsed(10_500, 0)
  succeed(machine, 2, 10_500)
  closed(machine, 2, 4409, '', 11_000)
  expect(machine.state.status).toBe('reconnecting')
  machine.elapsed(11_500, 0)
  succeed(machine, 3, 11_500, { session: 't' })
  closed(machine, 3, 4409, '', 12_000) // there was one such hello, and this is another's
  expect(machine.state).toMatchObject({ status: 'closed', code: 'TAKEN_OVER' })
})

test('a take-over by somebody else is final', () => {
  const machine = openAt(0)
  closed(machine, 1, 4409, '', 20_000)
  expect(machine.state).toMatchObject({ status: 'closed', code: 'TAKEN_OVER', final: true })
  const late = moving()
  hello(late)
  succeed(late, 2, 23_000, { session: 't' }) // another session, so that no hello of the past names it
  closed(late, 2, 4409, '', 24_000)
  expect(late.state).toMatchObject({ status: 'closed', code: 'TAKEN_OVER' })
})

test.each([
  ['is refused', 4403],
  ['does not open', 1006],
  ['is put off', 4101],
])('where the next line %s the client stays on the one of today, and tries again', (_, code) => {
  const machine = moving()
  machine.feed(2, (it) => it.authenticated(undefined, 1, 23_000), 23_000)
  machine.feed(2, (it) => it.opened(23_000), 23_000)
  expect(closed(machine, 2, code, '{"code":"X","delayMs":4000}', 23_000)).toEqual([])
  expect(machine.state.status).toBe('open')
  machine.elapsed(27_000, 0.5) // not before what was advised, and then by chance
  expect(machine.next).toBe(28_000)
  expect(machine.elapsed(28_000, 0)).toEqual([{ type: 'ask-auth', line: 3 }])
})

test('`auth` that fails for the next line is asked again, later each time', () => {
  const machine = moving()
  const waits: number[] = []
  let now = 23_000
  for (let line = 2; line < 8; line += 1) {
    const failedAt = now
    expect(machine.feed(line, (it) => it.authFailed('no token', now), now, 0)).toEqual([])
    while (!machine.line(line + 1)) {
      now = Math.max(now, machine.next)
      machine.line(1)!.heard(now)
      machine.elapsed(now, 0.999)
    }
    waits.push(now - failedAt)
  }
  expect(waits).toEqual([1_499, 2_498, 4_496, 8_492, 16_484, 30_470])
})

test('a line that ends while the next one is tried for makes that one the attempt', () => {
  const machine = moving()
  expect(kinds(closed(machine, 1, 4100, '', 23_000))).toEqual(['down', 'state'])
  expect(machine.state.status).toBe('connecting')
  expect(kinds(succeed(machine, 2, 23_000))).toEqual(['state', 'up'])
})

test('a half-open line is noticed while the next one is tried for, which is the attempt from then on', () => {
  const machine = moving()
  machine.line(1)!.waiting(23_000) // an answer is owed
  machine.feed(2, (it) => it.authenticated(undefined, 1, 23_000), 23_000)
  expect(machine.elapsed(26_000, 0)).toEqual([{ type: 'send', line: 1, frame: { type: 'ping' } }])
  expect(machine.elapsed(31_000, 0)).toMatchObject([
    { type: 'disconnect', line: 1, code: 4001 },
    { type: 'down', line: 1 },
    { type: 'state', state: { status: 'connecting' } },
  ])
  machine.feed(2, (it) => it.opened(32_000), 32_000)
  expect(kinds(machine.feed(2, (it) => it.received(welcome, 32_000), 32_000))).toEqual(['state', 'up'])
})

test('asked to move twice, a client moves once', () => {
  const machine = held()
  move(machine, 1, 3_000, 20_000)
  move(machine, 1, 1_000, 20_500)
  expect(machine.next).toBe(21_500)
  machine.elapsed(21_500, 0)
  move(machine, 1, 0, 21_500)
  expect(machine.elapsed(21_500, 0)).toEqual([])
})

test('a server that asks all that come to move on makes nobody run in a circle', () => {
  const machine = held()
  let now = 20_000
  const times: number[] = []
  for (let line = 1; now < 80_000; line += 1) {
    move(machine, line, 0, now)
    while (!machine.line(line + 1)) {
      now = Math.max(now, machine.next)
      machine.elapsed(now, 0.5)
    }
    times.push(now)
    succeed(machine, line + 1, now, { session: `s${line}` })
  }
  expect(times[0]).toBe(20_000) // the first time at once
  expect(times.length).toBeLessThan(12)
})

test('a transport that knows a better way is obeyed at once, also where it said so before the line was open', () => {
  const machine = openAt(0)
  machine.feed(1, (it) => it.better(), 20_000)
  expect(machine.elapsed(20_000, 0)).toEqual([{ type: 'ask-auth', line: 2 }])
  const early = link()
  early.open(0)
  early.feed(1, (it) => it.better(), 0)
  succeed(early, 1, 0)
  expect(early.elapsed(0, 0)).toEqual([{ type: 'ask-auth', line: 2 }])
})

test('closing a client in the middle of a move closes all of its lines', () => {
  const machine = moving()
  succeed(machine, 2, 23_000, { session: 't' })
  move(machine, 2, 0, 40_000)
  machine.elapsed(40_000, 0)
  machine.feed(3, (it) => it.authenticated(undefined, 1, 40_000), 40_000)
  const closes = machine.close().filter(({ type }) => type === 'disconnect' || type === 'down')
  expect(closes).toMatchObject([
    { type: 'disconnect', line: 3, code: 1000 },
    { type: 'disconnect', line: 2, code: 1000 },
    { type: 'down', line: 2 },
    { type: 'disconnect', line: 1, code: 1000 },
    { type: 'down', line: 1 },
  ])
  expect(machine.next).toBe(Number.POSITIVE_INFINITY)
})
