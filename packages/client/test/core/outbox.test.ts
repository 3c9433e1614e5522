import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type NewRequest, Outbox, type OutboxOutput } from '../../src/core/outbox.js'

const bounds = { outboxSends: 3, outboxBytes: 100, outboxMs: 30 }
const request = (id: number, more: Partial<NewRequest> = {}): NewRequest => ({
  id,
  bytes: 10,
  idempotent: false,
  withinMs: 20,
  fromNow: false,
  ...more,
})
const codes = (outputs: readonly OutboxOutput[]) =>
  outputs.map((output) => (output.type === 'reject' ? output.code : `${output.type} ${output.id}`))

test('an open connection gets each request at once', () => {
  const outbox = new Outbox(bounds)
  outbox.up(1_000, 0)
  expect(outbox.add(request(1), 5)).toEqual([{ type: 'transmit', id: 1, withinMs: 20 }])
  expect(outbox.handedSince).toBe(5)
  expect(outbox.answered(1)).toBe(true)
  expect(outbox.answered(1)).toBe(false)
  expect(outbox.handedSince).toBeUndefined()
})

test('what waits goes out in the order in which it was asked for', () => {
  const outbox = new Outbox(bounds)
  for (const id of [1, 2, 3]) expect(outbox.add(request(id), 0)).toEqual([])
  expect(codes(outbox.up(1_000, 10))).toEqual(['transmit 1', 'transmit 2', 'transmit 3'])
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
  expect(codes(outbox.abort(2))).toEqual(['ABORTED']) // never handed over: nothing to tell the server
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
  expect(outbox.up(1_000, 15)).toEqual([
    { type: 'transmit', id: 1, withinMs: 20 },
    { type: 'transmit', id: 2, withinMs: 5 },
  ])
  expect(codes(outbox.elapsed(20))).toEqual(['cancel 2', 'TIMEOUT'])
  expect(codes(outbox.elapsed(35))).toEqual(['cancel 1', 'TIMEOUT'])
})

test('after a cut what was handed over has an unknown outcome; idempotent and waiting ones go out, in order', () => {
  const outbox = new Outbox(bounds)
  outbox.up(1_000, 0)
  outbox.add(request(1, { idempotent: true, withinMs: 100 }), 0)
  outbox.add(request(2), 0)
  expect(outbox.down(1)).toMatchObject([{ type: 'reject', id: 2, code: 'OUTCOME_UNKNOWN' }])
  outbox.add(request(3), 2)
  expect(codes(outbox.up(1_000, 3))).toEqual(['transmit 1', 'transmit 3'])
})

test('a frame that the server does not take is refused before it is sent', () => {
  const outbox = new Outbox(bounds)
  outbox.add(request(1, { bytes: 60 }), 0)
  outbox.add(request(2), 0)
  expect(codes(outbox.up(50, 0))).toEqual(['TOO_LARGE', 'transmit 2'])
  outbox.down(0)
  expect(codes(outbox.add(request(3, { bytes: 51 }), 0))).toEqual(['TOO_LARGE'])
})

test('when no connection will come, what waits ends with the code of the end', () => {
  const outbox = new Outbox(bounds)
  outbox.add(request(1), 0)
  expect(outbox.fail('UNAUTHENTICATED', 'no')).toMatchObject([{ id: 1, code: 'UNAUTHENTICATED' }])
  expect(outbox.size).toBe(0)
})

test('whatever happens, each request ends once, none is handed over twice, and the order is kept', () => {
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        op: fc.constant('add' as const),
        idempotent: fc.boolean(),
        fromNow: fc.boolean(),
      }),
    },
    { weight: 3, arbitrary: fc.record({ op: fc.constant('answer' as const), pick: fc.nat(8) }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('abort' as const), pick: fc.nat(8) }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('wait' as const), ms: fc.nat(15) }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('up' as const, 'down' as const) }) },
  )
  let ends = 0
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const outbox = new Outbox(bounds)
      const asked: NewRequest[] = []
      const ended = new Map<number, string>()
      const handed = new Map<number, number>()
      let [now, isUp, lastOfFlight] = [0, false, 0]
      const carryOut = (outputs: readonly OutboxOutput[]): void => {
        for (const output of outputs) {
          if (output.type === 'reject') {
            expect(ended.has(output.id)).toBe(false)
            ended.set(output.id, output.code)
          } else if (output.type === 'transmit') {
            expect(isUp).toBe(true)
            expect(ended.has(output.id)).toBe(false)
            expect(output.id).toBeGreaterThan(lastOfFlight)
            expect(output.withinMs).toBeGreaterThan(0)
            lastOfFlight = output.id
            handed.set(output.id, (handed.get(output.id) ?? 0) + 1)
          }
        }
      }
      for (const one of steps) {
        if (one.op === 'add') {
          const next = request(asked.length + 1, { idempotent: one.idempotent, fromNow: one.fromNow })
          asked.push(next)
          carryOut(outbox.add(next, now))
        } else if (one.op === 'answer') {
          const open = [...handed.keys()].filter((id) => !ended.has(id))
          const id = isUp ? open[one.pick % Math.max(1, open.length)] : undefined
          if (id !== undefined && outbox.answered(id)) ended.set(id, 'answered')
        } else if (one.op === 'abort') {
          const id = asked[one.pick % Math.max(1, asked.length)]?.id
          if (id !== undefined && !ended.has(id)) carryOut(outbox.abort(id))
        } else if (one.op === 'wait') {
          now += one.ms
          carryOut(outbox.elapsed(now))
        } else if (one.op === 'up' && !isUp) {
          ;[isUp, lastOfFlight] = [true, 0]
          carryOut(outbox.up(1_000, now))
        } else if (one.op === 'down' && isUp) {
          isUp = false
          carryOut(outbox.down(now))
        }
      }
      if (isUp) carryOut(outbox.down(now))
      carryOut(outbox.fail('CLOSED', ''))
      for (const { id, idempotent } of asked) {
        expect(ended.has(id)).toBe(true)
        if (!idempotent) expect(handed.get(id) ?? 0).toBeLessThanOrEqual(1)
        // What was never handed over is never said to have perhaps run.
        if (ended.get(id) === 'OUTCOME_UNKNOWN') expect(handed.get(id)).toBe(1)
      }
      expect(outbox.size).toBe(0)
      expect(outbox.next).toBe(Number.POSITIVE_INFINITY)
      ends += asked.length
    }),
    { numRuns: 500 },
  )
  expect(ends).toBeGreaterThan(2_000)
})
