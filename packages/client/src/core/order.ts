import type { From, Position } from '@parley/shared/internal'

/** Whether whoever is at `at` has had everything up to `other`. Positions of two epochs do not compare. */
export function covers(at: Position | undefined, other: Position): boolean {
  return at !== undefined && at.epoch === other.epoch && at.offset >= other.offset
}

/** The later of two positions; one of another epoch is taken, because it was told later. */
export function advance(at: Position | undefined, next: Position): Position {
  return at !== undefined && covers(at, next) ? at : next
}

export function isPosition(from: From): from is Position {
  return typeof from === 'object' && 'epoch' in from
}

/** Whether two readers that ask for this would begin at the same place, asked at the same moment. */
export function isSameFrom(a: From, b: From): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b
  if (isPosition(a)) return isPosition(b) && a.epoch === b.epoch && a.offset === b.offset
  return !isPosition(b) && a.last === b.last
}
