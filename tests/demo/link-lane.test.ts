import type { ConnectionState } from '@parley/client'
import { describe, expect, test } from 'vitest'
import { entriesOf } from '../../examples/demo/page/event-log.js'
import {
  came,
  drawnAt,
  emptyLane,
  holed,
  type LinkLane,
  linked,
  spansOf,
} from '../../examples/demo/page/link-lane.js'
import { width } from '../../examples/demo/page/strip.js'

const start = 1_000_000
const open: ConnectionState = { status: 'open', contract: 'same' }
const connecting: ConnectionState = { status: 'connecting' }
const lastError = { code: 'LOST', message: 'The connection broke off.' }
const waiting = (attempt: number, delayMs: number): ConnectionState => ({
  ...{ status: 'reconnecting', attempt, delayMs },
  lastError,
})
const lane = (...states: readonly (readonly [number, ConnectionState])[]): LinkLane =>
  states.reduce((before, [at, state]) => linked(before, { ...state }, start + at), emptyLane)
const number = (n: number, replayed = false) => ({ n, replayed, position: `e3f-${n * 2}` })
const told = (told: LinkLane) => entriesOf(told).map(({ text }) => text)

describe('the lane of the link', () => {
  test('shows how the link was over time, and what came from the log, or not at all, at its moment', () => {
    let link = lane([0, open], [1_000, waiting(1, 500)], [1_500, connecting], [3_000, open])
    link = came(link, number(7, true), start + 3_000)
    link = came(link, number(8, true), start + 3_012)
    link = came(link, number(9), start + 3_020)
    link = holed(link, 'trimmed', start + 3_500)
    expect(spansOf(link, start + 4_000)).toEqual([
      { kind: 'open', x: width - 40, wide: 10 },
      { kind: 'cut', x: width - 30, wide: 5 },
      { kind: 'trying', x: width - 25, wide: 15 },
      { kind: 'open', x: width - 10, wide: 10 },
      { kind: 'replay', x: width - 11, wide: 2 },
      { kind: 'gap', x: width - 6, wide: 2 },
    ])
  })

  test('takes events that come live in between for the end of a replay', () => {
    let link = came(emptyLane, number(1, true), start)
    link = came(link, number(2), start + 10)
    link = came(link, number(3, true), start + 20)
    expect(link.replays.map(({ events }) => events)).toEqual([1, 1])
  })

  test('takes what is replayed after a cut for a replay of its own, though the one before was not over', () => {
    let link = came(lane([0, open]), number(1, true), start + 1)
    link = linked(link, waiting(1, 100), start + 10)
    link = linked(link, { ...open }, start + 110)
    link = came(link, number(2, true), start + 120)
    expect(told(link).slice(0, 2)).toEqual([
      '1 event replayed from :4 to :4 in 0 ms',
      'connected over WebSocket',
    ])
    expect(link.replays.map(({ begun }) => begun - start)).toEqual([1, 120])
  })

  test('forgets what is past the left edge and not among the newest, but not how the link is', () => {
    const states = Array.from({ length: 20 }, (_, i) => [i, i % 2 ? connecting : waiting(i, 1)] as const)
    const link = linked(lane(...states), { ...open }, start + 100_000)
    expect(link.stretches.map(({ from }) => from - start)).toEqual([
      ...Array.from({ length: 11 }, (_, i) => 9 + i),
      100_000,
    ])
    const later = start + 100_000 + width * 100
    expect(spansOf(link, later)).toEqual([{ kind: 'open', x: 0, wide: width }])
  })
})

describe('the log of what happened', () => {
  test('says why the link was lost, when it is tried again, and what came of it, the newest first', () => {
    const link = lane(
      [0, { status: 'idle' }],
      [1, connecting],
      [2, open],
      [3, waiting(1, 520)],
      [4, connecting],
      [5, waiting(2, 1_240)],
      [6, connecting],
    )
    expect(told(link)).toEqual([
      'connecting',
      'trying again in 1.2 s (attempt 2)',
      'link lost (LOST): The connection broke off.',
      'connected over WebSocket',
    ])
    const shut = linked(
      link,
      { status: 'closed', code: 'FORBIDDEN', reason: 'Not you.', final: true },
      start + 7,
    )
    expect(told(shut)[0]).toBe('closed for good (FORBIDDEN): Not you.')
  })

  test('counts what was replayed, from where to where, while it comes', () => {
    let link = came(emptyLane, number(7, true), start)
    expect(told(link)).toEqual(['1 event replayed from :14 to :14 in 0 ms'])
    for (const n of [8, 9]) link = came(link, number(n, true), start + n)
    expect(told(link)).toEqual(['3 events replayed from :14 to :18 in 9 ms'])
  })

  test('begins at the number that came with the page', () => {
    const link = came(drawnAt(7, 'e3f-14'), number(8, true), start)
    expect(told(link)).toEqual(['1 event replayed from :16 to :16 in 0 ms'])
    expect(told(came(holed(drawnAt(7, 'e3f-14'), 'trimmed', start), number(10), start))).toEqual([
      'gap: 2 numbers are gone (trimmed)',
    ])
  })

  test('says of a gap how many numbers are gone as soon as that is known', () => {
    const link = holed(came(emptyLane, number(7), start), 'trimmed', start + 1)
    expect(told(link)).toEqual(['gap: some numbers are gone (trimmed)'])
    expect(told(came(link, number(20), start + 2))).toEqual(['gap: 12 numbers are gone (trimmed)'])
    expect(told(came(link, number(9), start + 2))).toEqual(['gap: 1 number is gone (trimmed)'])
    expect(told(came(holed(link, 'reset', start + 1), number(3), start + 2))[0]).toBe(
      'gap: the count began anew (reset)',
    )
  })

  test('names the newest six', () => {
    const states = Array.from({ length: 20 }, (_, i) => [i, i % 2 ? open : waiting(i, 1_000)] as const)
    expect(told(lane(...states))).toEqual([
      'connected over WebSocket',
      'trying again in 1.0 s (attempt 18)',
      'link lost (LOST): The connection broke off.',
      'connected over WebSocket',
      'trying again in 1.0 s (attempt 16)',
      'link lost (LOST): The connection broke off.',
    ])
  })

  test('still says why the link was lost after however many attempts, of which it names the last', () => {
    const tries = Array.from(
      { length: 10 },
      (_, i) => [i, i % 2 ? connecting : waiting(i / 2 + 1, 1_000)] as const,
    )
    expect(told(lane([-1, open], ...tries, [100, open]))).toEqual([
      'connected over WebSocket',
      'trying again in 1.0 s (attempt 5)',
      'link lost (LOST): The connection broke off.',
      'connected over WebSocket',
    ])
  })

  test('says of another name that the page connects under it, and of no loss', () => {
    const renamed = linked(lane([0, open]), waiting(1, 120), start + 1, true)
    const link = linked(linked(renamed, connecting, start + 2, true), { ...open }, start + 3)
    expect(told(link)).toEqual([
      'connected over WebSocket',
      'reconnecting under the new name',
      'connected over WebSocket',
    ])
    expect(entriesOf(link).map(({ tone }) => tone)).toEqual(['open', 'trying', 'open'])
    expect(spansOf(link, start + 1_000).map(({ kind }) => kind)).not.toContain('cut')
  })
})
