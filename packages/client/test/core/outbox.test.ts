import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type NewRequest, Outbox, type OutboxOutput } from '../../src/core/outbox.js'

const bounds = { outboxSends: 3, outboxBytes: 100, outboxMs: 30 }
const request = (id: number, more: Partial<NewRequest> = {}): NewRequest => ({
  id,
  bytes: 10,
  repeatable: false,
  idempotent: false,
  ordered: false,
  withinMs: 20,
  fromNow: false,
  ...more,
})
const opening = (frameBytes: number, resumed = false) => ({ frameBytes, resumed })
const codes = (outputs: readonly OutboxOutput[]) =>
  outputs.map((output) =>
    output.type === 'reject' ? output.code : `${output.type} ${'id' in output ? output.id : ''}`.trim(),
  )

test('an open connection gets each request at once', () => {
  const outbox = new Outbox(bounds)
  outbox.up(1, opening(1_000), 0)
  expect(outbox.add(request(1), 5)).toEqual([{ type: 'transmit', id: 1, withinMs: 20 }])
  expect(outbox.handedSince).toBe(5)
  outbox.answered(1, 6)
  expect(outbox.size).toBe(0)
  expect(outbox.answered(1, 6)).toEqual([])
  expect(outbox.handedSince).toBeUndefined()
})

test('what waits goes out in the order in which it was asked for', () => {
  const outbox = new Outbox(bounds)
  for (const id of [1, 2, 3]) expect(outbox.add(request(id), 0)).toEqual([])
  expect(codes(outbox.up(1, opening(1_000), 10))).toEqual(['transmit 1', 'transmit 2', 'transmit 3'])
})

test('what the server had not taken when it closed never ran: it waits again, as if it had not been handed over', () => {
  const outbox = new Outbox(bounds)
  outbox.up(1, opening(1_000), 0)
  for (const id of [1, 2, 3]) outbox.add(request(id), 5)
  outbox.down(1, 10, 1)
  expect(codes(outbox.elapsed(29))).toEqual(['TIMEOUT']) // the one that may have run: its time goes on
  expect(outbox.up(2, opening(1_000), 35)).toEqual([
    { type: 'transmit', id: 2, withinMs: 20 },
    { type: 'transmit', id: 3, withinMs: 20 },
  ])
})

test('what the server of a line that is left had not taken goes out on the other one', () => {
  const outbox = new Outbox(bounds)
  outbox.up(1, opening(1_000), 0)
  for (const id of [1, 2]) outbox.add(request(id), 0)
  outbox.up(2, opening(1_000), 1)
  expect(codes(outbox.down(1, 2, 1))).toEqual(['OUTCOME_UNKNOWN', 'transmit 2'])
})

test('what waits is bounded in number and in bytes', () => {
  const many = new Outbox(bounds)
  for (const id of [1, 2, 3]) many.add(request(id), 0)
  expect(codes(many.add(request(4), 0))).toEqual(['OUTBOX_FULL'])
  const large = new Outbox(bounds)
  large.add(request(1, { bytes: 60 }), 0)
  expect(codes(large.add(request(2, { bytes: 60 }), 0))).toEqual(['OUTBOX_FULL'])
  expect(codes(large.add(request(3, { bytes: 40 }), 0))).toEqual([])
})

test('a place is free again once what held it was given up', () => {
  const outbox = new Outbox(bounds)
  for (const id of [1, 2, 3]) outbox.add(request(id), 0)
  expect(codes(outbox.abort(2, 0))).toEqual(['ABORTED']) // never handed over: nothing to tell the server
  expect(outbox.add(request(4), 0)).toEqual([])
})

test('what waits too long is rejected, and not when it is only late to be answered', () => {
  const outbox = new Outbox(bounds)
  outbox.add(request(1), 0)
  expect(outbox.next).toBe(30)
  expect(outbox.elapsed(29)).toEqual([])
  expect(codes(outbox.elapsed(30))).toEqual(['OUTBOX_FULL'])
  expect(outbox.size).toBe(0)
})

test('a deadline counts from when the request is handed over, unless the caller named it', () => {
  const outbox = new Outbox(bounds)
  outbox.add(request(1), 0)
  outbox.add(request(2, { fromNow: true }), 0)
  expect(outbox.up(1, opening(1_000), 15)).toEqual([
    { type: 'transmit', id: 1, withinMs: 20 },
    { type: 'transmit', id: 2, withinMs: 5 },
  ])
  expect(codes(outbox.elapsed(20))).toEqual(['cancel 2', 'TIMEOUT'])
  expect(codes(outbox.elapsed(35))).toEqual(['cancel 1', 'TIMEOUT'])
})

test('after a cut what was handed over waits for word of the session, and goes again where it goes on', () => {
  const outbox = new Outbox(bounds)
  outbox.up(1, opening(1_000), 0)
  outbox.add(request(1), 0)
  outbox.add(request(2), 0)
  outbox.answered(1, 1)
  expect(outbox.down(1, 2)).toEqual([])
  outbox.add(request(3), 3)
  expect(outbox.up(2, opening(1_000, true), 4)).toEqual([
    { type: 'transmit', id: 2, withinMs: 16 },
    { type: 'transmit', id: 3, withinMs: 20 },
    { type: 'ack', upTo: 3, waiting: [2, 3] },
  ])
})

test('where the session is gone what was handed over has an unknown outcome, and what may be repeated goes again', () => {
  const outbox = new Outbox(bounds)
  outbox.up(1, opening(1_000), 0)
  outbox.add(request(1, { repeatable: true, withinMs: 100 }), 0)
  outbox.add(request(2), 0)
  outbox.down(1, 1)
  outbox.add(request(3), 2)
  expect(codes(outbox.up(2, opening(1_000), 3))).toEqual(['OUTCOME_UNKNOWN', 'transmit 1', 'transmit 3'])
})

test('what was asked for as another member is not repeated as this one', () => {
  const outbox = new Outbox(bounds)
  outbox.up(1, opening(1_000), 0)
  outbox.add(request(1, { repeatable: true }), 0)
  outbox.down(1, 1)
  const changed = { ...opening(1_000), refused: 'SESSION_CHANGED' }
  expect(codes(outbox.up(2, changed, 2))).toEqual(['OUTCOME_UNKNOWN'])
})

test('nor is what the one before asked for on a line that is left, once that line dies', () => {
  const outbox = new Outbox(bounds)
  outbox.up(1, opening(1_000), 0)
  outbox.add(request(1, { repeatable: true }), 0)
  outbox.up(2, { ...opening(1_000), refused: 'SESSION_CHANGED' }, 1)
  expect(codes(outbox.down(1, 2))).toEqual(['OUTCOME_UNKNOWN'])
})

/** Two lines, both gone: what may be repeated was handed over in a session that is lost, and waits. */
function lost(more: Partial<NewRequest>): Outbox {
  const outbox = new Outbox(bounds)
  outbox.up(1, opening(1_000), 0)
  outbox.add(request(1, { repeatable: true, withinMs: 100, ...more }), 0)
  outbox.up(2, opening(1_000), 1)
  outbox.down(2, 2)
  expect(outbox.down(1, 3)).toEqual([])
  return outbox
}

test('what waits to be handed over again may have run: nobody is told that it was not sent', () => {
  expect(codes(lost({}).elapsed(33))).toEqual(['OUTCOME_UNKNOWN'])
  expect(codes(lost({}).fail('CLOSED', 'closed'))).toEqual(['OUTCOME_UNKNOWN'])
  expect(codes(lost({}).up(3, opening(5), 4))).toEqual(['OUTCOME_UNKNOWN'])
  expect(codes(lost({}).up(3, { ...opening(1_000), refused: 'SESSION_CHANGED' }, 4))).toEqual([
    'OUTCOME_UNKNOWN',
  ])
  const [late] = lost({ withinMs: 20 }).elapsed(20)
  expect(late).toMatchObject({ code: 'TIMEOUT', message: expect.not.stringContaining('not sent') })
})

test('what waits to be handed over again goes out on the next line, and where it may run twice it just ends', () => {
  expect(codes(lost({}).up(3, opening(1_000), 4))).toEqual(['transmit 1'])
  expect(codes(lost({ idempotent: true }).elapsed(33))).toEqual(['OUTBOX_FULL'])
})

test('a deadline passes for what was handed over also while there is no connection', () => {
  const outbox = new Outbox(bounds)
  outbox.up(1, opening(1_000), 0)
  outbox.add(request(1), 0)
  outbox.down(1, 1)
  expect(codes(outbox.elapsed(20))).toEqual(['TIMEOUT']) // nobody to tell: the next acknowledgement does
  expect(outbox.up(2, opening(1_000, true), 21)).toEqual([{ type: 'ack', upTo: 1, waiting: [] }])
})

test('a client that is closed for good does not know what became of that which was handed over', () => {
  const outbox = new Outbox(bounds)
  outbox.up(1, opening(1_000), 0)
  outbox.add(request(1), 0)
  outbox.down(1, 1)
  outbox.add(request(2), 1)
  expect(codes(outbox.fail('CLOSED', 'closed'))).toEqual(['OUTCOME_UNKNOWN', 'CLOSED'])

  const harmless = new Outbox(bounds)
  harmless.up(1, opening(1_000), 0)
  harmless.add(request(1, { repeatable: true, idempotent: true }), 0)
  expect(codes(harmless.fail('UNAUTHENTICATED', 'expired'))).toEqual(['UNAUTHENTICATED'])
})

test('answers are acknowledged half a second later, or sixteen at a time', () => {
  const outbox = new Outbox(bounds)
  outbox.up(1, opening(1_000), 0)
  outbox.add(request(1), 0)
  outbox.add(request(2, { withinMs: 2_000 }), 0)
  expect(outbox.answered(1, 10)).toEqual([])
  expect(outbox.elapsed(509)).toEqual([])
  expect(outbox.next).toBe(510)
  expect(outbox.elapsed(510)).toEqual([{ type: 'ack', upTo: 2, waiting: [2] }])
  const acks: OutboxOutput[] = []
  for (let id = 3; id < 40; id++) {
    outbox.add(request(id), 600)
    acks.push(...outbox.answered(id, 600))
  }
  expect(acks).toEqual([
    { type: 'ack', upTo: 18, waiting: [2] },
    { type: 'ack', upTo: 34, waiting: [2] },
  ])
})

test('a move to another session leaves what was handed over where it is, until it is answered', () => {
  const outbox = new Outbox(bounds)
  outbox.up(1, opening(1_000), 0)
  outbox.add(request(1), 0)
  outbox.add(request(2), 0)
  expect(outbox.up(2, opening(1_000), 1)).toEqual([])
  expect(codes(outbox.add(request(3), 2))).toEqual(['transmit 3'])
  expect(outbox.answered(1, 3)).toEqual([])
  expect(outbox.answered(2, 4)).toEqual([{ type: 'idle', line: 1 }])
  expect(outbox.elapsed(21)).toEqual([])
  expect(outbox.next).toBe(22) // those answers need no acknowledgement: that session is left
})

test('a move leaves a line at once on which nothing is waited for', () => {
  const outbox = new Outbox(bounds)
  outbox.up(1, opening(1_000), 0)
  expect(outbox.up(2, opening(1_000), 1)).toEqual([{ type: 'idle', line: 1 }])
})

test('messages wait for those before them on the line that is left; calls do not', () => {
  const outbox = new Outbox(bounds)
  outbox.up(1, opening(1_000), 0)
  outbox.add(request(1, { ordered: true }), 0)
  outbox.up(2, opening(1_000), 1)
  expect(outbox.add(request(2, { ordered: true }), 2)).toEqual([])
  expect(codes(outbox.add(request(3), 2))).toEqual(['transmit 3'])
  expect(codes(outbox.answered(1, 3))).toEqual(['transmit 2', 'idle'])
})

test('a message that is held up waits for a connection only once there is none', () => {
  const outbox = new Outbox(bounds)
  outbox.up(1, opening(1_000), 0)
  outbox.add(request(1, { ordered: true, withinMs: 50 }), 0)
  outbox.up(2, opening(1_000), 1)
  outbox.add(request(2, { ordered: true }), 2)
  expect(outbox.elapsed(40)).toEqual([])
  outbox.down(2, 41)
  expect(codes(outbox.elapsed(50))).toEqual(['cancel 1', 'TIMEOUT', 'idle'])
  expect(outbox.next).toBe(71)
  expect(outbox.elapsed(70)).toEqual([])
  expect(codes(outbox.elapsed(71))).toEqual(['OUTBOX_FULL'])
})

test('when the line that is left dies, what was on it is unknown, or goes again on the new one', () => {
  const outbox = new Outbox(bounds)
  outbox.up(1, opening(1_000), 0)
  outbox.add(request(1, { ordered: true }), 0)
  outbox.add(request(2, { repeatable: true }), 0)
  outbox.up(2, opening(1_000), 1)
  outbox.add(request(3, { ordered: true }), 2)
  expect(codes(outbox.down(1, 3))).toEqual(['OUTCOME_UNKNOWN', 'transmit 2', 'transmit 3'])
})

test('a move within one session takes everything along', () => {
  const outbox = new Outbox(bounds)
  outbox.up(1, opening(1_000), 0)
  outbox.add(request(1, { ordered: true }), 0)
  expect(codes(outbox.up(2, opening(1_000, true), 1))).toEqual(['transmit 1', 'ack'])
  expect(outbox.down(1, 2)).toEqual([])
  expect(outbox.answered(1, 3)).toEqual([])
})

test('who gives up tells the line that has the request', () => {
  const outbox = new Outbox(bounds)
  outbox.up(1, opening(1_000), 0)
  outbox.add(request(1), 0)
  outbox.add(request(2), 0)
  outbox.up(2, opening(1_000), 1)
  expect(outbox.abort(1, 2)).toMatchObject([
    { type: 'cancel', id: 1, line: 1 },
    { type: 'reject', id: 1, code: 'ABORTED' },
  ])
  expect(outbox.abort(2, 2)).toMatchObject([
    { type: 'cancel' },
    { type: 'reject' },
    { type: 'idle', line: 1 },
  ])
})

test('a frame that the server does not take is refused before it is sent', () => {
  const outbox = new Outbox(bounds)
  outbox.add(request(1, { bytes: 60 }), 0)
  outbox.add(request(2), 0)
  expect(codes(outbox.up(1, opening(50), 0))).toEqual(['TOO_LARGE', 'transmit 2'])
  outbox.down(1, 0)
  expect(codes(outbox.add(request(3, { bytes: 51 }), 0))).toEqual(['TOO_LARGE'])
})

test('when no connection will come, what waits ends with the code of the end', () => {
  const outbox = new Outbox(bounds)
  outbox.add(request(1), 0)
  expect(outbox.fail('UNAUTHENTICATED', 'no')).toMatchObject([{ id: 1, code: 'UNAUTHENTICATED' }])
  expect(outbox.size).toBe(0)
})

test('whatever happens, each request ends once, none runs twice in one session, and messages keep their order', () => {
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        op: fc.constant('add' as const),
        repeatable: fc.boolean(),
        ordered: fc.boolean(),
        fromNow: fc.boolean(),
      }),
    },
    { weight: 3, arbitrary: fc.record({ op: fc.constant('answer' as const), pick: fc.nat(8) }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('abort' as const), pick: fc.nat(8) }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('wait' as const), ms: fc.nat(15) }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('up' as const), resumed: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('down' as const), pick: fc.nat(2) }) },
  )
  let ends = 0
  let repeats = 0
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const outbox = new Outbox(bounds)
      const asked: NewRequest[] = []
      const ended = new Map<number, string>()
      /** The sessions that each was handed to. */
      const handed = new Map<number, Set<number>>()
      const flight = new Map<number, number>()
      let now = 0
      let lines = 0
      let session = 0
      /** The session of each line that is there. */
      const there = new Map<number, number>()
      let current: number | undefined
      let lastOrdered = 0
      const carryOut = (outputs: readonly OutboxOutput[]): void => {
        for (const output of outputs) {
          if (output.type === 'reject') {
            expect(ended.has(output.id)).toBe(false)
            ended.set(output.id, output.code)
            const wasHanded = (handed.get(output.id)?.size ?? 0) > 0
            if (output.code === 'OUTCOME_UNKNOWN') expect(wasHanded).toBe(true)
            if (wasHanded) expect(['OUTCOME_UNKNOWN', 'TIMEOUT', 'ABORTED']).toContain(output.code)
          } else if (output.type === 'transmit') {
            expect(current).toBeDefined()
            expect(ended.has(output.id)).toBe(false)
            expect(output.withinMs).toBeGreaterThan(0)
            const own = asked[output.id - 1]!
            const sessions = handed.get(output.id) ?? new Set()
            if (sessions.size > 0 && !sessions.has(session)) expect(own.repeatable).toBe(true)
            if (sessions.has(session)) repeats++
            sessions.add(session)
            handed.set(output.id, sessions)
            flight.set(output.id, current!)
            if (own.ordered) {
              for (const [id, line] of flight)
                if (id < output.id && asked[id - 1]!.ordered && !ended.has(id)) expect(line).toBe(current)
              expect(output.id).toBeGreaterThan(lastOrdered)
              lastOrdered = output.id
            }
          } else if (output.type === 'ack') {
            expect(current).toBeDefined()
            for (const id of output.waiting) expect(ended.has(id)).toBe(false)
            for (const [id, line] of flight)
              if (line === current && id <= output.upTo && !ended.has(id))
                expect(output.waiting).toContain(id)
          } else if (output.type === 'idle') {
            for (const [id, line] of flight) if (line === output.line) expect(ended.has(id)).toBe(true)
          }
        }
      }
      for (const one of steps) {
        if (one.op === 'add') {
          const { repeatable, ordered, fromNow } = one
          const next = request(asked.length + 1, { repeatable, ordered, fromNow })
          asked.push(next)
          carryOut(outbox.add(next, now))
        } else if (one.op === 'answer') {
          const open = [...flight].filter(([id, line]) => !ended.has(id) && there.has(line))
          const id = open[one.pick % Math.max(1, open.length)]?.[0]
          if (id === undefined) continue
          ended.set(id, 'answered')
          carryOut(outbox.answered(id, now))
        } else if (one.op === 'abort') {
          const id = asked[one.pick % Math.max(1, asked.length)]?.id
          if (id !== undefined && !ended.has(id)) carryOut(outbox.abort(id, now))
        } else if (one.op === 'wait') {
          now += one.ms
          carryOut(outbox.elapsed(now))
        } else if (one.op === 'up') {
          const resumed = one.resumed && session > 0
          if (!resumed) session++
          if (resumed && current !== undefined) there.delete(current)
          current = ++lines
          there.set(current, session)
          lastOrdered = 0
          carryOut(outbox.up(current, opening(1_000, resumed), now))
        } else {
          const line = [...there.keys()][one.pick % Math.max(1, there.size)]
          if (line === undefined) continue
          there.delete(line)
          if (line === current) current = undefined
          lastOrdered = 0
          carryOut(outbox.down(line, now))
        }
      }
      current = undefined
      carryOut(outbox.fail('CLOSED', 'the end'))
      expect(ended.size).toBe(asked.length)
      expect(outbox.size).toBe(0)
      expect(outbox.next).toBe(Number.POSITIVE_INFINITY)
      ends += ended.size
    }),
    { numRuns: 500 },
  )
  expect(ends).toBeGreaterThan(1_000)
  expect(repeats).toBeGreaterThan(100)
})
