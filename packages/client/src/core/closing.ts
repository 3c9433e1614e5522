/** What a close means for a client: whether to come back, and what to tell the application. */
import { closeCodes, parseCloseReason, type ReconnectPolicy, reconnectPolicy } from '@parley/shared/internal'
import type { ConnectionError } from './connection-state.js'

export interface Closing {
  readonly policy: ReconnectPolicy
  /** The code is one of ours that asks for an immediate return. */
  readonly isInvitation: boolean
  /** Another connection has the session now. */
  readonly isTakeover: boolean
  /** What the server advises. */
  readonly delayMs: number | undefined
  /** The highest number that the server has taken: what was asked for above it did not run. */
  readonly taken: number | undefined
  readonly error: ConnectionError
}

/** No advice keeps a client away for longer. */
const longestAdviceMs = 3_600_000

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(closeCodes).map(([name, { code }]) => [code, name]),
)
const meanings: ReadonlyMap<number, string> = new Map(
  Object.values(closeCodes).map(({ code, meaning }) => [code, meaning]),
)

export function readClosing(code: number, reason: string): Closing {
  const told = parseCloseReason(reason)
  const meaning = meanings.get(code) ?? `The connection was closed with code ${code}.`
  return {
    policy: reconnectPolicy(code),
    isInvitation: code >= 4000 && code <= 4099,
    isTakeover: code === closeCodes.TAKEN_OVER.code,
    delayMs: told?.delayMs === undefined ? undefined : Math.min(told.delayMs, longestAdviceMs),
    taken: told?.taken,
    error: {
      code: told?.code ?? names.get(code) ?? (reconnectPolicy(code) === 'never' ? 'PROTOCOL' : 'LOST'),
      message: told?.why ?? (told || reason === '' ? meaning : `${meaning} ${reason}`),
    },
  }
}
