/**
 * The frames of `parley.1`, in the order of docs/PROTOCOL.md: what each says, not how it is written (see text.ts).
 * `P` is the payload: `Encoded` on the way out, `Received` on the way in; a frame carries at most one.
 */
import type { Position } from './position.js'

/** The WebSocket subprotocol, and the number that hello and welcome carry. */
export const subprotocol = 'parley.1'
export const protocolVersion = 1

/** Where a subscription or a read starts: after now, after a position, at the last n events, at the first kept. */
export type From = 'now' | 'first' | Position | { readonly last: number }

export const gapReasons = ['expired', 'trimmed', 'reset', 'overflow', 'incompatible'] as const

/** Why events cannot be had: too old; over count or bytes; new epoch; unread buffer full; unreadable under today's schema. */
export type GapReason = (typeof gapReasons)[number]

/** Params of a topic as they travel. */
export type WireParams = { readonly [name: string]: string | number | boolean }

// --- client -> server ---------------------------------------------------------------------------------------

/** First frame of a connection. */
export interface Hello<P> {
  readonly type: 'hello'
  readonly version: number
  readonly contract: string
  readonly client: string
  /** Secret of the session to resume. */
  readonly session?: string
  readonly auth?: P
}

/** Fresh credentials for the running session; answered by ok or err. */
export interface Auth<P> {
  readonly type: 'auth'
  readonly id: number
  readonly auth?: P
}

/** Joins a topic; answered by joined or refused. */
export interface Subscribe {
  readonly type: 'sub'
  readonly id: number
  readonly path: string
  readonly params: WireParams | undefined
  readonly from: From
}

export interface Unsubscribe {
  readonly type: 'unsub'
  readonly id: number
}

/** A bounded read of the log behind a live subscription; answered by history, history-gap, history-end or err. */
export interface Read {
  readonly type: 'read'
  readonly id: number
  readonly subscription: number
  readonly from: From
  readonly until: Position
}

/** A message with an acknowledgement: ok or err. */
export interface Send<P> {
  readonly type: 'send'
  readonly id: number
  readonly path: string
  readonly params: WireParams | undefined
  readonly name: string
  readonly withinMs: number
  readonly input?: P
}

/** A volatile message: no id, no answer. */
export interface Cast<P> {
  readonly type: 'cast'
  readonly path: string
  readonly params: WireParams | undefined
  readonly name: string
  readonly input?: P
}

/** A call; answered by ok or err. */
export interface Call<P> {
  readonly type: 'call'
  readonly id: number
  readonly path: string
  readonly withinMs: number
  readonly input?: P
}

/**
 * A stream; answered by yields, each numbered from 1, then ok or err. The values up to `after` are there already, and
 * at most `credit` more may be sent; on a resumed session the same frame goes on where the stream was cut.
 */
export interface Stream<P> {
  readonly type: 'stream'
  readonly id: number
  readonly path: string
  readonly after: number
  readonly credit: number
  readonly input?: P
}

/** The yields of a stream up to `after` are there, and those up to `after + credit` may be sent. */
export interface Credit {
  readonly type: 'credit'
  readonly id: number
  readonly after: number
  readonly credit: number
}

/** Gives up a call, message, stream or read. */
export interface Cancel {
  readonly type: 'cancel'
  readonly id: number
}

/**
 * Of the calls, messages and streams with numbers up to `upTo`, the client waits for these alone: what the server kept
 * of the others can go, and what of them still runs is given up.
 */
export interface Ack {
  readonly type: 'ack'
  readonly upTo: number
  /** In rising order. */
  readonly waiting: readonly number[]
}

/** Sets what this client wants its presence state on a subscribed topic to be; nothing: leaves. */
export interface SetPresence<P> {
  readonly type: 'presence'
  readonly subscription: number
  readonly wanted?: P
}

export type ClientFrame<P> =
  | Hello<P>
  | Auth<P>
  | Subscribe
  | Unsubscribe
  | Read
  | Send<P>
  | Cast<P>
  | Call<P>
  | Stream<P>
  | Credit
  | Cancel
  | Ack
  | SetPresence<P>
  | Ping
  | Pong

// --- both ways ----------------------------------------------------------------------------------------------

export interface Ping {
  readonly type: 'ping'
}

export interface Pong {
  readonly type: 'pong'
}

// --- server -> client ---------------------------------------------------------------------------------------

/** First frame of the server: the connection is open. */
export interface Welcome {
  readonly type: 'welcome'
  readonly version: number
  readonly contract: string
  /** The client's contract is another one, and the server knows that it fits. */
  readonly fits?: 'compatible'
  /** Secret that resumes this session. */
  readonly session: string
  readonly resumed: boolean
  /** Why a session that hello named was not resumed. */
  readonly refused?: string
  /** Epoch of every offset that follows, until an epoch frame. */
  readonly epoch: string
  /** Largest frame that the server takes. */
  readonly frameBytes: number
  readonly heartbeatMs: number
  readonly heartbeatGraceMs: number
}

/** Offsets that follow belong to this epoch. */
export interface Epoch {
  readonly type: 'epoch'
  readonly epoch: string
}

/** The credentials end in so many milliseconds. */
export interface Expires {
  readonly type: 'expires'
  readonly inMs: number
}

/** The server is about to close: open the next connection after so many milliseconds, and leave this one then. */
export interface Move {
  readonly type: 'move'
  readonly inMs: number
}

/** A subscription is confirmed: its frames carry `topic`, its position is fixed at `offset`. */
export interface Joined {
  readonly type: 'joined'
  readonly id: number
  readonly topic: number
  readonly offset: number
}

/** A subscription did not begin, or was ended by the server. */
export interface Refused {
  readonly type: 'refused'
  readonly id: number
  readonly code: string
  readonly message: string
}

/** An event. */
export interface Event<P> {
  readonly type: 'e'
  readonly topic: number
  readonly offset: number
  readonly name: string
  readonly data: P
  /** When the log took it, in ms since 1970; only on channels with `times`. */
  readonly at?: number
}

/** A volatile event: no offset. */
export interface VolatileEvent<P> {
  readonly type: 'v'
  readonly topic: number
  readonly name: string
  readonly data: P
}

/** The position moved on without an event for this client. */
export interface Moved {
  readonly type: 'p'
  readonly topic: number
  readonly offset: number
}

/** What follows is live: nothing after `offset` was left out. */
export interface Live {
  readonly type: 'live'
  readonly topic: number
  readonly offset: number
}

/** Events after `after` up to and including `first` can no longer be had; what follows is whole again. */
export interface Gap {
  readonly type: 'gap'
  readonly topic: number
  readonly after: Position
  readonly first: Position
  readonly reason: GapReason
}

/** An event of a bounded read. */
export interface History<P> {
  readonly type: 'h'
  readonly read: number
  readonly offset: number
  readonly name: string
  readonly data: P
  readonly at?: number
}

/** A gap in a bounded read. */
export interface HistoryGap {
  readonly type: 'hgap'
  readonly read: number
  readonly after: Position
  readonly first: Position
  readonly reason: GapReason
}

/** A bounded read is complete up to its `until`, or up to `offset` where it began above that. */
export interface HistoryEnd {
  readonly type: 'hend'
  readonly read: number
  readonly offset?: number
}

/** The answer to a call, message, auth, or the final result of a stream. */
export interface Ok<P> {
  readonly type: 'ok'
  readonly id: number
  readonly output?: P
}

/** A failed call, message, auth, stream or read. `data` is that of a declared error. */
export interface Err<P> {
  readonly type: 'err'
  readonly id: number
  readonly code: string
  readonly message: string
  readonly issues?: readonly { readonly path: readonly (string | number)[]; readonly message: string }[]
  /** Finds the error in the server's reports. */
  readonly report?: string
  readonly data?: P
}

/** One value of a stream. */
export interface Yield<P> {
  readonly type: 'y'
  readonly id: number
  readonly seq: number
  readonly value: P
}

/** Everybody present on a topic, in pages; `more` says that another page follows. Also the form of each change. */
export interface Members<P> {
  readonly type: 'members'
  readonly topic: number
  readonly change: 'all' | 'joined' | 'updated' | 'left'
  readonly more: boolean
  /** `[member, entry, since]` for each state in `states`, in order. */
  readonly entries: readonly (readonly [string, string, number])[]
  readonly states?: P
}

export type ServerFrame<P> =
  | Welcome
  | Epoch
  | Expires
  | Move
  | Joined
  | Refused
  | Event<P>
  | VolatileEvent<P>
  | Moved
  | Live
  | Gap
  | History<P>
  | HistoryGap
  | HistoryEnd
  | Ok<P>
  | Err<P>
  | Yield<P>
  | Members<P>
  | Ping
  | Pong
