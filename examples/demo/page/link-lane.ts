/** The link over the same half minute as the strip chart: how it was, and each replay and each gap as it happened. */
import type { ConnectionState, ReadGap } from '@parley/client'
import { width } from './strip.js'

const unitMs = 100
const keptMs = width * unitMs
/** However old they are, so many of each kind are kept: for the log beside the chart, which leaves some of them out. */
const leastKept = 12

/** From this moment on, until the next one. */
export interface Stretch {
  readonly from: number
  readonly connection: ConnectionState
  /** Another name was taken, which needs another connection: nothing was lost. */
  readonly renames: boolean
}

/** Events that came from the log in one go. */
export interface Replay {
  readonly events: number
  readonly begun: number
  readonly ended: number
  readonly first: string | undefined
  readonly last: string | undefined
}

/** Numbers that can no longer be had. */
export interface Hole {
  readonly at: number
  readonly reason: ReadGap['reason']
  /** The numbers before and behind it, as far as they are known. */
  readonly before: number | undefined
  readonly behind: number | undefined
}

export interface LinkLane {
  readonly stretches: readonly Stretch[]
  readonly replays: readonly Replay[]
  readonly holes: readonly Hole[]
  /** The last thing that happened was a replayed event. */
  readonly isReplaying: boolean
  /** The newest number, and where it stands in the log. */
  readonly last: number | undefined
  readonly position: string | undefined
}

export const emptyLane: LinkLane = {
  ...{ stretches: [], replays: [], holes: [] },
  ...{ isReplaying: false, last: undefined, position: undefined },
}

/** Nothing happened yet, and the newest number came with the page itself. */
export const drawnAt = (n: number | undefined, position: string): LinkLane => ({
  ...emptyLane,
  last: n,
  position,
})

/** Those that are still to be seen. */
const kept = <T>(all: readonly T[], endOf: (one: T) => number, at: number): readonly T[] =>
  all.filter((one, i) => i >= all.length - leastKept || endOf(one) > at - keptMs)

/** The connection became another, maybe because the visitor did. */
export function linked(lane: LinkLane, connection: ConnectionState, at: number, renames = false): LinkLane {
  if (lane.stretches.at(-1)?.connection === connection) return lane
  const all = [...lane.stretches, { from: at, connection, renames }]
  // the newest of those that began too long ago still says how it was at the left edge
  const stretches = kept(all, (one) => all[all.indexOf(one) + 1]?.from ?? at, at)
  return { ...lane, stretches, isReplaying: false } // what comes over the next link is a replay of its own
}

interface Came {
  readonly n: number
  readonly replayed: boolean
  readonly position: string | undefined
}

/** A number came. */
export function came(lane: LinkLane, { n, replayed, position }: Came, at: number): LinkLane {
  const hole = lane.holes.at(-1)
  const holes =
    hole && hole.behind === undefined ? [...lane.holes.slice(0, -1), { ...hole, behind: n }] : lane.holes
  const next = { ...lane, holes, isReplaying: replayed, last: n, position }
  if (!replayed) return next
  const running = lane.isReplaying ? lane.replays.at(-1) : undefined
  const begun = running ?? { events: 0, begun: at, first: position }
  const replay = { ...begun, events: begun.events + 1, ended: at, last: position }
  const others = running ? lane.replays.slice(0, -1) : lane.replays
  return { ...next, replays: kept([...others, replay], ({ ended }) => ended, at) }
}

/** A gap was told in place of numbers. */
export function holed(lane: LinkLane, reason: Hole['reason'], at: number): LinkLane {
  const hole = { at, reason, before: lane.last, behind: undefined }
  return { ...lane, holes: kept([...lane.holes, hole], (one) => one.at, at), isReplaying: false }
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
} as const satisfies Record<ConnectionState['status'], string>
export type Tone = (typeof tones)[ConnectionState['status']]

export const toneOf = ({ connection, renames }: Stretch): Tone =>
  renames ? 'trying' : tones[connection.status]

/** @param now Ms since 1970, by the page's clock. */
export function spansOf(
  { stretches, replays, holes }: LinkLane,
  now: number,
): readonly Span<Tone | 'replay' | 'gap'>[] {
  const x = (at: number): number => Math.max(0, Math.min(width, width - (now - at) / unitMs))
  const links = stretches.map((stretch, i) => ({
    kind: toneOf(stretch),
    x: x(stretch.from),
    wide: x(stretches[i + 1]?.from ?? now) - x(stretch.from),
  }))
  const replayed = replays
    .filter(({ ended }) => x(ended) > 0)
    .map(({ begun, ended }) => ({
      kind: 'replay' as const,
      x: x(begun) - 1,
      wide: Math.max(2, x(ended) - x(begun)),
    }))
  const gaps = holes
    .filter(({ at }) => x(at) > 0)
    .map(({ at }) => ({ kind: 'gap' as const, x: x(at) - 1, wide: 2 }))
  return [...links.filter(({ wide }) => wide > 0), ...replayed, ...gaps]
}
