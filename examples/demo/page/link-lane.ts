/** The link over the same half minute as the strip chart: how it was, and each replay as it happened. */
import type { ConnectionState } from '@parley/client'
import { width } from './strip.js'

const unitMs = 100
const keptMs = width * unitMs

/** From this moment on, until the next one. */
interface Stretch {
  readonly from: number
  readonly status: ConnectionState['status']
}

/** Events that came from the log in one go. */
interface Replay {
  readonly events: number
  readonly begun: number
  readonly ended: number
  readonly first: string | undefined
  readonly last: string | undefined
}

export interface LinkLane {
  readonly stretches: readonly Stretch[]
  readonly replays: readonly Replay[]
  /** The last event was a replayed one. */
  readonly isReplaying: boolean
}

export const emptyLane: LinkLane = { stretches: [], replays: [], isReplaying: false }

/** The connection became another. */
export function linked(lane: LinkLane, status: Stretch['status'], at: number): LinkLane {
  if (lane.stretches.at(-1)?.status === status) return lane
  // the newest of those that began too long ago still says how it was at the left edge
  const kept = lane.stretches.filter((_, i) => (lane.stretches[i + 1]?.from ?? at) > at - keptMs)
  return { ...lane, stretches: [...kept, { from: at, status }] }
}

/** An event came. */
export function came(
  lane: LinkLane,
  { replayed, position }: { readonly replayed: boolean; readonly position: string | undefined },
  at: number,
): LinkLane {
  if (!replayed) return lane.isReplaying ? { ...lane, isReplaying: false } : lane
  const running = lane.isReplaying ? lane.replays.at(-1) : undefined
  const begun = running ?? { events: 0, begun: at, first: position }
  const replay = { ...begun, events: begun.events + 1, ended: at, last: position }
  const others = (running ? lane.replays.slice(0, -1) : lane.replays).filter(
    ({ ended }) => ended > at - keptMs,
  )
  return { ...lane, replays: [...others, replay], isReplaying: true }
}

/** Where something stands in the drawing, in its units. */
export interface Span<Kind> {
  readonly kind: Kind
  readonly x: number
  readonly wide: number
}

const tones = {
  idle: 'trying',
  connecting: 'trying',
  open: 'open',
  reconnecting: 'cut',
  closed: 'cut',
} as const
export type Tone = (typeof tones)[Stretch['status']]

/** @param now Ms since 1970, by the page's clock. */
export function spansOf({ stretches, replays }: LinkLane, now: number): readonly Span<Tone | 'replay'>[] {
  const x = (at: number): number => Math.max(0, Math.min(width, width - (now - at) / unitMs))
  const links = stretches.map(({ from, status }, i) => ({
    kind: tones[status],
    x: x(from),
    wide: x(stretches[i + 1]?.from ?? now) - x(from),
  }))
  const marks = replays
    .filter(({ ended }) => x(ended) > 0)
    .map(({ begun, ended }) => ({
      kind: 'replay' as const,
      x: x(begun) - 1,
      wide: Math.max(2, x(ended) - x(begun)),
    }))
  return [...links.filter(({ wide }) => wide > 0), ...marks]
}

const offsetOf = (position: string | undefined): string => `:${position?.split('-').at(-1) ?? '?'}`

/** `65 events replayed from :62750 to :62815 in 12 ms`; nothing before the first replay. */
export function lastReplay({ replays }: LinkLane): string {
  const last = replays.at(-1)
  if (!last) return ''
  const events = last.events === 1 ? '1 event' : `${last.events} events`
  return `${events} replayed from ${offsetOf(last.first)} to ${offsetOf(last.last)} in ${last.ended - last.begun} ms`
}
