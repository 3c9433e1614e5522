/** A room: what was said, who is there, who is typing, and a field to say something. */
import { createIsland } from '@ereo/client'
import { append, useChannel, usePresence, useSend } from '@parley/client/react'
import { type FormEvent, useState } from 'react'
import { loaderData } from './loader-data.js'
import { realtime } from './realtime.js'
import { useTyping } from './use-typing.js'

/** A message as an island can be given it: JSON has no Date. */
interface Said {
  readonly id: string
  readonly from: string
  readonly text: string
}

export interface ChatProps extends Record<string, unknown> {
  readonly id: string
  readonly name: string
  readonly data: readonly Said[]
  readonly position: string
}

const states = {
  idle: '',
  joining: 'joining',
  'catching-up': 'catching up',
  live: 'live',
  refused: 'refused',
} as const

function ChatRoom({ id, name, data, position }: ChatProps) {
  const room = realtime(name).room({ id })
  const { state, status, gap } = useChannel(room, append(50), {
    data,
    position,
    load: loaderData<ChatProps>, // where the server cannot say what was missed
    events: ['message'],
    key: (message) => message.id,
  })
  const people = usePresence(room)
  const { send, pending, error } = useSend(room, 'say')
  const typing = useTyping(room)
  const [text, setText] = useState('')

  const say = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim() === '') return
    // it waits while the link is away, and is said once
    send({ text }).catch(() => {}) // shown below
    setText('')
  }

  return (
    <section className="chat" aria-label={`Room ${id}`}>
      <header className="row">
        <h2># {id}</h2>
        <span className={`badge badge-${status}`}>{gap ? 'catching up' : states[status]}</span>
      </header>
      <div className="columns">
        <ol className="messages" aria-label="Messages">
          {state.map((message) => (
            <li key={message.id}>
              <b>{message.from}</b> {message.text}
            </li>
          ))}
        </ol>
        <aside>
          <h3>Here now</h3>
          <ul className="people" aria-label="People">
            {people.map(({ member, entries }) => (
              <li key={member} data-member={member}>
                {entries[0]!.state.name}
                {entries.length > 1 && ` (${entries.length} windows)`}
              </li>
            ))}
          </ul>
        </aside>
      </div>
      <p className="typing" role="status">
        {typing.length > 0 && `${typing.join(', ')} ${typing.length > 1 ? 'are' : 'is'} typing`}
      </p>
      <form className="row" onSubmit={say}>
        <label htmlFor="text">Message</label>
        <input
          id="text"
          autoComplete="off"
          maxLength={500}
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            room.send('typing', {})
          }}
        />
        <button type="submit">Send</button>
      </form>
      <p className="typing" role="status">
        {pending && 'Waits for its acknowledgement'}
        {error && `${error.code}: ${error.message}`}
      </p>
    </section>
  )
}

export default createIsland(ChatRoom, 'ChatRoom')
