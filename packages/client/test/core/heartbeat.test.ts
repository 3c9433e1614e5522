import { expect, test } from 'vitest'
import { Heartbeat } from '../../src/core/heartbeat.js'

const heartbeat = () =>
  new Heartbeat({ heartbeatMs: 25, heartbeatGraceMs: 10, probeAfterMs: 3, probeGraceMs: 5 }, 0)

test('a ping is due after silence, and the link is dead when none answers it', () => {
  const beat = heartbeat()
  expect(beat.next).toBe(25)
  expect(beat.elapsed(24)).toBeUndefined()
  expect(beat.elapsed(25)).toBe('ping')
  expect(beat.next).toBe(35)
  expect(beat.elapsed(34)).toBeUndefined()
  expect(beat.elapsed(35)).toBe('dead')
})

test('whatever is heard puts everything off', () => {
  const beat = heartbeat()
  beat.elapsed(25)
  beat.heard(30)
  expect(beat.next).toBe(55)
  expect(beat.elapsed(36)).toBeUndefined()
  expect(beat.silence(36)).toBe(6)
})

test('while an answer is owed, silence is tried early', () => {
  const beat = heartbeat()
  beat.heard(10)
  beat.waiting(12)
  expect(beat.next).toBe(15)
  expect(beat.elapsed(15)).toBe('ping')
  expect(beat.elapsed(19)).toBeUndefined()
  expect(beat.elapsed(20)).toBe('dead')
})

test('an answer that is owed is no reason to probe a link on which something is heard', () => {
  const beat = heartbeat()
  beat.waiting(0)
  for (let now = 2; now < 100; now += 2) {
    beat.heard(now)
    expect(beat.elapsed(now)).toBeUndefined()
  }
})

test('a request that goes out while a ping is under way shortens the wait, and never lengthens it', () => {
  const early = heartbeat()
  early.elapsed(25)
  early.waiting(26)
  expect(early.elapsed(29)).toBe('ping') // since the request, 3
  expect(early.elapsed(34)).toBe('dead') // and 5 more, where the heartbeat would have said 35
  const late = heartbeat()
  late.elapsed(25)
  late.waiting(32)
  late.elapsed(34)
  expect(late.elapsed(35)).toBe('dead')
})

test('a doubt that is repeated does not put the end off', () => {
  const beat = heartbeat()
  expect(beat.probe(1)).toBe(true)
  expect(beat.probe(4)).toBe(false)
  expect(beat.elapsed(6)).toBe('dead')
})

test('an answered request is probed for no longer', () => {
  const beat = heartbeat()
  beat.waiting(0)
  beat.waiting(undefined)
  expect(beat.next).toBe(25)
})
