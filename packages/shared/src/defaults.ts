/**
 * Every default of Parley, in one place, with the unit in the name. `createHub({ limits })` and
 * `createEmitter({ limits })` take a part of `limits`; the rest is fixed by the protocol's promises.
 */

/** Longest key of a topic, in bytes of UTF-8. By itself, because a client has no use for the table below. */
export const longestTopicKeyBytes = 512

/** What a server allows. Each can be set with `limits` of a hub or an emitter. */
export interface Limits {
  /** Largest inbound frame or request body. */
  readonly frameBytes: number
  /** Deepest nesting of inbound JSON; looked at before parsing. */
  readonly jsonDepth: number
  /** Longest key of a topic, in UTF-8: its path and params. */
  readonly topicKeyBytes: number
  readonly subscriptionsPerConnection: number
  /** Of one presence state, and of what a client wants it to be. */
  readonly presenceBytes: number
  /** How long a client stays present after its connection was lost. */
  readonly presenceGraceMs: number
  /** Calls of one session that run at once. */
  readonly callsInFlight: number
  /** Streams of one session that run at once, those included that were given up and do not stop. */
  readonly streams: number
  /** Values of one stream that may wait for their acknowledgement. */
  readonly streamValues: number
  /** Bytes of the values of one stream that may wait for their acknowledgement; a single value of any size may. */
  readonly streamBytes: number
  /** How long a session is kept after its connection was lost. */
  readonly sessionMs: number
  /**
   * Bytes of answers that one session keeps until they are acknowledged; above it the oldest go, as an unknown outcome.
   * As many bytes of its messages may wait for those before them; above it one more is refused.
   */
  readonly sessionBytes: number
  /** Most sessions that are kept without a connection; above it the one that has waited longest ends. */
  readonly keptSessions: number
  /** Sessions of one member; above it the one that has waited longest for its client ends, or nobody else comes in. */
  readonly sessionsPerMember: number
  /** How many a second, and at once, a server asks `context` about; the rest is told to come later. */
  readonly handshakesPerSecond: number
  /** Bytes of answers and values of all sessions that are kept without a connection. */
  readonly keptBytes: number
  /** Idempotency keys of HTTP requests that are remembered, each for `sessionMs`; above it a new one is refused. */
  readonly idempotencyKeys: number
  /** Bytes of the answers to them; above it the oldest go, and a repeat of one gets an unknown outcome. */
  readonly idempotencyBytes: number
  /** Messages of one session that run or wait for the one before them. */
  readonly messagesWaiting: number
  /** Bytes queued for one reader before it is switched from live push to reading the log. */
  readonly queuedBytes: number
  /** How long bytes may be queued for a client that takes none of them before it is let go. */
  readonly stalledMs: number
  /** Bytes of answers that a client may leave unread before it is let go. */
  readonly unreadBytes: number
  /** How long a new connection may take to say hello. */
  readonly helloMs: number
  /** Deadline of a call or message that names none. */
  readonly callMs: number
  /** The longest deadline that may be asked for. */
  readonly callMaxMs: number
  /** Heartbeat of a WebSocket: silence before a ping. */
  readonly heartbeatMs: number
  /** Silence after a ping before the link is dead. */
  readonly heartbeatGraceMs: number
  /** Comment heartbeat of an SSE response. Bun cuts a silent response after 10 s. */
  readonly sseHeartbeatMs: number
  /** What SSE tells about the next attempt (`retry:`): from half of it to half as much again, by chance. */
  readonly sseRetryMs: number
  /** Memory of all topics together in a memory log. */
  readonly logBytes: number
  /** Most topics in a memory log. */
  readonly logTopics: number
  /** About how often a node that has readers compares itself with the log's head: from a quarter less to a quarter more, by chance. */
  readonly auditMs: number
}

/** What a server allows unless it is told otherwise. */
export const limits: Limits = {
  frameBytes: 1_048_576, // 1 MiB
  jsonDepth: 64,
  topicKeyBytes: longestTopicKeyBytes,
  subscriptionsPerConnection: 128,
  presenceBytes: 4_096, // 4 KiB
  presenceGraceMs: 15_000,
  callsInFlight: 64,
  streams: 16,
  streamValues: 256,
  streamBytes: 1_048_576, // 1 MiB
  sessionMs: 120_000,
  sessionBytes: 4_194_304, // 4 MiB
  keptSessions: 10_000,
  sessionsPerMember: 32,
  handshakesPerSecond: 500,
  keptBytes: 67_108_864, // 64 MiB
  idempotencyKeys: 100_000,
  idempotencyBytes: 16_777_216, // 16 MiB
  messagesWaiting: 512,
  queuedBytes: 1_048_576, // 1 MiB
  stalledMs: 30_000,
  unreadBytes: 16_777_216, // 16 MiB
  helloMs: 10_000,
  callMs: 10_000,
  callMaxMs: 600_000,
  heartbeatMs: 25_000,
  heartbeatGraceMs: 10_000,
  sseHeartbeatMs: 5_000,
  sseRetryMs: 1_000,
  logBytes: 268_435_456, // 256 MiB
  logTopics: 100_000,
  auditMs: 40_000,
}

/** Replay of a channel that says nothing about it. */
export const replayDefaults = { last: 1_000, forMs: 300_000, bytes: 1_048_576 } as const

/** An entry id is remembered this long, so that a retried append is no second event. */
export const appendDedupMs = 120_000

/** How a server leaves. */
export const drainDefaults = {
  /** The whole of it. */
  withinMs: 30_000,
  /** Time between two batches of clients that are told to move. */
  batchMs: 2_000,
  /** Before the end clients are closed as soon as nothing runs for them; a quarter of the time at most. */
  closingMs: 1_000,
  /** Advised delays are `random(0, min(cap, max(least, clients * each)))`. */
  delayEachMs: 2,
  delayCapMs: 20_000,
  /** For those that are closed in the end, and for who comes meanwhile: that one can only ask again. */
  delayLeastMs: { left: 1_000, newcomer: 5_000 },
} as const

/** What a client does, and how long it takes over it. */
export const clientDefaults = {
  /** `base + random(0, min(cap, step * 2^n))` */
  reconnectBaseMs: 500,
  reconnectStepMs: 1_000,
  reconnectCapMs: 30_000,
  /** "At once" is `random(0, this)`. */
  reconnectSoonMs: 250,
  /** How long a connection must hold before the attempts are counted from 0 again. */
  steadyMs: 10_000,
  connectMs: 10_000,
  /** Unanswered this long, the client probes; no frame within the grace, the link is dead. */
  probeAfterMs: 3_000,
  probeGraceMs: 5_000,
  /** SSE: no byte for this long is a dead link (two heartbeats of the server). */
  sseSilenceMs: 10_000,
  /** A WebSocket that is not open by then has the fallback tried beside it. */
  webSocketMs: 3_000,
  /** Fallback: no head, or no first block after the head, within this is asked about: something may hold it back. */
  streamMs: 5_000,
  /** So many streams in a row that were held back are the end. */
  bufferedTries: 3,
  /** Fallback: a POST may take this, and 1 s more for each 32 kB. */
  postMs: 10_000,
  /** Fallback: how long a goodbye may take; and how long a POST that was refused waits for the stream to say why. */
  goodbyeMs: 5_000,
  refusedMs: 1_000,
  /** On the fallback, a WebSocket is tried after `random(0.5, 1.5) * min(cap, base * 2^n)`. */
  probeBaseMs: 30_000,
  probeCapMs: 600_000,
  callMs: 10_000,
  outboxSends: 256,
  outboxBytes: 262_144, // 256 KiB
  outboxMs: 30_000,
  /** With so many bytes not yet taken by the network, volatile messages are dropped. */
  queuedBytes: 1_048_576, // 1 MiB
  /** Values of a stream that may wait for its loop. */
  streamWindow: 32,
  /** A loop that waits says after this long what it has: a server may keep less than the window. */
  streamCreditMs: 20,
  /** A topic is kept this long after its last reader left. */
  lingerMs: 1_000,
  /** Events that `events()` or a catching-up reader holds before it says `gap: overflow` or reads again. */
  unreadEvents: 1_024,
} as const
