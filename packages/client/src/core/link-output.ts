/** What the machine of the connection orders. `Out` is a payload on its way out, `In` one on its way in. */
import type { ClientFrame, ServerFrame } from '@parley/shared/internal'
import type { ConnectionError, ConnectionState } from './connection-state.js'

export type LinkOutput<Out, In> =
  /** Ask the application for credentials: for the hello of this attempt, or to refresh those of this connection. */
  | { readonly type: 'ask-auth'; readonly attempt: number }
  | { readonly type: 'connect'; readonly attempt: number }
  | { readonly type: 'send'; readonly frame: ClientFrame<Out> }
  /** Let the socket go, without waiting for anything. */
  | { readonly type: 'disconnect'; readonly code: number; readonly why: string }
  | { readonly type: 'state'; readonly state: ConnectionState }
  /** The connection is open: what waits can go out. */
  | { readonly type: 'up'; readonly welcome: Extract<ServerFrame<In>, { type: 'welcome' }> }
  /** The connection that was open is gone. */
  | { readonly type: 'down' }
  /** There will be no other connection by itself. */
  | { readonly type: 'over'; readonly error: ConnectionError }
  /** A frame that is not the connection's own affair. */
  | { readonly type: 'frame'; readonly frame: ServerFrame<In> }
  /** The server refused fresh credentials. */
  | { readonly type: 'refresh-failed'; readonly error: ConnectionError }
