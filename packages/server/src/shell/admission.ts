/** Lets a client in, or not: the schema of its `auth`, the application's `context`, and who it is then. */
import { ParleyError } from '@parley/shared'
import { type CloseCodeName, parse, type Received } from '@parley/shared/internal'
import { firstIssue } from '../issues.js'
import type { HubCore } from './core.js'
import type { ServerSession } from './session.js'

/** Who a client turned out to be. */
export interface Admitted {
  readonly context: unknown
  readonly member: string | undefined
}

/** Why a client was not let in. */
export class Refusal {
  /** Of our error codes. */
  readonly code: 'UNAUTHENTICATED' | 'FORBIDDEN' | 'OVERLOADED'
  readonly why: string

  constructor(code: Refusal['code'], why: string) {
    this.code = code
    this.why = why
  }
}

/** What every kind of refusal closes a WebSocket with. */
export const refusalClose: Readonly<Record<Refusal['code'], CloseCodeName>> = {
  UNAUTHENTICATED: 'UNAUTHENTICATED',
  FORBIDDEN: 'FORBIDDEN',
  OVERLOADED: 'OVERLOADED',
}

/**
 * Asks the application. Whatever `context` throws is a refusal: UNAUTHENTICATED, for good, unless it is a
 * ParleyError FORBIDDEN (for good) or OVERLOADED (the client comes back later).
 */
export async function admit(
  core: HubCore,
  credentials: Received | undefined,
  session: ServerSession,
  request: Request | undefined,
): Promise<Admitted | Refusal> {
  const { application, topics } = core
  try {
    let auth = credentials === undefined ? undefined : topics.codec.decode(credentials)
    if (application.auth) {
      const parsed = await parse(application.auth, auth)
      if (parsed.issues) {
        const message = `\`auth\` does not fit its schema: ${firstIssue(parsed.issues)}`
        return refuse(core, new ParleyError('UNAUTHENTICATED', message))
      }
      auth = parsed.value
    } else {
      auth = undefined // nothing was declared, so nothing gets through
    }
    const context = await application.context?.({ request, auth, session })
    return { context, member: application.identify?.(context) }
  } catch (error) {
    return refuse(core, error)
  }
}

/** The same for whoever brings a context along, over an in-memory link. */
export function admitContext(core: HubCore, context: unknown): Admitted | Refusal {
  try {
    return { context, member: core.application.identify?.(context) }
  } catch (error) {
    return refuse(core, error)
  }
}

function refuse(core: HubCore, error: unknown): Refusal {
  core.report({ kind: 'refused', message: 'a client was refused', error })
  // a ParleyError with another code came from something that `context` called, and says nothing to the client
  if (error instanceof ParleyError && isRefusal(error.code)) return new Refusal(error.code, error.message)
  return new Refusal('UNAUTHENTICATED', 'the credentials were refused')
}

function isRefusal(code: string): code is Refusal['code'] {
  return Object.hasOwn(refusalClose, code)
}
