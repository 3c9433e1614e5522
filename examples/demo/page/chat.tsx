import { append, useChannel } from '@parley/client/react'
import { client } from './client.js'
import { Composer } from './composer.js'
import type { Loaded } from './loaded.js'
import { type Message, shownMessages } from './message.js'
import { MessageList } from './message-list.js'
import { Panel } from './panel.js'
import { PresenceLine } from './presence-line.js'
import { TypingLine } from './typing-line.js'
import { useOutbox } from './use-outbox.js'
import { useTyping } from './use-typing.js'

const shown = 200

const states = {
  idle: '',
  joining: 'joining',
  'catching-up': 'catching up',
  live: 'live',
  refused: 'refused',
} as const

interface Props {
  readonly id: string
  /** What the server drew; nothing for a room that was chosen later. */
  readonly drawn: Loaded['messages']
  /** The server found no such room. */
  readonly missing: boolean
}

/** One room: what was said, who is typing, and a field to say something. */
export function Chat({ id, drawn, missing }: Props) {
  const room = client.room({ id })
  const { state, status, gap } = useChannel(room, append(shown), {
    ...(drawn ?? { data: [] as readonly Message[], from: { last: shownMessages } }),
    events: ['message'],
    key: (message) => message.id,
  })
  const refused = status === 'refused' || (missing && status !== 'live')
  const typing = useTyping(room)
  const { waiting, say, forget } = useOutbox(room, state, status === 'live')

  return (
    <Panel
      name="chat"
      title={
        <>
          <span aria-hidden="true">#</span> {id}
        </>
      }
      about="Each message is acknowledged. “Typing” is volatile: it may be dropped, and nobody minds."
      action={<span className={`badge badge-${status}`}>{states[status]}</span>}
    >
      <PresenceLine room={room} typing={typing} />
      <MessageList
        messages={state}
        waiting={waiting}
        gap={gap?.reason}
        refused={refused}
        onAgain={say}
        onForget={forget}
      />
      <TypingLine names={typing} />
      <Composer room={room} disabled={refused} onSay={(text) => say({ text })} />
    </Panel>
  )
}
