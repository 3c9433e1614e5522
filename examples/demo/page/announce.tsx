import { useSend } from '@parley/client/react'
import { client } from './client.js'

const texts = ['The coffee is ready', 'Ship it', 'Lunch in ten minutes', 'The build is green']

/** Says something in the chosen room as an announcement, which the server then tells everybody. */
export function Announce({ id }: { readonly id: string }) {
  const { send, pending, error } = useSend(client.room({ id }), 'say')
  const announce = () => {
    const text = texts[Math.floor(Math.random() * texts.length)] ?? 'Hello'
    void send({ text, kind: 'announcement' }) // `error` has what goes wrong
  }
  return (
    <>
      {error && <span className="announce-error">{error.code}</span>}
      <button
        type="button"
        aria-disabled={pending}
        title="Say it in this room, and to everybody"
        onClick={announce}
      >
        Announce something
      </button>
    </>
  )
}
