/** What makes a request the same when it comes again: over HTTP its `Idempotency-Key`, else its client and its number. */
import type { CallSpec, MessageSpec } from '@parley/shared/internal'
import type { Run } from '../core/session.js'
import { type Failure, failure } from '../failure.js'
import type { RunKey } from '../handler-run.js'
import type { ServerSession } from './session.js'

/** As long as a key may be, in characters. */
const longestKey = 255

interface Asking {
  readonly session: ServerSession
  readonly client: string | undefined
  readonly request?: Request | undefined
}

/** The key of a run, nothing where it needs none, or why it must not run. */
export function keyOf(
  { session, client, request }: Asking,
  { id }: Run,
  path: string,
  { onceMs }: CallSpec | MessageSpec,
): RunKey | Failure | undefined {
  const { member, transport } = session
  if (transport !== 'http') {
    // a session has its own memory of what it ran; what outlives the session needs a key
    if (onceMs === undefined) return undefined
    // the client's id is its secret: by that and not by the member, so that it is found also by a client that came
    // back as somebody else, who then is told nothing of it and does not run it again
    return { id: JSON.stringify(['frame', client ?? session.id, id]), member }
  }
  const key = request?.headers.get('idempotency-key') ?? undefined
  if (key === undefined) {
    if (onceMs === undefined) return undefined
    return failure(
      'BAD_REQUEST',
      `'${path}' must not run twice: send an Idempotency-Key header, the same one with each repeat of one request`,
    )
  }
  if (!/^[\x21-\x7e]+$/.test(key) || key.length > longestKey) {
    return failure('BAD_REQUEST', `Idempotency-Key is 1 to ${longestKey} visible ASCII characters`)
  }
  if (member === undefined) {
    return failure(
      'BAD_REQUEST',
      'Idempotency-Key needs a member: `identify` names nobody for this request, and anybody could send the same key',
    )
  }
  // in the log one key is for one thing, whatever is asked for; in memory each path has its own
  const scope = onceMs === undefined ? path : null
  return { id: JSON.stringify(['http', scope, member, key]), member }
}
