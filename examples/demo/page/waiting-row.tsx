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
          {error.code === 'OUTCOME_UNKNOWN'
            ? 'The link broke before the answer came: it may have been said.'
            : `Not said: ${error.message}.`}{' '}
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
