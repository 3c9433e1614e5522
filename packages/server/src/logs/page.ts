import type { GapReason, Position } from '@parley/shared/internal'
import type { EntryRing } from './entry-ring.js'
import { currentEpoch, type EpochHistory, placePosition } from './epochs.js'
import type { Loss } from './kept-topic.js'
import type { Entry, Page, ReadBounds } from './log.js'

/** What a page is cut from: a topic's entries and what it lost, and the log around it. */
export interface PageSource {
  readonly history: EpochHistory
  readonly head: number
  readonly loss: Loss
  readonly latest: boolean
  readonly ring: EntryRing | undefined
}

/** Where to begin: at the entry with this index; `offset` is known where a position was given. */
interface Beginning {
  readonly index: number
  readonly offset?: number
  readonly gap?: { readonly first: number; readonly reason: GapReason }
}

/** Cuts one page, as `Log.read` promises it. Changes nothing. */
export function cutPage(
  source: PageSource,
  from: Position | 'first' | { readonly last: number },
  bounds: ReadBounds,
): Page {
  const { ring } = source
  const end = Math.min(source.head, bounds.until ?? source.head)
  const begin = beginAt(source, from, end)

  const entries: Entry[] = []
  let index = begin.index
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

  const epoch = currentEpoch(source.history)
  const start = begin.offset ?? (entries.length > 0 ? entries[0]!.offset - 1 : end)
  const page: Page = {
    start: { epoch, offset: start },
    entries,
    position: { epoch, offset: done ? Math.max(start, end) : entries[entries.length - 1]!.offset },
    done,
  }
  // only a position can have a gap, and it is told as it was given
  if (!begin.gap || !isPosition(from)) return page
  const { first, reason } = begin.gap
  return { gap: { after: from, first: { epoch, offset: first }, reason }, ...page }
}

function isPosition(from: Position | 'first' | { readonly last: number }): from is Position {
  return typeof from === 'object' && 'epoch' in from
}

function beginAt(
  { history, head, loss, latest, ring }: PageSource,
  from: Position | 'first' | { readonly last: number },
  end: number,
): Beginning {
  if (isPosition(from)) {
    const { offset, reset } = placePosition(history, head, from)
    // up to here the topic lost entries, as far as this read is concerned
    const whole = Math.min(loss.offset, end)
    const start = reset ? Math.min(Math.max(offset, whole), end) : Math.max(offset, whole)
    const reason = reset ? 'reset' : offset < whole ? loss.reason : undefined
    return {
      index: ring?.firstAbove(start) ?? 0,
      offset: start,
      ...(reason && { gap: { first: start, reason } }),
    }
  }
  if (from === 'first' || latest) return { index: 0 }
  return { index: Math.max(0, (ring?.firstAbove(end) ?? 0) - Math.max(0, from.last)) }
}
