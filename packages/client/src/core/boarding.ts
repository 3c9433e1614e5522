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
  /** Where it was asked to begin. */
  readonly asked: From
  readonly isLive: boolean
  /** Nothing has come by it yet. */
  readonly isStart: boolean
}

/** Lets a reader follow the stream, if it may. @returns Up to where it has to read first, if that is what it has to do. */
export function board<P>(reader: Reader<P>, stream: Stream): Position | undefined {
  const { at, asked, isLive, isStart } = stream
  const { wish } = reader
  if (reader.isBeyond(at)) return undefined
  if (isPosition(wish)) {
    if (!covers(wish, at)) return wish.epoch === at.epoch || isLive ? at : undefined
    reader.follow()
    return undefined
  }
  // "Now" and "the last n" are counted from the end of the log; a stream that still catches up is not there.
  const isAtEnd = isLive || asked === 'now'
  const isShared = isStart && !reader.hasPastEnd && isSameFrom(wish, asked)
  if (isShared || (wish === 'now' && isAtEnd)) reader.follow(at)
  else if (wish !== 'now' && (wish === 'first' || isAtEnd || reader.hasPastEnd)) return reader.endPastAt(at)
  return undefined
}
