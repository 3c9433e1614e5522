/**
 * The machine of the connection against a world that does anything in any order: servers that welcome, refuse, ask to
 * move and vanish, sockets that close late, credentials that do not come. What must hold is looked at after each step.
 */
import type { ServerFrame } from '@parley/shared/internal'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Line } from '../../src/core/line.js'
import { ClientLink } from '../../src/core/link.js'
import type { LineOutput, LinkOutput } from '../../src/core/link-output.js'

type Machine = ClientLink<string, string>
type Output = LinkOutput<string, string>

const codes = [1000, 1001, 1006, 1008, 4000, 4001, 4100, 4101, 4401, 4403, 4409]

const pick = fc.nat(3)
const operation = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ op: 'open' as const }) },
  { weight: 1, arbitrary: fc.constantFrom({ op: 'close' as const }, { op: 'reconnect' as const }) },
  { weight: 2, arbitrary: fc.constant({ op: 'woke' as const }) },
  { weight: 60, arbitrary: fc.record({ op: fc.constant('advance' as const), resumes: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('authFailed' as const), pick }) },
  { weight: 20, arbitrary: fc.record({ op: fc.constant('move' as const), pick, inMs: fc.nat(5_000) }) },
  { weight: 5, arbitrary: fc.record({ op: fc.constant('heard' as const), pick }) },
  {
    weight: 4,
    arbitrary: fc.record({ op: fc.constant('closed' as const), pick, code: fc.constantFrom(...codes) }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('broken' as const), pick }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('idle' as const), pick }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('waiting' as const), pick }) },
  { weight: 14, arbitrary: fc.record({ op: fc.constant('time' as const), ms: fc.nat(8_000) }) },
)

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

/** What the shell and the parts would know, worked out from the outputs alone. */
class World {
  readonly machine: Machine = new ClientLink({ contract: () => 'c', client: 'me' })
  now = 0
  /** Lines that were asked for, and have not ended. */
  readonly tried = new Set<number>()
  readonly sockets = new Set<number>()
  /** Lines that are up, in the order in which they came up; the last is the one that is sent on. */
  readonly up: number[] = []
  /** The session that each line said hello with, and the one that it was welcomed in. */
  readonly named = new Map<number, string | undefined>()
  readonly sessions = new Map<number, string>()
  isWanted = false
  moves = 0
  #newest = 0

  run(outputs: readonly Output[]): void {
    for (const output of outputs) this.#carryOut(output)
    this.#check()
  }

  feed(
    line: number,
    input: (it: Line<string, string>) => readonly LineOutput<string, string>[],
    chance = 0.5,
  ): void {
    this.run(this.machine.feed(line, input, this.now, chance))
  }

  #carryOut(output: Output): void {
    switch (output.type) {
      case 'ask-auth':
        if (this.tried.has(output.line)) return // a refresh
        expect(output.line).toBe(this.#newest + 1)
        this.#newest = output.line
        this.tried.add(output.line)
        break
      case 'connect':
        expect(this.tried).toContain(output.line)
        this.sockets.add(output.line)
        break
      case 'send':
        expect(this.sockets).toContain(output.line)
        if (output.frame.type === 'hello') this.named.set(output.line, output.frame.session)
        break
      case 'frame':
        expect(this.up).toContain(output.line)
        break
      case 'disconnect':
        expect(this.sockets.delete(output.line)).toBe(true)
        break
      case 'up':
        expect(this.up).not.toContain(output.line)
        expect(Math.max(0, ...this.up)).toBeLessThan(output.line)
        if (this.up.length > 0) this.moves += 1
        this.up.push(output.line)
        break
      case 'down':
        expect(this.up).toContain(output.line)
        this.up.splice(this.up.indexOf(output.line), 1)
        break
      case 'state':
        if (output.state.status === 'closed') this.isWanted = false
        break
      case 'over':
        expect(this.up).toEqual([])
    }
  }

  #check(): void {
    const { machine } = this
    const { status } = machine.state
    for (const line of [...this.tried]) if (!machine.line(line)) this.tried.delete(line)
    // a socket is let go of, or belongs to a line of today
    for (const line of this.sockets) expect(machine.line(line)).toBeDefined()
    for (const line of this.up) expect(machine.line(line)).toBeDefined()
    // one that is sent on, one that is tried for, and few that are left
    expect(this.tried.size).toBeLessThanOrEqual(6)
    if (status === 'open') {
      const line = this.up.at(-1)!
      expect(machine.idle(line)).toEqual([])
      // only while its session is on the way to another line may the line that is sent on be without a socket
      const isOnItsWay = [...this.tried].some((other) => this.named.has(other) && !this.up.includes(other))
      expect(this.sockets.has(line) || isOnItsWay).toBe(true)
    }
    if (this.isWanted) expect(status).not.toMatch(/^(idle|closed)$/)
    else expect(status).toMatch(/^(idle|closed)$/)
    // while it is wanted there is a connection, or the next attempt is due at a known time
    if (status === 'connecting' || status === 'reconnecting')
      expect(machine.next).toBeLessThan(this.now + 31_000)
    if (!this.isWanted) {
      expect(machine.next).toBe(Number.POSITIVE_INFINITY)
      expect(this.sockets.size).toBe(0)
      expect(this.up).toEqual([])
    }
  }
}

const beats = { frameBytes: 1_000, heartbeatMs: 25_000, heartbeatGraceMs: 10_000, epoch: 'e' }

function step(world: World, operation: Operation): void {
  const { machine, now } = world
  const line = 'pick' in operation ? ([...world.tried].at(-1 - operation.pick) ?? 0) : 0
  const hasSocket = world.sockets.has(line)
  const { op } = operation
  if (op === 'open' || op === 'reconnect') world.isWanted = true
  if (op === 'open') world.run(machine.open(now))
  else if (op === 'close') world.run(machine.close())
  else if (op === 'reconnect') world.run(machine.reconnect(now, 0.5))
  else if (op === 'woke') world.run(machine.woke(now, 0.5))
  else if (op === 'advance') advance(world, operation.resumes)
  else if (op === 'authFailed') world.feed(line, (it) => it.authFailed('no token', now))
  else if (op === 'move' && world.up.includes(line)) {
    world.feed(line, (it) => it.received({ type: 'move', inMs: operation.inMs }, now))
  } else if (op === 'heard' && hasSocket) world.feed(line, (it) => it.received({ type: 'ping' }, now))
  else if (op === 'closed' && hasSocket) close(world, line, operation.code)
  else if (op === 'broken' && hasSocket) world.feed(line, (it) => it.broken('it is mad'))
  else if (op === 'idle') world.run(machine.idle(line))
  else if (op === 'waiting') machine.line(line)?.waiting(now)
  else if (op === 'time') pass(world, operation.ms)
}

function pass(world: World, ms: number): void {
  const end = world.now + ms
  while (world.machine.next <= end) {
    world.now = Math.max(world.now, world.machine.next)
    world.run(world.machine.elapsed(world.now, 0.5))
  }
  world.now = end
}

/** The newest line that is not up gets one step further. */
function advance(world: World, resumes: boolean): void {
  const { now } = world
  const line = [...world.tried].filter((each) => !world.up.includes(each)).at(-1) ?? 0
  if (!world.sockets.has(line)) world.feed(line, (it) => it.authenticated('token', 1, now))
  else if (!world.named.has(line)) world.feed(line, (it) => it.opened(now))
  else welcome(world, line, resumes)
}

/** The server welcomes a line that said hello; a session of another line of its own it takes over, if it is to resume. */
function welcome(world: World, line: number, resumes: boolean): void {
  const named = world.named.get(line)
  const resumed = resumes && named !== undefined
  const session = resumed ? named : `s${line}`
  world.sessions.set(line, session)
  // the line that had it hears of that first: the worst order
  const before = resumed
    ? world.up.find((other) => other !== line && world.sessions.get(other) === session)
    : undefined
  if (before !== undefined && world.sockets.has(before)) close(world, before, 4409)
  const frame: ServerFrame<string> = {
    type: 'welcome',
    version: 1,
    contract: 'c',
    session,
    resumed,
    ...beats,
  }
  const had = world.isWanted
  world.feed(line, (it) => it.received(frame, world.now))
  if (resumed && before !== undefined) {
    expect(had).toBe(true) // a session that goes on with its own client ends nobody
    expect(world.up).toEqual(expect.arrayContaining([line]))
    expect(world.up).not.toContain(before)
  }
}

function close(world: World, line: number, code: number): void {
  world.sockets.delete(line)
  world.feed(line, (it) => it.closed(code, ''))
}

test('whatever happens in whatever order, the connection is there, due at a known time, or not wanted', () => {
  let moves = 0
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 150, size: 'max' }), (steps) => {
      const world = new World()
      for (const each of steps) step(world, each)
      moves += world.moves
      world.run(world.machine.close())
    }),
    { numRuns: 600 },
  )
  // The property speaks of moves only if there were many.
  expect(moves).toBeGreaterThan(150)
})
