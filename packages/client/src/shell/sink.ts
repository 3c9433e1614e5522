/** What a reader of a topic is handed. Types only. */
import type { ParleyError } from '@parley/shared'
import type { GapReason } from '@parley/shared/internal'

/** An event, as a reader gets it. */
export interface ReadEvent {
  readonly name: string
  readonly data: unknown
  /** Where it stands in the log; a volatile event stands nowhere. */
  readonly position: string | undefined
  /** It came before the reader was live. */
  readonly replayed: boolean
  /** When the log took it, in ms since 1970; only on channels with `times`. */
  readonly at?: number
}

/** A hole in what a reader gets: events that can no longer be had. */
export interface ReadGap {
  /** The last position before the hole. */
  readonly after: string
  /** From here on everything can be had again. */
  readonly first: string
  /** `expired` by age, `trimmed` by count or bytes, `reset` of the log, `overflow` of a slow loop, or `incompatible`. */
  readonly reason: GapReason
}

/** What one reader wants to hear. What it throws, or rejects with, is reported. */
export interface Sink {
  event(event: ReadEvent): unknown
  gap(gap: ReadGap): unknown
  /** The topic was refused, or the client was closed for good. The reader stays until it is closed. */
  failed?(error: ParleyError): unknown
}
