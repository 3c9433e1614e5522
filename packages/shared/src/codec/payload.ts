/**
 * A payload on its way out: superjson's `json` and its `meta`, side by side, each already JSON text.
 * Bytes are taken out into `blobs`; in `json` the number of the blob stands in their place.
 */
export interface Encoded {
  readonly json: string
  readonly meta?: string
  readonly blobs?: readonly Uint8Array[]
}

/** A payload on its way in: the frame around it was parsed, its meaning was not looked at yet. */
export interface Received {
  readonly json: unknown
  readonly meta?: unknown
  readonly blobs?: readonly Uint8Array[]
}
