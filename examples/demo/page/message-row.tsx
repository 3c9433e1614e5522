import { type CSSProperties, memo } from 'react'
import { clock, hueOf, initialsOf } from './looks.js'
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
      className={`message ${isNext ? 'message-next' : ''} ${kind === 'announcement' ? 'message-announced' : ''}`}
      style={{ '--hue': hueOf(from) } as CSSProperties}
    >
      <span className="avatar" aria-hidden="true">
        {initialsOf(from)}
      </span>
      <p className="message-head">
        <b>{from}</b>
        {kind === 'announcement' && <span className="tag">announced</span>}
        <time dateTime={at.toISOString()}>{clock(at)}</time>
      </p>
      <p className="message-text">{text}</p>
    </li>
  )
})
