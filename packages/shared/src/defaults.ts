/**
 * Every default of Parley, in one place, with the unit in the name. `createHub({ limits })` and
 * `createEmitter({ limits })` take a part of `limits`; the rest is fixed by the protocol's promises.
 */
const second = 1_000
const minute = 60 * second
const KiB = 1_024
const MiB = 1_024 * KiB

/** What a server allows. Each can be set with `limits`. */
export const limits = {
  /** Largest inbound frame or request body. */
  frameBytes: MiB,
  /** Deepest nesting of inbound JSON; looked at before parsing. */
  jsonDepth: 64,
  /** Longest topic key. */
  topicKeyBytes: 512,
  subscriptionsPerConnection: 128,
  callsInFlight: 64,
  /** Bytes queued for one reader before it is switched from live push to reading the log. */
  queuedBytes: MiB,
  /** How long a new connection may take to say hello. */
  helloMs: 10 * second,
  /** Deadline of a call or message that names none, and the longest one that may be asked for. */
  callMs: 10 * second,
  callMaxMs: 10 * minute,
  /** Heartbeat of a WebSocket: silence before a ping, and silence after it before the link is dead. */
  heartbeatMs: 25 * second,
  heartbeatGraceMs: 10 * second,
  /** Comment heartbeat of an SSE response. Bun cuts a silent response after 10 s. */
  sseHeartbeatMs: 5 * second,
  /** What SSE tells a native EventSource about its next attempt (`retry:`). */
  sseRetryMs: 2 * second,
  /** Memory of all topics together in a memory log. */
  logBytes: 256 * MiB,
  logTopics: 100_000,
} as const

/** Each limit as a plain number. */
export type Limits = { readonly [K in keyof typeof limits]: number }

/** Replay of a channel that says nothing about it. */
export const replayDefaults = { last: 1_000, forMs: 5 * minute, bytes: MiB } as const

/** An entry id is remembered this long, so that a retried append is no second event. */
export const appendDedupMs: number = 2 * minute

/** What a client does, and how long it takes over it. */
export const clientDefaults = {
  /** `base + random(0, min(cap, step * 2^n))` */
  reconnectBaseMs: 500,
  reconnectStepMs: second,
  reconnectCapMs: 30 * second,
  /** "At once" is `random(0, this)`. */
  reconnectSoonMs: 250,
  /** How long a connection must hold before the attempts are counted from 0 again. */
  steadyMs: 10 * second,
  connectMs: 10 * second,
  heartbeatMs: 25 * second,
  heartbeatGraceMs: 10 * second,
  /** Unanswered this long, the client probes; no frame within the grace, the link is dead. */
  probeAfterMs: 3 * second,
  probeGraceMs: 5 * second,
  /** SSE: no byte for this long is a dead link (two heartbeats of the server). */
  sseSilenceMs: 10 * second,
  callMs: 10 * second,
  outboxSends: 256,
  outboxBytes: 256 * KiB,
  outboxMs: 30 * second,
  /** A topic is kept this long after its last reader left. */
  lingerMs: second,
  /** Events that `events()` or a catching-up reader holds before it says `gap: overflow` or reads again. */
  unreadEvents: 1_024,
} as const
