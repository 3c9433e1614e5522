/**
 * What the machines of the connection order. `Out` is a payload on its way out, `In` one on its way in; `line` is the
 * number of the line that is meant.
 */
import type { ClientFrame, ReconnectPolicy, ServerFrame } from '@parley/shared/internal'
import type { ConnectionError, ConnectionState } from './connection-state.js'

type Welcome<In> = Extract<ServerFrame<In>, { type: 'welcome' }>

/** What one line orders. */
type LineOrder<Out, In> =
  /** Ask the application for credentials: for the hello of this line, or to refresh those that it has. */
  | { readonly type: 'ask-auth'; readonly line: number }
  | { readonly type: 'connect'; readonly line: number }
  | { readonly type: 'send'; readonly line: number; readonly frame: ClientFrame<Out> }
  /** Let the socket go, without waiting for anything. */
  | { readonly type: 'disconnect'; readonly line: number; readonly code: number; readonly why: string }
  /** A frame that is not the connection's own affair. */
  | { readonly type: 'frame'; readonly line: number; readonly frame: ServerFrame<In> }
  /** The server refused fresh credentials. */
  | { readonly type: 'refresh-failed'; readonly error: ConnectionError }

/** Why a line is over, and what that says about another one. */
export interface LineEnding {
  readonly policy: ReconnectPolicy
  readonly error: ConnectionError
  /** What the server advises. */
  readonly delayMs?: number | undefined
  /** The highest number that the server has taken. */
  readonly taken?: number | undefined
  /** There is a reason to come back at once. */
  readonly isSoon?: boolean
  /** The time away is to blame: the attempts are not counted up. */
  readonly isNoFailure?: boolean
  /** Another connection has the session now. */
  readonly isTakeover?: boolean
}

/** What one line orders, and what it tells the machine above it. */
export type LineOutput<Out, In> =
  | LineOrder<Out, In>
  | { readonly type: 'welcomed'; readonly welcome: Welcome<In> }
  /** Another line is wanted in place of this one, after so many ms. */
  | { readonly type: 'move'; readonly inMs: number }
  | { readonly type: 'ended'; readonly ending: LineEnding }

export type LinkOutput<Out, In> =
  | LineOrder<Out, In>
  | { readonly type: 'state'; readonly state: ConnectionState }
  /** The line is open, and the one that is sent on from now on: what waits can go out. */
  | { readonly type: 'up'; readonly line: number; readonly welcome: Welcome<In> }
  /** A line that was up is gone; of what was handed to it the server took nothing numbered above `taken`, if that is known. */
  | { readonly type: 'down'; readonly line: number; readonly taken?: number }
  /** There will be no other connection by itself. */
  | { readonly type: 'over'; readonly error: ConnectionError }
