/** Which names a contract may use: the same rules for the compiler, where it can see them, and for run time. */
import { ParleyError } from '../errors.js'
import type { ErrorCode, MisuseCode } from '../wire/codes.js'

/** `then` would make a handle look like a promise; the rest reach prototypes. */
type ReservedAnywhere = 'then' | '__proto__' | 'constructor' | 'prototype' | `parley.${string}`

/** A name of the tree: paths are written with dots. */
export type BadSegment = ReservedAnywhere | '' | `${string}.${string}`
/** `client.connection` is the connection. */
export type BadRoot = BadSegment | 'connection'
/** `open` and `error` are EventSource's own. */
export type BadEvent = ReservedAnywhere | '' | 'open' | 'error'
export type BadMessage = ReservedAnywhere | ''
export type BadError = ReservedAnywhere | '' | ErrorCode | MisuseCode
/** The query of an SSE route uses these itself. */
export type BadParam = ReservedAnywhere | 'lastEventId' | 'from' | 'until'

/** What the compiler prints for a name that is refused. */
export type Refused<Name> = `'${Name & string}' cannot be used as a name here`

export type Refuse<Names, Bad> = {
  readonly [K in keyof Names]: K extends Bad ? Refused<K> : unknown
}

const reserved = ['then', '__proto__', 'constructor', 'prototype']
const reservedByPlace: Record<Place, readonly string[]> = {
  root: ['connection'],
  path: [],
  event: ['open', 'error'],
  message: [],
  param: ['lastEventId', 'from', 'until'],
  // The table of codes explains each at length, and a client has no use for that text: names alone; a test compares.
  error: (
    'BAD_REQUEST VALIDATION UNAUTHENTICATED FORBIDDEN NOT_FOUND TIMEOUT ABORTED OUTBOX_FULL ' +
    'OUTCOME_UNKNOWN CONFLICT TOO_LARGE UNSUPPORTED_MEDIA_TYPE RATE_LIMITED OVERLOADED ' +
    'CONTRACT_MISMATCH SESSION_CHANGED SESSION_GONE BUFFERING_PROXY PROTOCOL CLOSED INTERNAL BAD_CONTRACT ASYNC_SCHEMA ' +
    'PARAMS_NOT_STABLE BAD_OPTIONS BAD_HANDLERS NOT_SERIALIZABLE'
  ).split(' '),
}

/** Where a name stands: at the root of the tree, below it, or inside a channel, call or stream. */
export type Place = 'root' | 'path' | 'event' | 'message' | 'error' | 'param'

/** Letters, digits, `_ $ : -`: safe in a URL's path and in a line of SSE. Events and messages may have dots inside. */
const segment = /^[\p{L}\p{N}_$][\p{L}\p{N}_$:-]*$/u
const dotted = /^[\p{L}\p{N}_$][\p{L}\p{N}_$:.-]*$/u

/** Refuses a name of a contract; `at` is where it stands, for the message. */
export function checkName(name: string, place: Place, at: string): void {
  if (reserved.includes(name) || reservedByPlace[place].includes(name) || name.startsWith('parley.')) {
    refuse(at, `the name ${JSON.stringify(name)} is reserved; choose another`)
  }
  if (place === 'param') return
  const grammar = place === 'event' || place === 'message' ? dotted : segment
  if (!grammar.test(name)) {
    refuse(at, `${JSON.stringify(name)} is no name: use letters, digits, "_", "$", ":" and "-"`)
  }
}

/** Ends the definition of a contract. */
export function refuse(at: string, why: string): never {
  throw new ParleyError('BAD_CONTRACT', `Contract, at ${at === '' ? 'its root' : `'${at}'`}: ${why}`)
}
