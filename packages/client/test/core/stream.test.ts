import { expect, test } from 'vitest'
import { Stream } from '../../src/core/stream.js'

const stream = () => {
  const one = new Stream<string>({ ahead: 8, creditMs: 20 })
  one.asked()
  return one
}

/** Takes so many values in. */
function receive(one: Stream<string>, from: number, to: number, now = 0): void {
  for (let seq = from; seq <= to; seq++) expect(one.received(seq, `v${seq}`, now)).toBeUndefined()
}

test('the first request allows a window', () => {
  expect(new Stream({ ahead: 8, creditMs: 20 }).asked()).toEqual({ after: 0, credit: 8 })
})

test('values are taken in the order of their numbers, each once', () => {
  const one = stream()
  receive(one, 1, 3)
  one.received(2, 'again', 0)
  expect([one.take(0), one.take(0), one.take(0), one.take(0)]).toEqual([
    { value: 'v1' },
    { value: 'v2' },
    { value: 'v3' },
    undefined,
  ])
})

test('nothing is allowed beyond the window while the loop takes nothing', () => {
  const one = stream()
  receive(one, 1, 8)
  expect(one.due(1_000)).toBeUndefined()
  expect(one.next).toBe(Number.POSITIVE_INFINITY)
  expect(one.waiting).toBe(8)
})

test('the server is told of a quarter of the window at once, and not of less', () => {
  const one = stream()
  receive(one, 1, 8)
  one.take(0)
  expect(one.due(0)).toBeUndefined()
  one.take(0)
  expect(one.due(0)).toEqual({ after: 8, credit: 2 })
  expect(one.due(0)).toBeUndefined()
})

test('a loop that waits says after a while what it has: the server may have stopped short of the window', () => {
  const one = stream()
  receive(one, 1, 1, 100)
  one.take(100)
  expect(one.due(100)).toBeUndefined()
  expect(one.next).toBe(120)
  expect(one.due(119)).toBeUndefined()
  expect(one.due(120)).toEqual({ after: 1, credit: 8 })
  expect(one.next).toBe(Number.POSITIVE_INFINITY)
})

test('over another connection it asks for what is not here, and never for more than the loop left room for', () => {
  const one = stream()
  receive(one, 1, 5)
  one.take(0)
  expect(one.asked()).toEqual({ after: 5, credit: 4 })
})

test('values that nobody will take make room as they come', () => {
  const one = stream()
  receive(one, 1, 4)
  one.discard(0)
  expect(one.due(0)).toEqual({ after: 4, credit: 8 })
  receive(one, 5, 6)
  expect(one.due(0)).toEqual({ after: 6, credit: 8 })
  expect(one.waiting).toBe(0)
})

test('a hole, and more than was allowed, break the protocol', () => {
  const one = stream()
  expect(one.received(2, 'x', 0)).toBe('value 2 of a stream came after value 0')
  receive(one, 1, 8)
  expect(one.received(9, 'x', 0)).toBe('value 9 of a stream came, 8 were allowed')
})

test('after the end what waits can be had, and the server hears nothing more', () => {
  const one = stream()
  receive(one, 1, 8)
  one.ended()
  expect(one.received(9, 'late', 0)).toBeUndefined()
  for (let n = 1; n <= 8; n++) expect(one.take(0)).toEqual({ value: `v${n}` })
  expect(one.take(0)).toBeUndefined()
  expect(one.due(1_000)).toBeUndefined()
  expect(one.next).toBe(Number.POSITIVE_INFINITY)
})

test('of one that was given up nothing is left', () => {
  const one = stream()
  receive(one, 1, 3)
  one.dropped()
  expect(one.take(0)).toBeUndefined()
  expect(one.received(4, 'late', 0)).toBeUndefined()
})
