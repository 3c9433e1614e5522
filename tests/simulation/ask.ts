/** What a client asks for, and what becomes of it. */
import type { Process } from './process.js'

/**
 * `say` and `react` are messages, with an answer and without; `pay` runs at most once, `look` may run again, `buy` does
 * not run twice even across the death of a server; `count` is a stream.
 */
export type AskKind = 'say' | 'react' | 'pay' | 'look' | 'buy' | 'count'

/** What the handler does, in order, and how it ends. */
export interface Plan {
  readonly acts: readonly (
    | { readonly type: 'wait'; readonly ms: number }
    /** `isAwaited`: the handler waits for it, which it need not. */
    | {
        readonly type: 'emit'
        readonly name: 'said' | 'noted'
        readonly toOthers: boolean
        readonly isAwaited: boolean
      }
  )[]
  /** What a stream yields after that, and how long each takes. */
  readonly values: number
  readonly everyMs: number
  readonly end: 'returns' | 'declares' | 'throws'
}

export interface NewAsk {
  readonly kind: AskKind
  readonly client: string
  /** The program that asks. */
  readonly process: Process
  /** The room of a message, or of what a call emits. */
  readonly room: string
  /** The topic of a message. */
  readonly topic: string | undefined
  readonly plan: Plan
  /** Deadline that the caller named. */
  readonly withinMs: number | undefined
  /** Over HTTP; one with a key is sent again until it is answered. */
  readonly by: 'socket' | 'http'
}

export interface Ask extends NewAsk {
  readonly k: number
  readonly askedAt: number
  /** Requests of this client that were not answered when it was asked for: while the connection is away, all may wait. */
  readonly waitingBefore: number
  handed: number
  handedAt: number | undefined
  /** How many servers had died when it was handed over. */
  deathsBefore: number
  /** When it last began to wait for a connection. */
  waitsSince: number
  runs: number
  /** How the handler ended, where it did. */
  ended: 'returned' | 'declared' | 'threw' | undefined
  /** Events that its handler emitted. */
  readonly emitted: number[]
  /** Of a stream: values that the handler yielded, and that came. */
  yielded: number
  received: number
  aborted: boolean
  settled: string | undefined
}

/** What a handler runs under. */
export interface RunningAs {
  readonly client: string
  /** Whose it was as it was asked. */
  readonly member: string
  /** The topic of a message. */
  readonly topic: string | undefined
  readonly signal: AbortSignal
  readonly process: Process
}

/** A value's `k`, or the error's code. */
export type AskOutcome = { readonly k: number | undefined } | { readonly code: string }
