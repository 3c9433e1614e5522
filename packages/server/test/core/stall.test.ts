import { expect, test } from 'vitest'
import { Stall } from '../../src/core/stall.js'

/** What it finds, looking once a second. */
function finds(queued: readonly number[]): boolean[] {
  const stall = new Stall(3_000, 1_000, 0)
  return queued.map((bytes, second) => stall.look(bytes, second * 1_000))
}

test('bytes that lie there and do not become fewer are a stall after a while', () => {
  expect(finds([10, 10, 10, 10, 10])).toEqual([false, false, false, true, true])
})

test('a queue that shrinks or is empty is none', () => {
  expect(finds([10, 9, 8, 7, 6, 5])).not.toContain(true)
  expect(finds([0, 0, 0, 0, 0, 0])).not.toContain(true)
  expect(finds([10, 10, 10, 9, 9, 9])).not.toContain(true)
})

test('a queue that grows is none while more is put on it, and one when it is full', () => {
  expect(finds([10, 20, 30, 40, 50, 60])).not.toContain(true)
  expect(finds([2_000, 2_010, 2_020, 2_030])).toEqual([false, false, false, true])
})

test('a socket that tells of bytes that it took is none', () => {
  const stall = new Stall(3_000, 1_000, 0)
  for (let second = 0; second < 10; second++) {
    stall.tookSome(second * 1_000)
    expect(stall.look(10, second * 1_000)).toBe(false)
  }
})

test('a socket that counts what it takes is judged by that, however its queue grows', () => {
  const stall = new Stall(3_000, 1_000, 0)
  const looks = [10, 20, 30, 40, 50].map((queued, second) => stall.look(queued, second * 1_000, 7))
  expect(looks).toEqual([false, false, false, true, true])
  expect(stall.look(50, 5_000, 8)).toBe(false)
  expect(stall.look(0, 20_000, 8)).toBe(false)
})
