import type { Message, Said } from './message.js'
import { MessageRow } from './message-row.js'
import type { Waiting } from './use-outbox.js'
import { useStayAtEnd } from './use-stay-at-end.js'
import { WaitingRow } from './waiting-row.js'

interface Props {
  readonly messages: readonly Message[]
  readonly waiting: readonly Waiting[]
  /** Why some messages can no longer be had. */
  readonly gap: string | undefined
  readonly refused: boolean
  readonly onAgain: (said: Said) => void
  readonly onForget: (ref: string) => void
}

/** Within this time, somebody's next message stands under the same name. */
const sameBreathMs = 120_000

function follows(before: Message | undefined, { from, at, kind }: Message): boolean {
  return (
    before?.from === from &&
    before.kind === kind &&
    kind === 'chat' &&
    at.getTime() - before.at.getTime() < sameBreathMs
  )
}

export function MessageList({ messages, waiting, gap, refused, onAgain, onForget }: Props) {
  const box = useStayAtEnd()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <div ref={box} className="messages list" role="log" aria-label="Messages" tabIndex={0}>
      <ol>
        {refused && <li className="remark">This room is not open. Choose another, or open one.</li>}
        {gap !== undefined && <li className="remark">Some messages can no longer be had ({gap}).</li>}
        {!refused && messages.length + waiting.length === 0 && (
          <li className="remark">Nothing was said here yet.</li>
        )}
        {messages.map((message, index) => (
          <MessageRow key={message.id} message={message} isNext={follows(messages[index - 1], message)} />
        ))}
        {waiting.map((row) => (
          <WaitingRow key={row.ref} row={row} onAgain={onAgain} onForget={onForget} />
        ))}
      </ol>
    </div>
  )
}
