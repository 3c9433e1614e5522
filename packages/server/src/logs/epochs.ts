/**
 * What a position is worth in a log that has had several epochs. Pure, and shared by every log.
 *
 * A log opens a new epoch whenever it cannot rule out that it lost its tail, and remembers where each one began. What
 * lies at or below that start is the same in both; what an older epoch had above it is gone, and its numbers may be
 * given out again.
 */
import type { Position } from '@parley/shared/internal'

/** Offsets of this epoch are above `start`. */
export interface EpochStart {
  readonly epoch: string
  readonly start: number
}

/** Oldest first; the last one is the current epoch. Never empty. */
export type EpochHistory = readonly [EpochStart, ...EpochStart[]]

/** Positions of epochs before these are treated as unknown: a history that grew for ever would be a leak. */
export const mostEpochs = 64

export function currentEpoch(history: EpochHistory): string {
  return history[history.length - 1]!.epoch
}

/** The history with one more epoch, which begins after `start`: the newest offset that is known to have survived. */
export function openEpoch(history: EpochHistory, epoch: string, start: number): EpochHistory {
  const [first, ...others] = [...history, { epoch, start }].slice(-mostEpochs)
  return [first!, ...others]
}

/** Where reading goes on for a position, as an offset of the current epoch; `reset`: not from where it said. */
export interface Placement {
  readonly offset: number
  readonly reset: boolean
}

/** Places a position in a log whose newest offset is `head`. An unknown one, or one from the future, is placed at 0. */
export function placePosition(history: EpochHistory, head: number, position: Position): Placement {
  const at = history.findIndex(({ epoch }) => epoch === position.epoch)
  if (at === -1) return { offset: 0, reset: true }
  if (at === history.length - 1) {
    return position.offset > head ? { offset: 0, reset: true } : { offset: position.offset, reset: false }
  }
  // a later epoch may have begun lower than the next one did, where more was lost
  const survived = Math.min(...history.slice(at + 1).map(({ start }) => start))
  return position.offset > survived
    ? { offset: survived, reset: true }
    : { offset: position.offset, reset: false }
}
