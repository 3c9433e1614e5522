/**
 * How a reader gets on the stream of its topic: at once where the stream begins where the reader wants to, after a read
 * of the log beside it where the stream is further on, and later where it cannot be told yet which of the two.
 */
import type { From, Position } from '@parley/shared/internal'
import { covers, isPosition, isSameFrom } from './order.js'
import type { Reader } from './reader.js'

/** The stream, at the moment when the reader comes to it. */
export interface Stream {
  readonly at: Position
  /** Where it goes on after a cut. */
  readonly resume: Position | undefined
  /** Where it was asked to begin. */
  readonly asked: From
  readonly isLive: boolean
  /** Nothing has come by it yet. */
  readonly isStart: boolean
}

/** Lets a reader follow the stream, if it may. @returns Up to where it has to read first, if that is what it has to do. */
export function board<P>(reader: Reader<P>, stream: Stream): Position | undefined {
  const { at, resume, asked, isLive, isStart } = stream
  const { wish } = reader
  if (reader.isBeyond(at)) return undefined
  // "Now" and "the last n" are counted from the end of the log; a stream that still catches up is not there.
  const isAtEnd = isLive || asked === 'now'
  if (wish === 'now') {
    if (isAtEnd) reader.follow(at)
    return undefined
  }
  if (isPosition(wish) && covers(wish, at)) {
    reader.follow()
    return undefined
  }
  if (isStart && isSameFrom(wish, asked) && (isPosition(wish) || !reader.hasPastEnd)) {
    // A position of its own it keeps, so that a gap between it and `at` still reaches it.
    reader.follow(isPosition(wish) ? undefined : at)
    return undefined
  }
  if (!isPosition(wish) && wish !== 'first' && !isAtEnd && !reader.hasPastEnd) return undefined
  // Positions of two epochs do not compare, so it may be ahead of a stream that still catches up, or that does not
  // know yet where it is; once that is live, everything the reader has had is behind it.
  const isComparable = resume?.epoch === at.epoch && (!isPosition(wish) || wish.epoch === at.epoch)
  if (!isComparable && !isLive) return undefined
  if (isPosition(wish)) return at
  const until = reader.endPastAt(at)
  if (until.epoch === at.epoch || wish === 'first') return until
  // All that is kept can be had in any epoch; the last n can no longer be told from what came after them.
  reader.giveUpPast()
  return board(reader, stream)
}
