/** What an application sees of its connection. */
export type ConnectionState =
  /** Nothing was asked of the client yet, so nothing is open. */
  | { readonly status: 'idle' }
  | { readonly status: 'connecting' }
  | {
      readonly status: 'open'
      /** How the server's contract relates to this client's. */
      readonly contract: 'same' | 'compatible' | 'unknown'
    }
  /** It was lost, or could not be opened, and is tried again after `delayMs`. */
  | {
      readonly status: 'reconnecting'
      readonly delayMs: number
      /** Which attempt since the connection last held: 1 for the first. */
      readonly attempt: number
      readonly lastError: ConnectionError
    }
  | {
      readonly status: 'closed'
      /** `CLOSED` where the application closed it; else what the server said. */
      readonly code: string
      readonly reason: string
      /** The server says that coming back is of no use. `open()` tries all the same. */
      readonly final: boolean
    }

/** Of every client that nothing was asked of yet: one object, so that a page that hydrates draws nothing again. */
export const idle: ConnectionState = { status: 'idle' }

/** Why a connection was lost, or did not come about. */
export interface ConnectionError {
  /** One of Parley's codes, or the name of a close code. */
  readonly code: string
  readonly message: string
}
