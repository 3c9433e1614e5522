import { type FormEvent, useState } from 'react'
import { flushSync } from 'react-dom'
import { longestRoomName } from '../contract.js'
import { client } from './client.js'
import { toMessageField } from './composer.js'
import { goTo } from './use-room-id.js'

interface Refusal {
  readonly text: string
  /** A name that is free. */
  readonly suggestion?: string
}

/** Opens a room. A name that is taken comes back as a typed error, with one that is free. */
export function NewRoom() {
  const [name, setName] = useState('')
  const [refusal, setRefusal] = useState<Refusal>()
  const [busy, setBusy] = useState(false)

  const open = async (wanted: string) => {
    setBusy(true)
    const { data, error } = await client.rooms.create.safe({ name: wanted })
    setBusy(false)
    if (!error) {
      flushSync(() => {
        setName('')
        setRefusal(undefined)
        goTo(data.id)
      })
      toMessageField() // what was used may be gone by now
    } else if (error.code === 'NAME_TAKEN') {
      setRefusal({ text: 'That name is taken.', suggestion: error.data.suggestion })
    } else {
      setRefusal({ text: error.issues?.[0]?.message ?? error.message })
    }
  }

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!busy) void open(name)
  }

  const suggestion = refusal?.suggestion
  return (
    <form className="new-room" onSubmit={submit}>
      <label htmlFor="new-room">New room</label>
      <div className="field">
        <input
          id="new-room"
          value={name}
          maxLength={longestRoomName}
          required
          autoComplete="off"
          placeholder="Try General"
          aria-invalid={refusal !== undefined}
          aria-describedby="new-room-answer"
          onChange={(event) => {
            setName(event.target.value)
            setRefusal(undefined)
          }}
        />
        <button type="submit" aria-disabled={busy}>
          Open
        </button>
      </div>
      <p id="new-room-answer" className="answer" aria-live="polite">
        {refusal?.text}{' '}
        {suggestion !== undefined && (
          <button type="button" className="link-button" onClick={() => void open(suggestion)}>
            Open “{suggestion}”
          </button>
        )}
      </p>
    </form>
  )
}
