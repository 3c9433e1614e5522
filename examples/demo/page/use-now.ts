import { useEffect, useState } from 'react'

const calm = matchMedia('(prefers-reduced-motion: reduce)')

/** The time, again and again: ten times a second, or once where the visitor wants little motion. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), calm.matches ? 1_000 : 100)
    return () => clearInterval(timer)
  }, [])
  return now
}
