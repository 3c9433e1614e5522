/**
 * How a client comes in: its contract must fit, the application must know it, the log must be there; then it goes on with
 * the session that it comes back to, or begins one.
 */
import type { CloseCodeName } from '@parley/shared/internal'
import type { ConnectionOrder } from '../core/connection.js'
import { Refusal, refusalClose } from './admission.js'
import type { HandlerTable } from './core.js'
import { Credentials, type Entrance, type Granted } from './credentials.js'
import type { LiveHub } from './live-hub.js'
import { LiveSession } from './live-session.js'

export type Admission = Extract<ConnectionOrder, { type: 'admit' }>

export interface Entering {
  readonly core: LiveHub
  readonly handlers: HandlerTable
  readonly entrance: Entrance
  readonly admission: Admission
  /** Whether the connection has ended meanwhile. */
  isOver(): boolean
}

/** What a client came in to. */
interface Begun {
  readonly live: LiveSession
  readonly isNew: boolean
  /** What welcome says of the two sides. */
  readonly head: {
    readonly contract: string
    readonly fits?: 'compatible'
    /** Why the session that hello named does not go on. */
    readonly refused?: string
  }
}

/** Why nobody came in. */
interface Refused {
  readonly code: CloseCodeName
  readonly why: string
  /** How long it should stay away. */
  readonly delayMs?: number
}

/** Why nobody came in; sent away by a server that drains. */
export type TurnedAway = Refused | 'sent-away'

export function isTurnedAway(entered: object | 'sent-away'): entered is TurnedAway {
  return entered === 'sent-away' || 'why' in entered
}

/** Those who come on top of what a server takes are spread over this long. */
const laterMs = 10_000

/** Who it is, and the session that goes on, if one does. */
export interface Known extends Asked {
  /** Whether its contract is another one that fits. */
  readonly isCompatible: boolean
}

interface Asked {
  readonly credentials: Credentials
  /** What they are to hold once the client is in. */
  readonly granted: Granted
  readonly resumes: LiveSession | undefined
  /** Why the session that hello named does not go on. */
  readonly refused: string | undefined
}

/** Finds out who comes, and whether they may come in. Nothing has begun when it resolves: see `beginSession`. */
export async function admitClient(entering: Entering): Promise<Known | TurnedAway | 'over'> {
  const { core, admission } = entering
  if (core.draining.isOn && !found(entering)) return 'sent-away'
  if (!core.handshakes.take(core.topics.clock.now())) return later(core, 'too many clients come at once')
  const asked = core.endings.now
  const checked = core.contracts.check(admission.contract)
  const verdict = checked instanceof Promise ? await checked : checked
  if (entering.isOver()) return 'over'
  if (verdict.refusal !== undefined) return { code: 'CONTRACT_MISMATCH', why: verdict.refusal }
  const known = await ask(entering)
  if (entering.isOver()) return 'over'
  if (known instanceof Refusal) return { code: refusalClose[known.code], why: known.why }
  try {
    await core.topics.open()
  } catch (error) {
    if (!entering.isOver()) core.report({ kind: 'log-failed', message: 'the log could not be opened', error })
    return { code: 'INTERNAL', why: 'the log could not be opened' }
  }
  if (entering.isOver()) return 'over'
  const ending = core.endings.since(asked, known.granted.member)
  if (ending)
    return { code: ending.code === 'OVERLOADED' ? 'OVERLOADED' : 'DISCONNECTED', why: ending.message }
  if (!known.resumes && !core.sessions.makeRoom(known.granted.member))
    return later(core, `this member has ${core.topics.limits.sessionsPerMember} sessions with a connection`)
  return { ...known, isCompatible: verdict.fits === 'compatible' }
}

function later({ topics }: LiveHub, why: string): Refused {
  return { code: 'OVERLOADED', why, delayMs: Math.round(topics.clock.random() * laterMs) }
}

/** The session that a client comes back to. */
function found({ core, admission: { client, before } }: Entering): LiveSession | undefined {
  const session = before === undefined ? undefined : core.sessions.find(before)
  return session?.client === client ? session : undefined
}

/** Asks who this is: for the session that it comes back to, or for a new one. */
async function ask(entering: Entering): Promise<Asked | Refusal> {
  const { core, entrance, admission } = entering
  const { before, auth } = admission
  const own = found(entering)
  if (own) {
    const granted = await own.credentials.ask(entrance, auth)
    if (granted instanceof Refusal) return granted
    if (granted.member === own.member && !own.isOver)
      return { credentials: own.credentials, granted, resumes: own, refused: undefined }
  }
  const credentials = new Credentials(core, entrance.transport)
  const granted = await credentials.ask(entrance, auth)
  if (granted instanceof Refusal) return granted
  const isTaken = before !== undefined && core.sessions.find(before) !== undefined
  const refused = before === undefined ? undefined : isTaken ? 'SESSION_CHANGED' : 'SESSION_GONE'
  return { credentials, granted, resumes: undefined, refused }
}

/** The session that goes on, or a new one: at once, so that no connection can end before it has what it is to carry. */
export function beginSession(
  { core, handlers, admission: { client } }: Entering,
  { credentials, granted, resumes, refused, isCompatible }: Known,
): Begun | TurnedAway {
  const contract = {
    contract: core.contract.fingerprint,
    ...(isCompatible ? { fits: 'compatible' as const } : {}),
  }
  // what was granted is that one's own, its id above all: a new one is asked about anew, once the client is back
  if (resumes?.isOver) return { code: 'MOVE', why: 'its session ended meanwhile' }
  if (!resumes && core.draining.isOn) return 'sent-away'
  credentials.grant(granted)
  if (resumes) return { live: resumes, isNew: false, head: contract }
  const live = new LiveSession({ core, keeper: core.sessions, handlers, client, credentials })
  // what it asked for in a session before, perhaps before it was elsewhere, must not run beside what it asks for now
  const older = core.sessions.ofClient(client)
  if (older && older.member === live.member) older.close('TAKEN_OVER', 'the client began a new session')
  core.sessions.add(live)
  return { live, isNew: true, head: { ...contract, ...(refused === undefined ? {} : { refused }) } }
}
