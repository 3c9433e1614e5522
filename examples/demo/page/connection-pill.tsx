import { useConnection } from '@parley/client/react'
import { useCountdown } from './use-countdown.js'

type Connection = ReturnType<typeof useConnection>

/** What a screen reader is told. It leaves the seconds out, which would be read aloud one by one. */
function sentence(connection: Connection): string {
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
  const connection = useConnection()
  const { status } = connection
  const seconds = useCountdown(connection, status === 'reconnecting' ? connection.delayMs : 0)
  return (
    <div className={`pill pill-${status}`}>
      <span className="visually-hidden" role="status">
        {sentence(connection)}
      </span>
      <span className="pill-dot" aria-hidden="true" />
      <span className="pill-text" aria-hidden="true">
        {status === 'open' && 'Connected'}
        {(status === 'idle' || status === 'connecting') && 'Connecting'}
        {status === 'reconnecting' && (
          <>
            <span className="pill-long">Reconnecting: </span>
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
