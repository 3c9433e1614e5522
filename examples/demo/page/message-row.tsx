import { memo } from 'react'
import { Clock } from './clock.js'
import { hueOf, initialsOf } from './looks.js'
import type { Message } from './message.js'

interface Props {
  readonly message: Message
  /** It goes on from the one above, under the same name. */
  readonly isNext: boolean
}

export const MessageRow = memo(function MessageRow({ message, isNext }: Props) {
  const { from, text, kind, at } = message
  return (
    <li
      className={`message ${isNext ? 'message-next' : ''} ${kind === 'announcement' ? 'message-announced' : ''} ${hueOf(from)}`}
    >
      <span className="avatar" aria-hidden="true">
        {initialsOf(from)}
      </span>
      <p className="message-head">
        <b>{from}</b>
        {kind === 'announcement' && <span className="tag">announced</span>}
        <Clock at={at} />
      </p>
      <p className="message-text">{text}</p>
    </li>
  )
})
