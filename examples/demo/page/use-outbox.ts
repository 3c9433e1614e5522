import { useSend } from '@parley/client/react'
import type { ParleyError } from '@parley/shared'
import { useCallback, useMemo, useState } from 'react'
import type { Message, RoomHandle, Said } from './message.js'

/** Something that was said here and has not been seen in the room yet. */
export interface Waiting {
  readonly ref: string
  readonly said: Said
  /** It was acknowledged. */
  readonly isSaid?: boolean
  /** Why it failed. */
  readonly error?: { readonly code: string; readonly message: string }
}

export interface Outbox {
  readonly waiting: readonly Waiting[]
  say(said: Said): void
  /** Gives up on one that failed. */
  forget(ref: string): void
}

/** Whoever tries out what a dead link does to a message may take their time. */
const withinMs = 60_000

let count = 0
const page = Math.random().toString(36).slice(2)

/**
 * Sends to a room and keeps each message until the room has it. The mark `ref` comes back in the event, so a row is
 * known again even where no answer came: "it may have been sent" turns into the message itself if it was.
 *
 * @param isLive The messages are up to date: one that was acknowledged and is not among them has been pushed out by newer ones.
 */
export function useOutbox(room: RoomHandle, messages: readonly Message[], isLive: boolean): Outbox {
  const { send } = useSend(room, 'say')
  const [rows, setRows] = useState<readonly Waiting[]>([])

  const waiting = useMemo(() => {
    const seen = new Set(messages.map(({ ref }) => ref))
    return rows.filter(({ ref, isSaid }) => !seen.has(ref) && !(isSaid && isLive))
  }, [rows, messages, isLive])
  if (waiting.length < rows.length) setRows(waiting) // what was seen once waits no more, whatever comes after it

  const say = useCallback(
    (said: Said) => {
      const ref = `${page}-${++count}`
      const row = { ref, said: { ...said, ref } }
      const becomes = (next: Waiting) =>
        setRows((before) => before.map((one) => (one.ref === ref ? next : one)))
      setRows((before) => [...before, row])
      send(row.said, { withinMs }).then(
        () => becomes({ ...row, isSaid: true }),
        ({ code, message }: ParleyError<string>) => becomes({ ...row, error: { code, message } }),
      )
    },
    [send],
  )

  const forget = useCallback((ref: string) => {
    setRows((before) => before.filter((one) => one.ref !== ref))
  }, [])

  return { waiting, say, forget }
}
