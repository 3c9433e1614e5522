import { ParleyError } from '@parley/shared'
import {
  type Context,
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useSyncExternalStore,
} from 'react'
import { type ConnectionState, idle } from '../core/connection-state.js'
import type { Store } from '../shell/store.js'

/** What `useConnection` needs of a client. */
export interface ConnectedClient {
  readonly connection: Store<ConnectionState>
}

const ClientContext: Context<ConnectedClient | undefined> = createContext<ConnectedClient | undefined>(
  undefined,
)

/** Props of {@link ParleyProvider}. */
export interface ParleyProviderProps {
  readonly client: ConnectedClient
  readonly children?: ReactNode
}

/**
 * Gives the client to `useConnection` in everything below it. It opens nothing.
 *
 * @example
 * <ParleyProvider client={client}><App /></ParleyProvider>
 */
export function ParleyProvider({ client, children }: ParleyProviderProps): ReactElement {
  return createElement(ClientContext.Provider, { value: client }, children) // React 18 knows no shorter form
}

/**
 * The state of the client's connection. It opens nothing.
 *
 * @param client Default: that of the nearest `ParleyProvider`.
 * @throws ParleyError `BAD_OPTIONS` where there is neither.
 * @example
 * const { status } = useConnection()
 */
export function useConnection(client?: ConnectedClient): ConnectionState {
  const provided = useContext(ClientContext)
  const connection = (client ?? provided)?.connection
  if (!connection) {
    throw new ParleyError('BAD_OPTIONS', 'useConnection: give it a client, or put a ParleyProvider above it')
  }
  // on a server, and in the first render of a page that came from one, nothing is open
  return useSyncExternalStore(connection.subscribe, connection.getSnapshot, () => idle)
}
