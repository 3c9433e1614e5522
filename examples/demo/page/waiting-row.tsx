import { useConnection } from '@parley/client/react'
import { toMessageField } from './composer.js'
import { hueOf, initialsOf } from './looks.js'
import type { Said } from './message.js'
import { useName } from './name.js'
import type { Waiting } from './use-outbox.js'

interface Props {
  readonly row: Waiting
  readonly onAgain: (said: Said) => void
  readonly onForget: (ref: string) => void
}

/** What of an error leaves open whether the message got there. */
const mayBeSaid: Readonly<Record<string, string>> = {
  OUTCOME_UNKNOWN: 'The link broke before the answer came: it may have been said.',
  TIMEOUT: 'No answer came in time: it may have been said.',
}

/** A message on its way, or one that did not get there. */
export function WaitingRow({ row: { ref, said, error }, onAgain, onForget }: Props) {
  const from = useName()
  const { status } = useConnection()
  return (
    <li className={`message message-waiting ${error ? 'message-failed' : ''} ${hueOf(from)}`}>
      <span className="avatar" aria-hidden="true">
        {initialsOf(from)}
      </span>
      <p className="message-head">
        <b>{from}</b>
        {!error && <span className="tag">{status === 'open' ? 'sending' : 'waits for the link'}</span>}
      </p>
      <p className="message-text">{said.text}</p>
      {error && (
        <p className="message-error">
          {mayBeSaid[error.code] ?? `Not said: ${error.message}.`}{' '}
          <button
            type="button"
            className="link-button"
            onClick={() => {
              onForget(ref)
              onAgain(said)
              toMessageField()
            }}
          >
            Say it again
          </button>{' '}
          <button
            type="button"
            className="link-button"
            onClick={() => {
              onForget(ref)
              toMessageField()
            }}
          >
            Drop it
          </button>
        </p>
      )}
    </li>
  )
}
