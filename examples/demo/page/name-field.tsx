import { type FormEvent, useRef } from 'react'
import { name, rename, useName } from './name.js'

/** The visitor's name; Enter, or leaving the field, takes it. */
export function NameField() {
  const current = useName()
  const field = useRef<HTMLInputElement>(null)
  const take = (event?: FormEvent) => {
    event?.preventDefault()
    const input = field.current
    if (!input) return
    rename(input.value)
    input.value = name.getSnapshot() // an empty one is not taken
  }
  return (
    <form className="name" onSubmit={take}>
      <label htmlFor="name">You are</label>
      <input
        ref={field}
        id="name"
        defaultValue={current}
        maxLength={32}
        autoComplete="nickname"
        spellCheck={false}
        onBlur={() => take()}
      />
    </form>
  )
}
