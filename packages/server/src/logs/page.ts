import type { GapReason, Position } from '@parley/shared/internal'
import type { EntryRing } from './entry-ring.js'
import { currentEpoch, type EpochHistory, placePosition } from './epochs.js'
import type { Loss } from './kept-topic.js'
import type { Entry, Page, ReadBounds } from './log.js'

export type ReadFrom = Position | 'first' | { readonly last: number }

/** What is known of a topic, and of the log around it, when a page is cut from it. */
export interface PageSource {
  readonly history: EpochHistory
  readonly head: number
  readonly loss: Loss
  readonly latest: boolean
}

/** Where reading begins for a position: after this offset, and after this gap. */
export interface Beginning {
  readonly offset: number
  readonly gap?: { readonly first: number; readonly reason: GapReason }
}

/** Cuts one page out of memory, as `Log.read` promises it. Changes nothing. */
export function cutPage(
  source: PageSource & { readonly ring: EntryRing | undefined },
  from: ReadFrom,
  bounds: ReadBounds,
): Page {
  const { ring } = source
  const end = endOf(source, bounds)
  const begin = isPosition(from) ? beginAt(source, from, end) : undefined

  const entries: Entry[] = []
  let index = firstIndex(ring, source.latest, from, begin, end)
  let bytes = 0
  let done = true
  for (; ring && index < ring.length; index++) {
    const entry = ring.at(index)
    if (entry.offset > end) break
    bytes += ring.sizeAt(index)
    if (entries.length > 0 && (entries.length >= bounds.limit || bytes > bounds.bytes)) {
      done = false
      break
    }
    entries.push(entry)
  }
  return makePage(source, from, begin, end, entries, done)
}

/** Nothing above this offset belongs to the page. */
export function endOf({ head }: PageSource, { until }: ReadBounds): number {
  return Math.min(head, until ?? head)
}

export function isPosition(from: ReadFrom): from is Position {
  return typeof from === 'object' && 'epoch' in from
}

/** Places a reader that has a position, and says what it missed. */
export function beginAt({ history, head, loss }: PageSource, from: Position, end: number): Beginning {
  const { offset, reset } = placePosition(history, head, from)
  // up to here the topic lost entries, as far as this read is concerned
  const whole = Math.min(loss.offset, end)
  const start = reset ? Math.min(Math.max(offset, whole), end) : Math.max(offset, whole)
  const reason = reset ? 'reset' : offset < whole ? loss.reason : undefined
  return { offset: start, ...(reason && { gap: { first: start, reason } }) }
}

/**
 * Puts a page together.
 *
 * @param begin what `beginAt` said, where a position was given: only a position can have a gap.
 * @param done nothing of the topic is left between the last entry and `end`.
 */
export function makePage(
  { history }: PageSource,
  from: ReadFrom,
  begin: Beginning | undefined,
  end: number,
  entries: readonly Entry[],
  done: boolean,
): Page {
  const epoch = currentEpoch(history)
  const start = begin?.offset ?? (entries.length > 0 ? entries[0]!.offset - 1 : end)
  const page: Page = {
    start: { epoch, offset: start },
    entries,
    position: { epoch, offset: done ? Math.max(start, end) : entries[entries.length - 1]!.offset },
    done,
  }
  if (!begin?.gap || !isPosition(from)) return page
  const { first, reason } = begin.gap
  // the reader is told its position as it gave it
  return { gap: { after: from, first: { epoch, offset: first }, reason }, ...page }
}

function firstIndex(
  ring: EntryRing | undefined,
  latest: boolean,
  from: ReadFrom,
  begin: Beginning | undefined,
  end: number,
): number {
  if (begin) return ring?.firstAbove(begin.offset) ?? 0
  if (from === 'first' || latest || isPosition(from)) return 0
  return Math.max(0, (ring?.firstAbove(end) ?? 0) - Math.max(0, from.last))
}
