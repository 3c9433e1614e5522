import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  currentEpoch,
  type EpochHistory,
  mostEpochs,
  openEpoch,
  placePosition,
} from '../../src/logs/epochs.js'

/** Epochs A, B and C; B began after 100, C after 150; the head is at 200. */
const history: EpochHistory = openEpoch(openEpoch([{ epoch: 'A', start: 0 }], 'B', 100), 'C', 150)
const place = (epoch: string, offset: number) => placePosition(history, 200, { epoch, offset })

test('the epoch that was opened last is the current one', () => {
  expect(currentEpoch(history)).toBe('C')
})

test('a position of the current epoch is good up to the head', () => {
  expect(place('C', 0)).toEqual({ offset: 0, reset: false })
  expect(place('C', 200)).toEqual({ offset: 200, reset: false })
  expect(place('C', 201)).toEqual({ offset: 0, reset: true })
})

test('a position of an older epoch is good up to the start of the next one, and above it goes on from there', () => {
  expect(place('A', 100)).toEqual({ offset: 100, reset: false })
  expect(place('A', 101)).toEqual({ offset: 100, reset: true })
  expect(place('B', 101)).toEqual({ offset: 101, reset: false })
  expect(place('B', 150)).toEqual({ offset: 150, reset: false })
  expect(place('B', 151)).toEqual({ offset: 150, reset: true })
})

test('a position of an unknown epoch begins at the beginning', () => {
  expect(place('Z', 50)).toEqual({ offset: 0, reset: true })
})

test('where a later epoch began lower, no more than that survived', () => {
  const lower = openEpoch(history, 'D', 80)
  expect(placePosition(lower, 90, { epoch: 'A', offset: 90 })).toEqual({ offset: 80, reset: true })
  expect(placePosition(lower, 90, { epoch: 'A', offset: 80 })).toEqual({ offset: 80, reset: false })
  expect(placePosition(lower, 90, { epoch: 'C', offset: 160 })).toEqual({ offset: 80, reset: true })
})

test('the history is bounded, and positions older than it are unknown', () => {
  let long: EpochHistory = [{ epoch: 'e0', start: 0 }]
  for (let i = 1; i <= mostEpochs; i++) long = openEpoch(long, `e${i}`, i)
  expect(long).toHaveLength(mostEpochs)
  expect(placePosition(long, 100, { epoch: 'e0', offset: 1 })).toEqual({ offset: 0, reset: true })
  expect(placePosition(long, 100, { epoch: 'e1', offset: 1 })).toEqual({ offset: 1, reset: false })
})

test('a placed position never lies above the head, and is never moved forward', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50), { maxLength: 8 }), fc.nat(9), fc.nat(400), (losses, index, offset) => {
      // each epoch writes 50 entries, then a crash loses some of them
      let head = 50
      let epochs: EpochHistory = [{ epoch: 'e0', start: 0 }]
      for (const [i, lost] of losses.entries()) {
        epochs = openEpoch(epochs, `e${i + 1}`, head - lost)
        head = head - lost + 50
      }
      const placed = placePosition(epochs, head, { epoch: `e${index}`, offset })
      expect(placed.offset).toBeLessThanOrEqual(Math.min(head, offset))
      if (!placed.reset) expect(placed.offset).toBe(offset)
    }),
  )
})
