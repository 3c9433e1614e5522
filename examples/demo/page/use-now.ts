import { useEffect, useState } from 'react'

/** The time, again and again: ten times a second, or once where the visitor wants little motion. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const calm = matchMedia('(prefers-reduced-motion: reduce)')
    const timer = setInterval(() => setNow(Date.now()), calm.matches ? 1_000 : 100)
    return () => clearInterval(timer)
  }, [])
  return now
}
