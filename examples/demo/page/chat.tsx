import { append, useChannel } from '@parley/client/react'
import { client } from './client.js'
import { Composer } from './composer.js'
import type { Message } from './message.js'
import { MessageList } from './message-list.js'
import { Panel } from './panel.js'
import { PresenceLine } from './presence-line.js'
import { TypingLine } from './typing-line.js'
import { useOutbox } from './use-outbox.js'

const shown = 200

const states = {
  idle: '',
  joining: 'joining',
  'catching-up': 'catching up',
  live: 'live',
  refused: 'refused',
} as const

/** One room: what was said, who is typing, and a field to say something. */
export function Chat({ id }: { readonly id: string }) {
  const room = client.room({ id })
  const { state, status, gap } = useChannel(room, append(shown), {
    data: [] as readonly Message[],
    from: { last: 50 },
    events: ['message'],
    key: (message) => message.id,
  })
  const { waiting, say, forget } = useOutbox(room, state)

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
      <PresenceLine room={room} />
      <MessageList
        messages={state}
        waiting={waiting}
        gap={gap?.reason}
        refused={status === 'refused'}
        onAgain={say}
        onForget={forget}
      />
      <TypingLine room={room} />
      <Composer room={room} disabled={status === 'refused'} onSay={(text) => say({ text })} />
    </Panel>
  )
}
