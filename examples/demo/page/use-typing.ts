import { useEvent } from '@parley/client/react'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { RoomHandle } from './message.js'
import { peopleOf } from './present.js'

/** Said again at most this often, and believed for a little longer: the word that it ended may be lost. */
const sayAgainMs = 2_000
const believedMs = 5_000

/** Who is typing in a room, beside oneself. */
export function useTyping(room: RoomHandle): readonly string[] {
  const [names, setNames] = useState<readonly string[]>([])
  const timers = useRef(new Map<string, ReturnType<typeof setTimeout>>())

  useEvent(room, 'typing', ({ name, active }) => {
    const stop = () => {
      timers.current.delete(name)
      setNames((before) => before.filter((one) => one !== name))
    }
    clearTimeout(timers.current.get(name))
    if (!active) return stop()
    timers.current.set(name, setTimeout(stop, believedMs))
    setNames((before) => (before.includes(name) ? before : [...before, name]))
  })
  useEvent(room, 'message', ({ from }) => {
    setNames((before) => before.filter((one) => one !== from))
  })
  useEffect(
    () =>
      room.presence.onChange(({ left }) => {
        const gone = peopleOf(left, []).map(({ name }) => name)
        setNames((before) => before.filter((one) => !gone.includes(one)))
      }),
    [room],
  )
  useEffect(() => room.onGap(() => setNames([])), [room]) // who has said something meanwhile is not known

  useEffect(() => {
    const all = timers.current
    return () => {
      for (const timer of all.values()) clearTimeout(timer)
    }
  }, [])
  return names
}

/** Tells the room that one is typing: call it with every letter, and with `false` when it is over. */
export function useTellTyping(room: RoomHandle): (active: boolean) => void {
  const told = useRef(0)
  return useCallback(
    (active) => {
      const now = Date.now()
      if (active ? now - told.current < sayAgainMs : told.current === 0) return
      told.current = active ? now : 0
      room.send('typing', { active })
    },
    [room],
  )
}
