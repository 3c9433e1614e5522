/**
 * Every code that Parley can answer with or close a connection with. The tables of docs/PROTOCOL.md and the
 * pages under docs/errors are generated from here.
 */

/** What each error code says of itself; `generate-docs` holds the tables below to it. */
export interface ErrorCodeEntry {
  /** HTTP status; absent for codes that never travel over HTTP. */
  readonly status?: number
  /** What happened. */
  readonly meaning: string
  /** What to do about it. */
  readonly mend: string
}

/** Codes that an application meets at run time, on either side. */
export const errorCodes = {
  BAD_REQUEST: {
    status: 400,
    meaning:
      'The request is not well formed: bad JSON, a query field that does not parse, an unreadable header.',
    mend: 'Compare the request with docs/PROTOCOL.md; the message names the part that was wrong.',
  },
  VALIDATION: {
    status: 422,
    meaning:
      "A value does not fit the contract's schema. `issues` holds the path and the message of each fault.",
    mend: 'Correct the value at the paths named in `issues`, or change the schema in the contract.',
  },
  UNAUTHENTICATED: {
    status: 401,
    meaning:
      'The server does not know who is calling: `context` refused the credentials, or there were none.',
    mend: 'Return a fresh token from the `auth` option of `createClient`, then call `client.connection.open()`.',
  },
  FORBIDDEN: {
    status: 403,
    meaning:
      "The caller is known but may not do this: `join` refused the topic, or the request's origin is not allowed.",
    mend: 'Check the `join` handler of the channel; for a foreign origin add it to `allowedOrigins`.',
  },
  NOT_FOUND: {
    status: 404,
    meaning: 'The contract has no such channel, event, message, call or stream.',
    mend: 'Check the path; after a deployment that removed it, reload the client.',
  },
  TIMEOUT: {
    status: 504,
    meaning:
      'No answer came within the deadline (`withinMs`). The handler was told to stop; it may have run.',
    mend: 'Make the handler faster or heed its `signal`, or allow more time with `withinMs`.',
  },
  ABORTED: {
    status: 499,
    meaning: 'The caller gave up: its `AbortSignal` fired, or a handler went on after its own deadline.',
    mend: 'Usually nothing: this is the answer that was asked for. In a handler, stop when `signal` aborts.',
  },
  OUTBOX_FULL: {
    meaning: 'The client is away and its outbox is full, or the send waited longer than the outbox keeps it.',
    mend: 'Try again once `client.connection` is open; if it happens often, send less while away.',
  },
  OUTCOME_UNKNOWN: {
    status: 409,
    meaning:
      'The handler may or may not have run: the connection broke before an answer came, or the server that ran it stopped, or the answer could not be kept.',
    mend: 'Ask the server what became of it before trying again, or declare the call `idempotent: true`.',
  },
  CONFLICT: {
    status: 409,
    meaning: 'The request contradicts one that was made before.',
    mend: 'Read the message: it names what is there already.',
  },
  TOO_LARGE: {
    status: 413,
    meaning: 'A message is larger, or nested deeper, than the other side accepts.',
    mend: 'Send less at once, or raise `limits.frameBytes` on the server.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    meaning: 'A POST did not carry a JSON content type.',
    mend: 'Send `Content-Type: application/json` (or `application/vnd.parley+json`).',
  },
  RATE_LIMITED: {
    status: 429,
    meaning: 'The caller asks faster than the application allows.',
    mend: 'Slow down; what the limit is, the application says.',
  },
  OVERLOADED: {
    status: 503,
    meaning: 'The server takes no more work of this kind right now.',
    mend: 'Try again later. Connections and subscribers do so by themselves; a call or a message does not.',
  },
  CONTRACT_MISMATCH: {
    status: 412,
    meaning: 'The two sides were built from contracts that do not fit each other.',
    mend: 'Deploy both sides from one contract; in a browser offer a reload.',
  },
  SESSION_CHANGED: {
    meaning: '`identify` gave another member for new credentials, so the session ended and a new one began.',
    mend: 'Nothing, when someone signed in as somebody else; else make `identify` return a stable id.',
  },
  SESSION_GONE: {
    meaning:
      'The session that a client came back to has ended or is not known to this server, so a new one began.',
    mend: 'Nothing: subscriptions go on from their positions, and each request under way says what became of it.',
  },
  BUFFERING_PROXY: {
    meaning:
      'Something between client and server holds responses back until they are complete, so no event stream passes.',
    mend: 'Turn response buffering off for the path of the server (nginx: `proxy_buffering off`), or let WebSockets through.',
  },
  PROTOCOL: {
    status: 400,
    meaning: "The other side broke the protocol's rules; the connection was closed.",
    mend: 'Report it: two Parley packages of one version never do this. The reason names the rule.',
  },
  CLOSED: {
    meaning: 'The client, hub or emitter was closed.',
    mend: 'Do not use it after `close()`; a client can be opened again with `client.connection.open()`.',
  },
  INTERNAL: {
    status: 500,
    meaning:
      'A handler failed with an error that the contract does not declare. `id` finds it in the server reports.',
    mend: "Look the `id` up in the server's reports; declare the error in the contract if callers should see it.",
  },
} as const

/** Codes of misuse: thrown where the mistake is made, while the program is written. They never travel. */
export const misuseCodes = {
  BAD_CONTRACT: {
    meaning:
      'The contract cannot be used as written: a reserved or malformed name, or a value of the wrong kind.',
    mend: 'Rename or correct the entry whose path the message names.',
  },
  ASYNC_SCHEMA: {
    meaning: 'A schema for an event or for params validated asynchronously.',
    mend: 'Use a synchronous schema; do asynchronous checks in `join` or in a handler.',
  },
  PARAMS_NOT_STABLE: {
    meaning:
      'The params schema changes its own output when it parses it again, so a topic would have two keys.',
    mend: 'Leave transforms out of params, and avoid unions of string and number.',
  },
  BAD_OPTIONS: {
    meaning:
      'Options that cannot be combined, or that differ from those of an earlier call for the same thing.',
    mend: 'Correct the option that the message names.',
  },
  BAD_HANDLERS: {
    meaning: 'The handlers given to `createRouter` are not those that the contract asks for.',
    mend: 'Add the handlers named as missing and remove those named as unknown.',
  },
  NOT_SERIALIZABLE: {
    meaning: 'A value cannot travel: a cycle, a function, a symbol or an instance of an unregistered class.',
    mend: 'Send plain data, or teach both sides the class with `registerCustom` on the `superjson` instance given to them.',
  },
} as const

export type ErrorCode = keyof typeof errorCodes
export type MisuseCode = keyof typeof misuseCodes

/** What a client does after a close: come back at once, after the advised delay, or never. */
export type ReconnectPolicy = 'at-once' | 'later' | 'never'

/** What each close code says of itself. */
export interface CloseCodeEntry {
  readonly code: number
  readonly meaning: string
}

/** Close codes of a WebSocket. The range carries the policy, so a client can obey a code that it does not know. */
export const closeCodes = {
  MOVE: { code: 4000, meaning: 'The server asks the client to open its next connection elsewhere, now.' },
  HEARTBEAT: { code: 4001, meaning: 'No frame came within the heartbeat and its grace.' },
  SLOW: { code: 4002, meaning: 'The client left too much unread.' },
  HELLO_TIMEOUT: { code: 4003, meaning: 'No hello came in time, or the server could not answer it in time.' },
  SESSION_CHANGED: {
    code: 4004,
    meaning: 'New credentials belong to another member; come back as that one.',
  },
  EXPIRED: { code: 4005, meaning: 'The credentials expired and were not refreshed in time.' },
  DRAINING: { code: 4100, meaning: 'The server is shutting down.' },
  OVERLOADED: { code: 4101, meaning: 'The server takes no more connections right now.' },
  INTERNAL: { code: 4102, meaning: 'The server failed while it set up the connection.' },
  PROTOCOL: { code: 4400, meaning: 'A frame broke the rules of the protocol. The reason names the rule.' },
  UNAUTHENTICATED: { code: 4401, meaning: 'The credentials were refused.' },
  FORBIDDEN: { code: 4403, meaning: 'The origin is not allowed, or the caller may not connect.' },
  TAKEN_OVER: { code: 4409, meaning: 'Another connection took this session over.' },
  DISCONNECTED: { code: 4410, meaning: 'The application ended the session.' },
  CONTRACT_MISMATCH: { code: 4412, meaning: "The client's contract does not fit the server's." },
  TOO_LARGE: { code: 4413, meaning: 'A frame was nested deeper, or was larger, than the server accepts.' },
  BUFFERING_PROXY: {
    code: 4420,
    meaning: 'No event stream passes. It never travels: a client says it to itself, after three tries.',
  },
} as const

export type CloseCodeName = keyof typeof closeCodes

/** Standard codes that mean a lasting disagreement: coming back would only repeat it (RFC 6455, 7.4.1). */
const lasting: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1010])

/**
 * The policy that a close code stands for.
 * 4000-4099 at once, 4100-4199 later, 4400-4499 never; a standard code is at once, with back-off, unless it is lasting.
 */
export function reconnectPolicy(code: number): ReconnectPolicy {
  if (code >= 4400 && code <= 4499) return 'never'
  if (code >= 4100 && code <= 4199) return 'later'
  return lasting.has(code) ? 'never' : 'at-once'
}

/** What a close carries in its reason: JSON, at most 123 bytes (RFC 6455, 5.5). */
export interface CloseReason {
  readonly code: string
  readonly delayMs?: number
  /** The highest number of a call, message or stream that the session has taken: those above it did not run. */
  readonly taken?: number
  /** Which rule was broken, for a person; cut to fit. */
  readonly why?: string
}

/** The most bytes that a close reason may have (RFC 6455, 5.5). */
const reasonBytes = 123

export function encodeCloseReason(reason: CloseReason): string {
  const text = JSON.stringify(reason)
  if (new TextEncoder().encode(text).length <= reasonBytes) return text
  const ascii = (reason.why ?? '').replace(/[^\x20-\x7e]|["\\]/g, '?')
  const spare = reasonBytes - JSON.stringify({ ...reason, why: '' }).length
  return JSON.stringify({ ...reason, why: ascii.slice(0, Math.max(0, spare)) })
}

/** Reads a close reason; anything that is not one of ours gives `undefined`. */
export function parseCloseReason(text: string): CloseReason | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('code' in value)) return undefined
    const { code, delayMs, taken, why } = value as Record<string, unknown>
    if (typeof code !== 'string') return undefined
    return {
      code,
      ...(typeof delayMs === 'number' && delayMs >= 0 && Number.isFinite(delayMs) ? { delayMs } : {}),
      ...(typeof taken === 'number' && taken >= 0 && Number.isSafeInteger(taken) ? { taken } : {}),
      ...(typeof why === 'string' ? { why } : {}),
    }
  } catch {
    return undefined // a reason of somebody else's making: the code alone decides
  }
}
