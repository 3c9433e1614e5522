/**
 * A link carries frames between one client and one server: a WebSocket, an in-memory pair, or a response that carries
 * them down and POSTs that carry them up. It demands little: `send`, `close`, `buffered`, and three callbacks.
 */
export type FrameData = string | Uint8Array

export interface LinkEvents {
  /** Called once, before anything is received; never after `closed`. */
  opened(): void
  received(data: FrameData): void
  /** Called at most once; nothing follows. A link that never opened reports 1006. */
  closed(code: number, reason: string): void
  /**
   * Another connection would be better than this one, and can be had: whoever hears it opens the next one, and lets
   * this one go once that is open. It may come again while this one is open.
   */
  better?(): void
}

/** One end of an open (or opening) link. */
export interface LinkEnd {
  /** Hands one frame over. After `close` or `closed` it does nothing. */
  send(data: FrameData): void
  /** Lets go at once: no event follows, whether or not the peer answers. */
  close(code: number, reason: string): void
  /** Bytes handed over and not yet taken by the network. */
  buffered(): number
}

/** Opens links; one call, one connection. */
export interface Link {
  connect(events: LinkEvents): LinkEnd
}
