/** Who gets the live events of a topic, as the fan-out sees them. */
import type { FrameData, Position } from '@parley/shared/internal'
import type { LiveEvent } from './live-event.js'

/** A runtime's own publish/subscribe among its sockets (Bun.serve). */
export interface NativeGroup {
  /**
   * As Bun's `server.publish`: -1 when somebody queues what was published, perhaps some events ago. The sockets must
   * have no limit of their own: Bun writes publishes in batches, and tells of a loss late or never.
   */
  publish(topic: string, data: FrameData): number
}

/** A socket that can take part in a native publish. */
export interface NativeSocket {
  readonly group: NativeGroup
  subscribe(topic: string): void
  unsubscribe(topic: string): void
}

/** One live reader of a topic. */
export interface Member {
  /** Client id, for events that exclude their sender. */
  readonly client: string | undefined
  /** Present where the event reaches it by native publish; else `deliver` is called. */
  readonly native: NativeSocket | undefined
  /** Hands the event over; false when the transport lost it. */
  deliver(event: LiveEvent): boolean
  /** The position moved on without an event for this reader. */
  moved(offset: number): void
  /** Bytes handed over and not yet taken by the network. */
  queued(): number
  /** More is queued than allowed: leave the live set and read the log. */
  overflowed(): void
  /** What came after this position may be lost: leave the live set and read the log. */
  doubtful(position: Position): void
}
