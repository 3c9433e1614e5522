import { Fault } from '@parley/shared/internal'
import { expect, test } from 'vitest'
import { Stream, type StreamOrder } from '../../src/core/stream.js'

const limits = { streamValues: 4, streamBytes: 100 }

/** Orders in short: `pull`, `3` for value 3. */
function short(orders: readonly StreamOrder<number>[] | Fault): string[] {
  if (orders instanceof Fault) return [orders.why]
  return orders.map((order) => (order.type === 'pull' ? 'pull' : `${order.seq}=${order.value}`))
}

test('nothing is asked of the generator before the client allows it, and one value at a time', () => {
  const stream = new Stream<number>(limits)
  expect(short(stream.asked(0, 0))).toEqual([])
  expect(short(stream.credit(0, 2))).toEqual(['pull'])
  expect(short(stream.credit(0, 2))).toEqual([])
  expect(short(stream.yielded(10, 1))).toEqual(['1=10', 'pull'])
  expect(short(stream.yielded(20, 1))).toEqual(['2=20'])
  expect(short(stream.credit(1, 2))).toEqual(['pull'])
  expect(stream.kept).toBe(1)
})

test('credit that was given is not taken back by a smaller one', () => {
  const stream = new Stream<number>(limits)
  stream.asked(0, 3)
  expect(short(stream.credit(0, 1))).toEqual([])
  expect(short(stream.yielded(10, 1))).toEqual(['1=10', 'pull'])
  expect(short(stream.yielded(20, 1))).toEqual(['2=20', 'pull'])
  expect(short(stream.yielded(30, 1))).toEqual(['3=30'])
})

test('no more values wait than there is room for, whatever the client allows', () => {
  const stream = new Stream<number>(limits)
  stream.asked(0, 1_000)
  for (let n = 1; n <= 3; n++) expect(short(stream.yielded(n, 1))).toEqual([`${n}=${n}`, 'pull'])
  expect(short(stream.yielded(4, 1))).toEqual(['4=4'])
  expect(stream.kept).toBe(4)
  expect(short(stream.credit(1, 1_000))).toEqual(['pull'])
})

test('nor more bytes, and one value may be larger than the bound', () => {
  const stream = new Stream<number>(limits)
  stream.asked(0, 1_000)
  expect(short(stream.yielded(1, 99))).toEqual(['1=1', 'pull'])
  expect(short(stream.yielded(2, 5_000))).toEqual(['2=2'])
  expect(stream.keptBytes).toBe(5_099)
  expect(short(stream.credit(1, 1_000))).toEqual([])
  expect(short(stream.credit(2, 1_000))).toEqual(['pull'])
  expect(stream.keptBytes).toBe(0)
})

test('while there is no connection the generator goes on as far as it may, and what it gave goes out later', () => {
  const stream = new Stream<number>(limits)
  stream.asked(0, 3)
  stream.yielded(1, 1)
  stream.away()
  expect(short(stream.yielded(2, 1))).toEqual(['pull'])
  expect(short(stream.yielded(3, 1))).toEqual([])
  expect(short(stream.asked(0, 4))).toEqual(['1=1', '2=2', '3=3', 'pull'])
})

test('a client that comes back gets the values above those that are there, once more', () => {
  const stream = new Stream<number>(limits)
  stream.asked(0, 3)
  for (const n of [1, 2, 3]) stream.yielded(n, 1)
  stream.away()
  expect(short(stream.asked(2, 0))).toEqual(['3=3'])
  expect(stream.kept).toBe(1)
})

test('a stream that has ended keeps its values until they are there, and asks for no more', () => {
  const stream = new Stream<number>(limits)
  stream.asked(0, 9)
  stream.yielded(1, 1)
  stream.ended()
  expect(short(stream.credit(0, 20))).toEqual([])
  stream.away()
  expect(short(stream.asked(0, 9))).toEqual(['1=1'])
  expect(short(stream.credit(1, 9))).toEqual([])
  expect(stream.kept).toBe(0)
})

test('of one that was given up nothing is kept, and what still comes is dropped', () => {
  const stream = new Stream<number>(limits)
  stream.asked(0, 9)
  stream.yielded(1, 1)
  stream.dropped()
  expect(short(stream.yielded(2, 1))).toEqual([])
  expect([stream.kept, stream.keptBytes]).toEqual([0, 0])
})

test('a client cannot have what was never sent, nor ask again for what was there', () => {
  const stream = new Stream<number>(limits)
  expect(short(stream.asked(1, 9))).toEqual(['value 1 of a stream was never sent'])
  stream.asked(0, 9)
  stream.yielded(1, 1)
  expect(short(stream.credit(2, 9))).toEqual(['value 2 of a stream was never sent'])
  stream.credit(1, 9)
  stream.away()
  stream.yielded(2, 1)
  expect(short(stream.asked(2, 9))).toEqual(['value 2 of a stream was never sent'])
  expect(short(stream.asked(0, 9))).toEqual(['the values up to 1 were there before'])
})
