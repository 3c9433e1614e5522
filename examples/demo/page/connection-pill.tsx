import { useConnection } from '@parley/client/react'
import { renaming } from './client.js'
import { useCountdown } from './use-countdown.js'
import { useOnline } from './use-online.js'
import { useValue } from './value.js'

type Connection = ReturnType<typeof useConnection>

/** What a screen reader is told. It leaves the seconds out, which would be read aloud one by one. */
function sentence(connection: Connection, online: boolean): string {
  if (!online && connection.status !== 'closed') return 'The browser is offline'
  switch (connection.status) {
    case 'open':
      return 'Connected'
    case 'reconnecting':
      return 'The connection was lost, and is being tried again'
    case 'closed':
      return `The connection is closed: ${connection.reason}`
    default:
      return 'Connecting'
  }
}

export function ConnectionPill() {
  const now = useConnection()
  const isRenaming = useValue(renaming)
  const connection: Connection = isRenaming ? { status: 'connecting' } : now
  const online = useOnline()
  const { status } = connection
  const seconds = useCountdown(connection, status === 'reconnecting' ? connection.delayMs : 0)
  return (
    <div className={`pill pill-${online || status !== 'open' ? status : 'reconnecting'}`}>
      <span className="visually-hidden" role="status">
        {sentence(connection, online)}
      </span>
      <span className="pill-dot" aria-hidden="true" />
      <span className="pill-text" aria-hidden="true">
        {status === 'open' && (online ? 'Connected' : 'Offline, as the browser says')}
        {(status === 'idle' || status === 'connecting') && 'Connecting'}
        {status === 'reconnecting' && (
          <>
            <span className="pill-long">{online ? 'Reconnecting' : 'Offline'}: </span>
            <span className="pill-more">
              attempt {connection.attempt} in {seconds.toFixed(1)} s
            </span>
          </>
        )}
        {status === 'closed' && `Closed: ${connection.code}`}
      </span>
    </div>
  )
}
