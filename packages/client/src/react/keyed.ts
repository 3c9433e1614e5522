import { useState } from 'react'

/**
 * One thing for one key: made when the hook mounts, and anew when the key changes - in that very render, so that
 * nothing of the old key is shown. Making it must have no effect: React may throw it away.
 */
export function useKeyed<T>(key: readonly unknown[], create: () => T): T {
  const [held, setHeld] = useState(() => ({ key, value: create() }))
  if (key.every((part, i) => Object.is(part, held.key[i]))) return held.value
  const next = { key, value: create() }
  setHeld(next)
  return next.value
}
