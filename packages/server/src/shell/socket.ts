import type { FrameData } from '@parley/shared/internal'
import type { NativeSocket } from '../fanout/member.js'

/** The server's end of whatever carries the frames of one connection. */
export interface ServerSocket {
  /** Hands a frame over; false when it was lost, because the socket's own limit was reached. */
  send(data: FrameData): boolean
  close(code: number, reason: string): void
  /** Bytes handed over and not yet taken by the network. */
  buffered(): number
  /** Bytes that were taken so far, where it counts them. */
  taken?(): number
  /** Bytes that it can queue before it loses some; absent: no bound of its own. */
  readonly capacity?: number
  /** The largest frame that it takes, in bytes; absent: any. */
  readonly frameBytes?: number
  /** Where the runtime can publish to many sockets at once. */
  readonly native?: NativeSocket
  /** Does something with as few writes as possible. */
  cork?(burst: () => void): void
}
