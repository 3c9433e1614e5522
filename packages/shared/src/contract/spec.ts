/** A contract as the run time sees it: one spec per channel, call and stream, found by its dotted path. */
import type { Schema } from './schema.js'

/** What is kept of a topic: the newest event per name, or a window by count, age and bytes. */
export type ReplaySpec = 'latest' | { readonly last: number; readonly forMs: number; readonly bytes: number }

export interface EventSpec {
  readonly name: string
  readonly schema: Schema
  readonly volatile: boolean
  /** 16 hex digits; the same for the same schema, in whatever contract. */
  readonly fingerprint: string
}

/** A declared error of a call, message or stream. */
export interface ErrorSpec {
  readonly code: string
  /** Of `error.data`; without one the error has none. */
  readonly schema: Schema | undefined
  /** HTTP status. */
  readonly status: number
}

/** What messages, calls and streams have in common. */
interface RequestSpec {
  readonly input: Schema | undefined
  readonly output: Schema | undefined
  readonly errors: ReadonlyMap<string, ErrorSpec>
}

interface RunSpec extends RequestSpec {
  /** May be run again when its outcome is unknown. */
  readonly idempotent: boolean
  /** Not run twice within this time, even across a crash. */
  readonly onceMs: number | undefined
  /** Deadline; `limits.callMs` where there is none. */
  readonly withinMs: number | undefined
}

export interface MessageSpec extends RunSpec {
  readonly name: string
  /** `call`: acknowledged with an output; `bare`: acknowledged with nothing; `volatile`: not acknowledged. */
  readonly kind: 'call' | 'bare' | 'volatile'
}

export interface CallSpec extends RunSpec {
  readonly kind: 'call'
  readonly path: string
}

export interface StreamSpec extends RequestSpec {
  readonly kind: 'stream'
  readonly path: string
  readonly yields: Schema
}

export interface ChannelSpec {
  readonly kind: 'channel'
  readonly path: string
  readonly params: Schema | undefined
  readonly events: ReadonlyMap<string, EventSpec>
  readonly messages: ReadonlyMap<string, MessageSpec>
  readonly replay: ReplaySpec
  readonly times: boolean
  readonly presence: Schema | undefined
  /** By event name: today's input from data written under an older schema, or `undefined`. */
  readonly upgrade: ReadonlyMap<string, (old: unknown) => unknown>
}

/** All of a contract, for lookups by foreign keys: maps, so that no name reaches a prototype. */
export interface ContractSpecs {
  /** 16 hex digits over every schema and option that matters to the other side. */
  readonly fingerprint: string
  /** What stands in the fingerprint of a schema that cannot be looked into. */
  readonly version: string | undefined
  readonly channels: ReadonlyMap<string, ChannelSpec>
  readonly calls: ReadonlyMap<string, CallSpec>
  readonly streams: ReadonlyMap<string, StreamSpec>
}
