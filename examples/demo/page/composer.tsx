import { type FormEvent, type KeyboardEvent, useState } from 'react'
import type { RoomHandle } from './message.js'
import { useTellTyping } from './use-typing.js'

/** Where somebody goes on whose place in the page is no more. */
export const toMessageField = (): void => document.getElementById('message')?.focus()

interface Props {
  readonly room: RoomHandle
  readonly disabled: boolean
  readonly onSay: (text: string) => void
}

export function Composer({ room, disabled, onSay }: Props) {
  const [text, setText] = useState('')
  const tellTyping = useTellTyping(room)

  const say = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim() === '' || disabled) return
    onSay(text.trim())
    setText('')
    tellTyping(false)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // a method of input that composes a character uses Enter itself
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) say(event)
  }

  return (
    <form className="composer field" onSubmit={say}>
      <label className="visually-hidden" htmlFor="message">
        Message
      </label>
      <textarea
        id="message"
        rows={1}
        maxLength={2_000}
        value={text}
        disabled={disabled}
        placeholder="Say something"
        onChange={(event) => {
          setText(event.target.value)
          tellTyping(event.target.value !== '')
        }}
        onBlur={() => tellTyping(false)}
        onKeyDown={onKeyDown}
      />
      <button type="submit" className="primary" disabled={disabled}>
        Send
      </button>
    </form>
  )
}
