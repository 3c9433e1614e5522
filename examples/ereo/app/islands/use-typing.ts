import type { ChannelHandleOf } from '@parley/client'
import { useEvent } from '@parley/client/react'
import { useEffect, useRef, useState } from 'react'
import type { contract } from '../../contract.js'

type Room = ChannelHandleOf<(typeof contract)['tree']['room']>

const believedMs = 3_000

/** Who is typing. A volatile event may be dropped, so each is believed for a while only. */
export function useTyping(room: Room): readonly string[] {
  const [names, setNames] = useState<readonly string[]>([])
  const timers = useRef(new Map<string, ReturnType<typeof setTimeout>>())
  const forget = (name: string): void => {
    clearTimeout(timers.current.get(name))
    timers.current.delete(name)
    setNames((before) => before.filter((one) => one !== name))
  }
  useEvent(room, 'typing', ({ name }) => {
    clearTimeout(timers.current.get(name))
    timers.current.set(
      name,
      setTimeout(() => forget(name), believedMs),
    )
    setNames((before) => (before.includes(name) ? before : [...before, name]))
  })
  useEvent(room, 'message', ({ from }) => forget(from))
  useEffect(() => {
    const all = timers.current
    return () => {
      for (const timer of all.values()) clearTimeout(timer)
    }
  }, [])
  return names
}
