/** What the library did last, in words. It is what the lane draws, told apart from it only by being read. */
import { type Hole, type LinkLane, type Replay, type Stretch, type Tone, toneOf } from './link-lane.js'

const shown = 6

export interface Entry {
  /** Ms since 1970, by the page's clock. */
  readonly at: number
  readonly tone: Tone | 'replay' | 'gap'
  readonly text: string
}

/** `e3f-62815` -> `:62815`: where in the log, of whichever run of it. */
export const offsetOf = (position: string | undefined): string => `:${position?.split('-').at(-1) ?? '?'}`

const counted = (count: number, one: string, more = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : more}`

type Words = Pick<Entry, 'tone' | 'text'>

function wordsOf(stretch: Stretch, before: Stretch | undefined, later: readonly Stretch[]): readonly Words[] {
  const { connection, renames } = stretch
  const tone = toneOf(stretch)
  switch (connection.status) {
    case 'idle':
      return []
    case 'connecting':
      return later.length === 0 ? [{ tone, text: 'connecting' }] : [] // what came of it stands above it
    case 'open':
      return [{ tone, text: 'connected over WebSocket' }] // the one transport that the page's client has
    case 'closed':
      return [{ tone, text: `closed for good (${connection.code}): ${connection.reason}` }]
    case 'reconnecting': {
      if (renames) return [{ tone, text: 'reconnecting under the new name' }]
      const { attempt, delayMs, lastError } = connection
      const text = `trying again in ${(delayMs / 1_000).toFixed(1)} s (attempt ${attempt})`
      const outcome = later.find((one) => one.connection.status !== 'connecting')
      const lost = { tone, text: `link lost (${lastError.code}): ${lastError.message}` }
      const again = { tone: 'trying', text } as const
      return [
        ...(before?.connection.status === 'open' ? [lost] : []),
        ...(outcome?.connection.status === 'reconnecting' ? [] : [again]), // the next try says more
      ]
    }
  }
}

function ofReplay({ events, begun, ended, first, last }: Replay): string {
  return `${counted(events, 'event')} replayed from ${offsetOf(first)} to ${offsetOf(last)} in ${ended - begun} ms`
}

function ofHole({ reason, before, behind }: Hole): string {
  if (before === undefined || behind === undefined) return `gap: some numbers are gone (${reason})`
  if (behind <= before) return `gap: the count began anew (${reason})`
  return `gap: ${counted(behind - before - 1, 'number is', 'numbers are')} gone (${reason})`
}

/** The newest first, and of one moment the later first. */
export function entriesOf({ stretches, replays, holes }: LinkLane): readonly Entry[] {
  const entries: Entry[] = [
    ...stretches.flatMap((stretch, i) =>
      wordsOf(stretch, stretches[i - 1], stretches.slice(i + 1)).map((words) => ({
        at: stretch.from,
        ...words,
      })),
    ),
    ...holes.map((hole) => ({ at: hole.at, tone: 'gap' as const, text: ofHole(hole) })),
    ...replays.map((replay) => ({ at: replay.begun, tone: 'replay' as const, text: ofReplay(replay) })),
  ]
  return entries
    .sort((a, b) => a.at - b.at)
    .reverse()
    .slice(0, shown)
}
