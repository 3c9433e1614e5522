/** What a page keeps of the readers and the sources that a test asks for, with the wall clock's time of each step. */
import type { ReadingHalf } from '@parley/client'

/** An event, or the reason of a gap in its place. */
export type Recorded =
  | { readonly n: number; readonly emittedAt: number; readonly receivedAt: number }
  | { readonly gap: string }

export interface Recording {
  readonly items: Recorded[]
  readonly statuses: { readonly status: string; readonly at: number }[]
}

type Ticks = Pick<ReadingHalf<{ tick: { n: number; at: Date } }, false>, 'read' | 'status'>

/** Reads ticks from now on. */
export function record(ticks: Ticks): Recording {
  const recording: Recording = { items: [], statuses: [] }
  ticks.status.subscribe(() => {
    recording.statuses.push({ status: ticks.status.getSnapshot().status, at: Date.now() })
  })
  ticks.read(({ gap, data }) => {
    if (gap) recording.items.push({ gap: gap.reason })
    else recording.items.push({ n: data.n, emittedAt: data.at.getTime(), receivedAt: Date.now() })
  })
  return recording
}

export interface SourceRecording {
  readonly events: { readonly type: string; readonly data: unknown; readonly lastEventId: string }[]
  /** How often a response opened. */
  opens: number
  readonly source: EventSource
}

/** Listens with the browser's own EventSource, as a page does that knows nothing of Parley. */
export function recordSource(url: string, names: readonly string[]): SourceRecording {
  const source = new EventSource(url)
  const recording: SourceRecording = { events: [], opens: 0, source }
  source.onopen = () => {
    recording.opens += 1
  }
  for (const name of names) {
    source.addEventListener(name, ({ data, lastEventId }: MessageEvent<string>) => {
      recording.events.push({ type: name, data: JSON.parse(data), lastEventId })
    })
  }
  return recording
}
